"""Daily returns, and the days that several have in common."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import reduce
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from quorum.domain import UsageError

Days = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class History:
    """Daily simple returns, fractions (n,), of UTC days or sessions `day` (n,), rising, as days since 1970.

    UsageError for days that do not rise, a return that is not finite, or one below -1.
    """

    day: Days
    returns: Floats

    @classmethod
    def of(cls, rows: Mapping[int, float] | Iterable[tuple[int, float]]) -> History:
        """The history of pairs (day, return) in any order."""
        pairs = sorted(dict(rows).items())
        return cls(np.array([d for d, _ in pairs], dtype=np.int64), np.array([r for _, r in pairs], dtype=np.float64))

    def __post_init__(self) -> None:
        rising = bool(np.all(np.diff(self.day) > 0))
        if len(self.day) != len(self.returns) or not rising:
            raise UsageError(f"{len(self.day)} days and {len(self.returns)} returns that do not rise day by day")
        if not bool(np.all(np.isfinite(self.returns))) or bool(np.any(self.returns < -1.0)):
            raise UsageError("a daily return that is no number, or below -1", "see the prices that it comes from")


class Inconclusive(NamedTuple):
    """Too few days to say anything: what of, how many there are, how many it takes."""

    what: str
    found: int
    needed: int


class Together(NamedTuple):
    """Returns (days, names) on the days that all names have."""

    names: tuple[str, ...]
    day: Days
    returns: Floats


def joined(backtest: History, live: History) -> History:
    """The history of a backtest with the live one in its place on the days that it has, and after."""
    past: dict[int, Any] = dict(zip(backtest.day.tolist(), backtest.returns.tolist(), strict=True))
    return History.of(past | dict(zip(live.day.tolist(), live.returns.tolist(), strict=True)))


def together(histories: Mapping[str, History], names: Iterable[str], needed: int) -> Together | Inconclusive:
    """The common days of `names`, sorted; Inconclusive names the one without a history, or with the fewest days.

    Of a market that is always open and one that has sessions only the sessions' days are left, each with its own
    one-day return.
    """
    wanted = tuple(sorted(names))
    missing = next((name for name in wanted if name not in histories), None)
    if missing is not None:
        return Inconclusive(missing, 0, needed)
    if not wanted:
        return Together((), np.empty(0, dtype=np.int64), np.empty((0, 0)))
    day = reduce(np.intersect1d, [histories[name].day for name in wanted])
    if len(day) < needed:
        fewest = min(wanted, key=lambda name: len(histories[name].day))
        return Inconclusive(fewest, len(day), needed)
    columns = [histories[name].returns[np.searchsorted(histories[name].day, day)] for name in wanted]
    return Together(wanted, day, np.column_stack(columns))
