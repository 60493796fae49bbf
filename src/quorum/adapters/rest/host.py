"""A host and how it is asked."""

from __future__ import annotations

import json
import logging
import ssl
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any
from urllib.parse import urlsplit

import httpx
import stamina
from stamina.instrumentation import LoggingOnRetryHook

from quorum.adapters.keys import Secret
from quorum.adapters.rest.answer import PAUSE, Answer, Busy, Refuse, Silent, asked_to_wait, instant
from quorum.adapters.rest.budget import Budget
from quorum.domain import Clock, ConfigError, DataError, QuorumError

_KEPT = "what came before is in the lake; run it again later"
_LARGEST = 64 * 2**20
_TOO_MANY = (418, 429)
_LOCAL = ("localhost", "127.0.0.1", "::1")
_AGENT = "quorum (market data)"


@dataclass(frozen=True, slots=True)
class Terms:
    """How a host is asked: at `base`, with at most `per_minute` units of weight a minute, `burst` of them at once.

    A whole answer may take `timeout` seconds. A request is tried `tries` times; the first wait is `wait` seconds,
    and each later one twice as long, up to a minute. A host that asks for more than `patience` seconds is left alone.
    """

    base: str
    per_minute: float
    burst: float
    timeout: float = 20.0
    tries: int = 5
    wait: float = 0.5
    patience: float = 120.0


@cache
def _trust() -> ssl.SSLContext:
    """Whom to trust, read once."""
    return httpx.create_ssl_context()


class _Signed(httpx.Auth):
    """Puts keys into the headers of a request when it is sent, and nowhere else."""

    def __init__(self, headers: Mapping[str, Secret]) -> None:
        self._headers = headers

    def auth_flow(self, request: httpx.Request) -> Iterator[httpx.Request]:  # type: ignore[override]
        for name, secret in self._headers.items():
            request.headers[name] = secret.reveal()
        yield request


class Host:
    """A REST host called `name`; `refuse` says what an answer of it means beyond HTTP, `signs` are headers with keys.

    `tell` hears a line when a request is to be asked over.
    ConfigError for keys that would travel unencrypted.
    """

    def __init__(
        self,
        name: str,
        terms: Terms,
        clock: Clock,
        refuse: Refuse,
        signs: Mapping[str, Secret] | None = None,
        tell: Callable[[str], None] = lambda line: None,
    ) -> None:
        address = urlsplit(terms.base)
        if signs and address.scheme != "https" and address.hostname not in _LOCAL:
            raise ConfigError(
                f"{name}: keys would travel unencrypted to {address.hostname}", "write https:// in its base"
            )
        if address.username or address.password:
            raise ConfigError(f"{name}: its base names a user, and is not shown", "write it without one")
        self.name = name
        self.terms = terms
        self.clock = clock
        self.refuse = refuse
        self.signs = signs or {}
        self.tell = tell
        self.budget = Budget(terms.per_minute, terms.burst)
        logging.getLogger("stamina").addHandler(logging.NullHandler())
        stamina.instrumentation.set_on_retry_hooks([LoggingOnRetryHook])  # structlog's would write into our answers

    @contextmanager
    def session(self) -> Iterator[Session]:
        """Open connections to the host, closed at the end."""
        terms = self.terms
        with httpx.Client(
            base_url=terms.base,
            timeout=terms.timeout,
            verify=_trust(),
            auth=_Signed(self.signs) if self.signs else None,
            headers={"user-agent": _AGENT, "accept": "application/json"},
        ) as client:
            yield Session(self, client)

    def hide(self, content: bytes) -> bytes:
        """`content` without the keys, which a host may repeat."""
        for secret in self.signs.values():
            content = secret.hidden_in(content)
        return content


class Session:
    """Requests to one host."""

    def __init__(self, host: Host, client: httpx.Client) -> None:
        self._host = host
        self._client = client
        self.place = urlsplit(host.terms.base).netloc

    def get(self, path: str, params: Mapping[str, str | int], weight: float = 1.0) -> Answer:
        """The answer to a GET, asked again while the host is busy or answers brokenly.

        DataError when it stays so; else what the host's `refuse` makes of it.
        """
        terms = self._host.terms
        fault: QuorumError
        try:
            for attempt in stamina.retry_context(
                on=self._again,
                attempts=terms.tries,
                timeout=None,
                wait_initial=terms.wait,
                wait_jitter=terms.wait,
                wait_max=60.0,
            ):
                with attempt:
                    return self._once(path, params, weight)
            raise DataError(f"{self.place}{path} was never asked", "let it be tried once at least")
        except Busy as busy:
            fault = DataError(f"{busy.found}, {self._tries(busy)}", busy.remedy or _KEPT)
        raise fault  # outside, so that no request hangs on it

    def send(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Answer:
        """The answer to a request that changes something: sent at once, and once only.

        Whatever the host answers is an Answer, its body None where that is no JSON. Silent when nothing came: whether
        the request arrived is unknown.
        """
        answer, problem = self._ask(method, path, {}, body)
        if answer is None:
            raise Silent(f"{self.place}{path} {problem}")
        return answer

    def _tries(self, busy: Busy) -> str:
        tries = self._host.terms.tries
        if self._waits_too_long(busy):
            return f"and asks to be left alone for {busy.wait:,.0f} s"
        return f"{tries} times" if tries > 1 else "once"

    def _waits_too_long(self, busy: Busy) -> bool:
        return busy.wait is not None and busy.wait > self._host.terms.patience

    def _again(self, error: Exception) -> bool | float:
        if not isinstance(error, Busy) or self._waits_too_long(error):
            return False
        self._host.tell(f"{error.found}; asking again" + (f" in {error.wait:,.0f} s" if error.wait else ""))
        return True if error.wait is None else error.wait

    def _once(self, path: str, params: Mapping[str, str | int], weight: float) -> Answer:
        self._host.budget.take(weight)
        answer, problem = self._ask("GET", path, params)
        if answer is None:
            raise Busy(f"{self.place}{path} {problem}")
        wait = asked_to_wait(answer.headers, self._host.clock.now())
        if answer.status in _TOO_MANY:
            raise Busy(
                f"{self.place}{path} says that we ask too often ({answer.status})", wait=PAUSE if wait is None else wait
            )
        if answer.status >= 500 or answer.status == 408:
            raise Busy(f"{self.place}{path} answered {answer.status}", wait=wait)
        if answer.status == 200 and problem:
            raise Busy(f"{self.place}{path} {problem}")
        refusal = self._host.refuse(answer)
        if refusal is not None:
            raise refusal
        return answer

    def _ask(
        self, method: str, path: str, params: Mapping[str, str | int], body: Mapping[str, Any] | None = None
    ) -> tuple[Answer | None, str]:
        """The answer, and what is wrong with it or with the way to it."""
        deadline = time.monotonic() + self._host.terms.timeout
        try:
            with self._client.stream(method, path, params=dict(params) or None, json=body) as response:
                content = self._host.hide(_whole(response, deadline))
                status, headers = response.status_code, dict(response.headers)
        except httpx.TimeoutException:
            return None, f"did not answer within {self._host.terms.timeout:g} s"
        except httpx.ConnectError:
            return None, "cannot be reached"
        except httpx.HTTPError as error:
            return None, f"broke off ({type(error).__name__})"
        said, problem = _read(content, headers.get("content-type", ""))
        return Answer(f"{self.place}{path}", status, headers, said, instant(headers.get("date"))), problem


def _whole(response: httpx.Response, deadline: float) -> bytes:
    """The body, should it come before `deadline` and be of a reasonable size."""
    parts, size = [], 0
    for part in response.iter_bytes():
        parts.append(part)
        size += len(part)
        if time.monotonic() > deadline:
            raise httpx.ReadTimeout("drips")
        if size > _LARGEST:
            raise httpx.DecodingError("endless")
    return b"".join(parts)


def _read(content: bytes, kind: str) -> tuple[Any, str]:
    """The JSON in a body, and what is wrong when there is none."""
    try:
        return json.loads(content), ""
    except (ValueError, RecursionError):
        html = "html" in kind or content.lstrip()[:1] == b"<"
        return None, f"answered with {'HTML' if html else f'{len(content)} bytes that are no whole JSON'}"
