"""What an examination says: what was found, where, and what that makes of the strategy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from quorum.domain import iso, plain
from quorum.signals import Params


class Check(StrEnum):
    """What is looked at."""

    SMOKE = "smoke"
    DETERMINISM = "determinism"
    TRUNCATION = "truncation"
    SCRAMBLE = "scramble"
    REPAINT = "repaint"
    STREAM = "stream"
    WARMUP = "warm-up"
    CALENDAR = "calendar"
    BACKTEST = "backtest"
    DELAY = "delay"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing found: by which check, in which market, and, where it has a place, the column and its first row.

    `row` counts bars from 0, `time` is that bar's open in ns UTC.
    """

    check: Check
    market: str
    detail: str
    column: str | None = None
    row: int | None = None
    time: int | None = None

    def told(self) -> dict[str, Any]:
        """The plain form, its time in ISO 8601."""
        time = None if self.time is None else iso(self.time)
        head = {"check": self.check.value, "column": self.column, "row": self.row, "time": time}
        return {**head, "market": self.market, "detail": self.detail}

    def __str__(self) -> str:
        where = f"{self.column} at row {self.row}" if self.column is not None and self.row is not None else self.column
        when = f" ({iso(self.time)})" if self.time is not None else ""
        place = f"{where}{when}, " if where else ""
        return f"{self.check}: {place}{self.market}: {self.detail}"


@dataclass(frozen=True, slots=True)
class Clean:
    """Nothing speaks against it."""


@dataclass(frozen=True, slots=True)
class Leaks:
    """It answers by what it cannot know yet; `leaks` has the surest first, `flaws` what else is wrong with it."""

    leaks: tuple[Finding, ...]
    flaws: tuple[Finding, ...] = ()

    @property
    def first(self) -> Finding:
        return self.leaks[0]


@dataclass(frozen=True, slots=True)
class Unfit:
    """It cannot be trusted to run, or could not be examined."""

    flaws: tuple[Finding, ...]

    @property
    def first(self) -> Finding:
        return self.flaws[0]


Verdict = Clean | Leaks | Unfit


@dataclass(frozen=True, slots=True)
class Examination:
    """What was done to a strategy and what came of it.

    `suspicions` are no verdict: a person should look at them. `runs` counts the comparisons of each check, `skipped`
    names what was left out and why.
    """

    strategy: str
    parameters: Params
    markets: tuple[str, ...]
    verdict: Verdict
    suspicions: tuple[Finding, ...]
    runs: Mapping[str, int]
    skipped: tuple[str, ...] = ()

    @property
    def clean(self) -> bool:
        return isinstance(self.verdict, Clean)

    def told(self) -> dict[str, Any]:
        """The plain form: what the command prints as JSON."""
        found = self.verdict
        leaks = found.leaks if isinstance(found, Leaks) else ()
        flaws = () if isinstance(found, Clean) else found.flaws
        return {
            "strategy": self.strategy,
            "parameters": plain(dict(self.parameters)),
            "verdict": type(found).__name__.lower(),
            "leaks": [f.told() for f in leaks],
            "flaws": [f.told() for f in flaws],
            "suspicions": [f.told() for f in self.suspicions],
            "markets": list(self.markets),
            "runs": dict(self.runs),
            "skipped": list(self.skipped),
        }
