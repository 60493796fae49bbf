"""A line opened with the keys at their places, once host and keys go together."""

from __future__ import annotations

from collections.abc import Callable

from quorum.adapters.alpaca.trading.line import LIVE, PAPER, Line
from quorum.adapters.keys import Keys, Secret
from quorum.adapters.rest import Session
from quorum.domain import Clock, ConfigError, NeedsApproval

_HOSTS = {"paper": PAPER, "live": LIVE}
Permit = Callable[[], object]


class RealLine(Line):
    """A line over which nothing leaves, not even a question, unless `permit` lets it: it raises where it does not."""

    def __init__(self, base: str, keys: tuple[Secret, Secret], clock: Clock, permit: Permit) -> None:
        super().__init__(base, keys, clock)
        self._permit = permit

    def _open(self) -> Session:
        self._permit()
        return super()._open()


def open_line(
    account: str, host: str, references: tuple[str, str], keys: Keys, clock: Clock, permit: Permit | None = None
) -> Line:
    """The line of `account` to `host`: paper, live, or an address of this machine.

    An account that trades with real money has a `permit`, which is asked before each request; its line says nothing
    else. ConfigError where a key is missing, and for keys that are of the other host: those for real money begin with
    AK, paper keys with PK. NeedsApproval for the live host without a permit.
    """
    secrets = _secrets(account, references, keys)
    key = secrets[0]
    real = host == "live" or host.rstrip("/") == LIVE
    if permit is None and not real and _begins(key, "AK"):
        raise ConfigError(
            f"account {account}: the key at {key.where} is one for real money, and its host is {host}",
            "put a paper key there; it begins with PK",
        )
    if real and _begins(key, "PK"):
        raise ConfigError(
            f"account {account}: the key at {key.where} is a paper key, and its host is live", "set `host: paper`"
        )
    base = _HOSTS.get(host, host)
    if permit is not None:
        return RealLine(base, secrets, clock, permit)
    if real:
        raise NeedsApproval(
            f"account {account} trades with real money: that needs two recorded approvals, and there are none",
            "set `live: true`, and ask with `quorum deploy ID --live`",
        )
    return Line(base, secrets, clock)


def _secrets(account: str, references: tuple[str, str], keys: Keys) -> tuple[Secret, Secret]:
    found = [keys.find(reference) for reference in references]
    absent = [place for place, secret in zip(references, found, strict=True) if secret is None]
    if absent:
        raise ConfigError(
            f"account {account}: there is no key at {' nor at '.join(absent)}",
            "put it there, or name another place under `keys:` in config/accounts.yaml",
        )
    key, secret = (each for each in found if each is not None)
    return key, secret


def _begins(secret: Secret, prefix: str) -> bool:
    return secret.reveal().startswith(prefix)
