"""What a host answered, and what of it means: ask again."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any

from quorum.domain import SECOND, DataError, QuorumError

_LONGEST = 200
PAUSE = 10.0  # seconds for a host that we ask too often and that does not say how long to wait


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer whose body is JSON, or None where it was not; `place` is host and path, `now` its clock in ns UTC."""

    place: str
    status: int
    headers: Mapping[str, str]
    body: Any
    now: int | None = None


class Busy(DataError):
    """The host did not answer this time: ask again, after `wait` seconds when it says how many."""

    def __init__(self, found: str, remedy: str = "", wait: float | None = None) -> None:
        super().__init__(found, remedy)
        self.wait = wait


class Silent(DataError):
    """No answer came to a request that changes something: whether it arrived is unknown."""


Refuse = Callable[[Answer], QuorumError | None]


def instant(date: str | None) -> int | None:
    """An HTTP date as ns UTC; None when it is none."""
    try:
        return int(parsedate_to_datetime(date or "").timestamp()) * SECOND
    except (ValueError, TypeError, OverflowError):
        return None


def asked_to_wait(headers: Mapping[str, str], now: int) -> float | None:
    """Seconds that the host wants to be left alone: Retry-After, in either of its forms, or X-RateLimit-Reset."""
    after = headers.get("retry-after", "").strip()
    reset = headers.get("x-ratelimit-reset", "").strip()
    if after.isdigit():
        return float(after)
    until = int(reset) * SECOND if not after and reset.isdigit() and len(reset) < 12 else instant(after)
    return None if until is None else max(0.0, (until - now) / SECOND)


def refused(answer: Answer) -> QuorumError | None:
    """What every host means by a status that is no success; None for a success."""
    if 200 <= answer.status < 300:
        return None
    said = words(answer)
    if answer.status in (301, 302, 303, 307, 308):
        return DataError(
            f"{answer.place} sends us elsewhere ({answer.status})", "write the host's right address into sources.yaml"
        )
    if answer.status in (401, 403, 451):
        return DataError(f"{answer.place} refuses ({answer.status}{said})", "ask another host, see config/sources.yaml")
    return DataError(f"{answer.place} does not take the request ({answer.status}{said})", "check symbol and timeframe")


def no_bars(answer: Answer) -> DataError:
    """The error for an answer of another shape."""
    return DataError(f"{answer.place} answered with something else than bars", "check its host in config/sources.yaml")


def words(answer: Answer) -> str:
    """What the host said about it, as `, "Invalid symbol."`, or nothing."""
    body = answer.body if isinstance(answer.body, dict) else {}
    said = next((body[name] for name in ("msg", "message", "error") if isinstance(body.get(name), str)), "")
    shown = " ".join("".join(c if c.isprintable() else " " for c in said).split())[:_LONGEST]
    return f', "{shown}"' if shown else ""
