"""Channels to people, over apprise: chat, e-mail, SMS, and whatever else it speaks."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import cache
from threading import Lock, Thread
from typing import Any
from urllib.parse import quote

from quorum.adapters.keys import Keys
from quorum.adapters.notify.redaction import secret_parts, without
from quorum.desk.notices import LOG, Address, Message
from quorum.domain import ConfigError, NotFound, Notifier, QuorumError, Severity

HERE = ("localhost", "127.0.0.1", "::1", "[::1]")
NAMED = "config/notifications.yaml"
_CAUSES = ("Socket Exception", "Response Details")
LONGEST = 500
_KINDS = {Severity.INFO: "info", Severity.YELLOW: "warning", Severity.RED: "failure", Severity.BLACK: "failure"}


class NotDelivered(QuorumError):
    """A channel did not take a message."""


class AppriseChannels:
    """Channels by name, the log first. Each address is read when it is used, and no text shows what is secret in it.

    Certificates are always checked, redirects are not followed, and nothing but the configured address is asked.
    """

    def __init__(self, addresses: Mapping[str, Address], keys: Keys, log: Notifier, timeout_seconds: float) -> None:
        self._addresses = addresses
        self._keys = keys
        self._log = log
        self._timeout = timeout_seconds
        self._running: dict[str, Thread] = {}
        self._lock = Lock()

    def names(self) -> Sequence[str]:
        return (LOG, *self._addresses)

    def check(self, channel: str) -> None:
        if channel != LOG:
            self._service(channel)

    def send(self, channel: str, message: Message) -> None:
        if channel == LOG:
            self._write(message)
            return
        service, secrets = self._service(channel)
        answer = self._within_time(channel, _Call(service, message))
        if answer is not None:
            said = without(answer, secrets)[:LONGEST].rstrip(".")
            raise NotDelivered(f"channel {channel}: {said}", f"`quorum notices test {channel}` tries it")

    def _write(self, message: Message) -> None:
        for document in message.documents:
            self._log.notify(message.severity, str(document["summary"]), document)

    def _within_time(self, channel: str, call: _Call) -> str | None:
        """What went wrong, None when nothing did. A call that never ends holds this channel, and no other one."""
        with self._lock:
            before = self._running.get(channel)
            if before is not None and before.is_alive():
                return "an earlier message is still on its way"
            thread = Thread(target=call.run, name=f"channel {channel}", daemon=True)
            self._running[channel] = thread
            thread.start()
        thread.join(self._timeout)
        return f"no answer within {self._timeout:g} s" if thread.is_alive() else call.wrong

    def _service(self, channel: str) -> tuple[Any, Collection[str]]:
        """The service behind a channel, and what of its address no text may show."""
        if channel not in self._addresses:
            raise NotFound(f"there is no channel {channel!r}", f"there are {', '.join(self.names())}: see {NAMED}")
        address = self._addresses[channel]
        url, secrets = self._resolve(channel, address)
        with self._lock:
            library, asset = _library()
        service = library.instantiate(url, asset=asset)
        if service is None:
            raise ConfigError(
                f"channel {channel}: its address is none that can be used (not shown: it may hold a key)",
                f"write it as https://appriseit.com/services/ says, in {NAMED} or where `url_from` points",
            )
        _refuse_open(channel, address, service)
        service.socket_connect_timeout = service.socket_read_timeout = 0.9 * self._timeout  # it says more than we can
        return service, secrets

    def _resolve(self, channel: str, address: Address) -> tuple[str, Collection[str]]:
        if address.url_from:
            url = self._key(channel, address.url_from)
        else:
            values = {name: self._key(channel, address.secrets[name]) for name in address.placeholders}
            url = address.filled({name: quote(value, safe="") for name, value in values.items()})
        return url, secret_parts(url)

    def _key(self, channel: str, reference: str) -> str:
        found = self._keys.find(reference)
        if found is None:
            raise ConfigError(f"channel {channel}: there is no key at {reference}", f"put it there, or mend {NAMED}")
        return found.reveal()


class _Call:
    """One message on its way to one service; `wrong` says what went wrong."""

    def __init__(self, service: Any, message: Message) -> None:
        self._service = service
        self._message = message
        self.wrong: str | None = "it ended without an answer"

    def run(self) -> None:
        from apprise import Apprise, NotifyFormat

        sender = Apprise(asset=self._service.asset)
        sender.add(self._service)
        text, kind = self._message, _KINDS[self._message.severity]
        try:
            result = sender.notify(text.body, text.title, kind, body_format=NotifyFormat.TEXT, log_level=logging.DEBUG)
            self.wrong = None if result else _reason(result.logs())
        except Exception as error:  # noqa: BLE001 - a service is third-party code
            self.wrong = f"{type(error).__name__}: {error}"


def _reason(entries: Iterable[Any]) -> str:
    """What a service's log says of its failure."""
    told = [e.message for e in entries if e.level in ("WARNING", "ERROR") or e.message.startswith(_CAUSES)]
    return " ".join(told) or "it refused"


@cache
def _library() -> tuple[Any, Any]:
    """Its services, loaded, and what they have in common. It says nothing of its own to any log."""
    logger = logging.getLogger("apprise")
    logger.setLevel(logging.DEBUG)  # for what went wrong; it names addresses, so it goes nowhere else
    logger.propagate = False
    logger.addHandler(logging.NullHandler())
    logging.getLogger("urllib3").setLevel(logging.WARNING)
    from apprise import Apprise, AppriseAsset

    asset = AppriseAsset(
        app_id="Quorum",
        app_desc="Quorum",
        app_url="",
        storage_mode="memory",
        http_redirects=False,
        interpret_emojis=False,
        pgp_autogen=False,
        pem_autogen=False,
        service_timeout=0.0,
        allow_templates=False,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # its plug-ins import what Python 3.13 has dropped
        Apprise.instantiate("json://localhost", asset=asset)
    return Apprise, asset


def _refuse_open(channel: str, address: Address, service: Any) -> None:
    """ConfigError for an address without a check of certificates, or without encryption beyond this machine."""
    if not service.verify_certificate:
        raise ConfigError(
            f"channel {channel}: verify=no leaves the certificate unchecked", "take it out of the address"
        )
    secure = service.secure_protocol or ()
    secure = (secure,) if isinstance(secure, str) else secure
    host = getattr(service, "smtp_host", None) or service.host
    if service.secure or service.schema in secure or not host or host in HERE or address.allow_plain:
        return
    raise ConfigError(
        f"channel {channel}: {service.schema}:// is not encrypted",
        f"write {_first(secure) or 'another'}://, or `allow_plain: true` for a network of your own",
    )


def _first(names: Sequence[str]) -> str:
    return names[0] if names else ""
