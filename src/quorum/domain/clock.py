"""Time: int64 nanoseconds since 1970 in UTC, told by an injected clock and by nothing else."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

from quorum.domain.errors import UsageError

SECOND = 1_000_000_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR
_UNITS = {"s": SECOND, "m": MINUTE, "h": HOUR, "d": DAY, "w": 7 * DAY}
_LARGEST = 2**63 - 1
_BELOW_MICROSECONDS = re.compile(r"[.,]\d{6}(\d{1,3})")


class Clock(Protocol):
    """Tells the time; never goes backwards within a process."""

    def now(self) -> int:
        """Nanoseconds since 1970 in UTC."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> int:
        return time.time_ns()


class VirtualClock:
    """A clock that stands still until it is moved; for replays, paper on past data and tests."""

    def __init__(self, start: int) -> None:
        self._now = start

    def now(self) -> int:
        return self._now

    def advance_to(self, instant: int) -> None:
        """Move to `instant`; UsageError when that lies in the past."""
        if instant < self._now:
            raise UsageError(f"a clock cannot go back from {iso(self._now)} to {iso(instant)}")
        self._now = instant


@dataclass(frozen=True, slots=True, order=True)
class Timeframe:
    """The length of a bar, as `1m`, `15m`, `1h`, `4h`, `1d`; `nanoseconds` is its length."""

    nanoseconds: int

    def __post_init__(self) -> None:
        if not 0 < self.nanoseconds <= _LARGEST:
            raise UsageError(f"a bar cannot be {self.nanoseconds} ns long", "take one of 1 s or more")

    @classmethod
    def parse(cls, text: str) -> Timeframe:
        """The timeframe that `text` names; UsageError when it is none."""
        count, unit = text[:-1], text[-1:] if text[-1:] == "M" else text[-1:].lower()
        digits = count.isascii() and count.isdigit() and len(count) < 10
        if unit not in _UNITS or not digits or int(count) == 0:
            raise UsageError(f"{text!r} is no timeframe", "write a count and a unit, as 1m, 15m, 1h, 4h or 1d")
        return cls(int(count) * _UNITS[unit])

    def __str__(self) -> str:
        for unit in ("d", "h", "m", "s"):
            count, rest = divmod(self.nanoseconds, _UNITS[unit])
            if count and not rest:
                return f"{count}{unit}"
        return f"{self.nanoseconds}ns"


def iso(instant: int) -> str:
    """`instant` as 2024-06-03T00:00:00Z, with a fraction only where it has one."""
    seconds, rest = divmod(instant, SECOND)
    text = datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")
    return f"{text}.{rest:09d}".rstrip("0") + "Z" if rest else text + "Z"


def parse_instant(text: str) -> int:
    """Nanoseconds of an ISO date or time, to the last of nine decimals; one without an offset is UTC.

    UsageError when it is neither, or before 1678 or after 2261, which int64 nanoseconds do not hold.
    """
    remedy = "write it as 2024-06-03T00:00:00Z or 2024-06-03"
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise UsageError(f"{text!r} is no date or time", remedy) from None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    delta = moment - datetime(1970, 1, 1, tzinfo=UTC)
    finer = _BELOW_MICROSECONDS.search(text)
    rest = int(finer[1].ljust(3, "0")) if finer else 0
    instant = (delta.days * 86_400 + delta.seconds) * SECOND + delta.microseconds * 1_000 + rest
    if not 1678 <= moment.year <= 2261:
        raise UsageError(f"{text!r} is before 1678 or after 2261", remedy)
    return instant


def utc_day(instant: int) -> str:
    """The UTC day of `instant` as 20240603."""
    return datetime.fromtimestamp(instant // SECOND, UTC).strftime("%Y%m%d")
