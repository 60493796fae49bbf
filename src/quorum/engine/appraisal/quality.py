"""The bars that a backtest used: what is odd about them, and what the backtest made of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from quorum.domain import iso
from quorum.engine.terms import Terms
from quorum.lake import Bars, Panel
from quorum.lake.calendars import detect_calendar, find_gaps
from quorum.lake.doubts import stale_runs, suspected_splits, unfunded_runs
from quorum.lake.quality import off_grid, outliers, runs

Ints = NDArray[np.intp]
LISTED_PLACES = 5


class Oddity(StrEnum):
    """What can be odd about bars that are possible."""

    GAPS = "missing bars"
    ABSENT = "bars that some symbols lack"
    OUTLIERS = "outliers"
    SPLITS = "suspected splits"
    STALE = "stale prices"
    NO_VOLUME = "bars without volume"
    OFF_GRID = "bars off the grid"
    UNFUNDED = "bars without known funding"


class Place(NamedTuple):
    """Where an oddity is: instant in ns UTC, symbol, what was seen."""

    time: int
    symbol: str
    seen: str


@dataclass(frozen=True, slots=True)
class Remark:
    """One oddity: how many bars it touches, the first places, what its rule is, and what the backtest did about it."""

    oddity: Oddity
    bars: int
    places: tuple[Place, ...]
    rule: str
    treatment: str


@dataclass(frozen=True, slots=True)
class Quality:
    """What is odd about the bars of a backtest; no remarks mean that nothing was found."""

    bars: int
    calendar: str
    remarks: tuple[Remark, ...]

    @property
    def clean(self) -> bool:
        return not self.remarks

    def count(self, oddity: Oddity) -> int:
        """How many bars the oddity touches."""
        return sum(remark.bars for remark in self.remarks if remark.oddity == oddity)

    def plain(self) -> dict[str, Any]:
        """The same as dicts and lists of numbers and words, for JSON."""
        remarks = [
            {
                "oddity": remark.oddity.name.lower(),
                "bars": remark.bars,
                "rule": remark.rule,
                "treatment": remark.treatment,
                "places": [{"time": iso(p.time), "symbol": p.symbol, "seen": p.seen} for p in remark.places],
            }
            for remark in self.remarks
        ]
        return {"bars": self.bars, "calendar": self.calendar, "clean": self.clean, "remarks": remarks}


class _Seen(NamedTuple):
    oddity: Oddity
    bars: int
    place: Place


RULES = {
    Oddity.GAPS: "a bar that the calendar expects between two that are there",
    Oddity.ABSENT: "no bar at an instant at which another symbol has one, between the symbol's own first and last",
    Oddity.OUTLIERS: "a close that moved beyond 20 robust standard deviations and 20 % from the one before",
    Oddity.SPLITS: "a jump of a usual split ratio from a close to the next open, after which prices stayed",
    Oddity.STALE: "5 bars or more in a row with the same prices",
    Oddity.NO_VOLUME: "a bar in which nothing was traded",
    Oddity.OFF_GRID: "an open that is no whole number of bars after midnight UTC",
    Oddity.UNFUNDED: "more than two days without a settled rate in the bars of a perpetual",
}


def data_quality(bars: Bars | Panel, terms: Terms) -> Quality:
    """Look through the bars of a backtest on `terms`; nothing is taken out of them.

    Missing bars are judged against the calendar that the bars themselves keep, see `quorum.lake.CALENDARS`.
    """
    calendar = detect_calendar(bars.time, bars.timeframe)
    seen = sorted([*_of_times(bars, calendar), *_of_symbols(bars)], key=lambda s: (s.place.time, s.place.symbol))
    return Quality(len(bars), calendar, tuple(_remark(o, mine, terms) for o in Oddity if (mine := _only(seen, o))))


def _only(seen: list[_Seen], oddity: Oddity) -> list[_Seen]:
    return [one for one in seen if one.oddity == oddity]


def _remark(oddity: Oddity, seen: list[_Seen], terms: Terms) -> Remark:
    places = tuple(one.place for one in seen[:LISTED_PLACES])
    return Remark(oddity, sum(one.bars for one in seen), places, RULES[oddity], treatment(oddity, terms))


def treatment(oddity: Oddity, terms: Terms) -> str:
    """What a backtest on `terms` does about an oddity, in words."""
    unfilled = (
        "nothing is filled in it, the order waits" if terms.model.capped else "an order is filled in it all the same"
    )
    return {
        Oddity.GAPS: "Bars are counted, not hours: windows reach over the hole, and an order is filled at the next bar "
        "there is; a stop that the hole jumped over is filled at that bar's open.",
        Oddity.ABSENT: "The symbol's order waits for its next bar, and what is held is valued at its last close.",
        Oddity.OUTLIERS: "Traded as it stands: the jump is profit or loss of what was held.",
        Oddity.SPLITS: "Traded as it stands: nothing is adjusted, so that a holder loses or gains the ratio. Import "
        "adjusted prices.",
        Oddity.STALE: "Traded as it stands: fills at prices that may have been nobody's, and no risk while they stood.",
        Oddity.NO_VOLUME: f"The bar counts as any other, and {unfilled}.",
        Oddity.OFF_GRID: "The bar counts at its own time, as any other.",
        Oddity.UNFUNDED: "Funding counts as 0: what was held there paid and received nothing.",
    }[oddity]


def _of_times(bars: Bars | Panel, calendar: str) -> Iterator[_Seen]:
    for gap in find_gaps(bars.time, bars.timeframe, calendar):
        seen = f"{_some(gap.missing)} missing until {iso(gap.end)}"
        yield _Seen(Oddity.GAPS, gap.missing, Place(gap.start, bars.symbol, seen))
    for run in runs(bars.time, off_grid(bars.time, bars.timeframe)):
        yield _Seen(Oddity.OFF_GRID, run.bars, Place(run.start, bars.symbol, f"{_some(run.bars)} off the grid"))


def _of_symbols(bars: Bars | Panel) -> Iterator[_Seen]:
    if isinstance(bars, Bars):
        yield from _of_one(bars)
        return
    for j, symbol in enumerate(bars.symbols):
        there = np.flatnonzero(~np.isnan(bars.close[:, j]))
        if len(there):
            yield from _absent(bars, there, symbol)
            yield from _of_one(_column(bars, there, j))


def _absent(panel: Panel, there: Ints, symbol: str) -> Iterator[_Seen]:
    for k in np.flatnonzero(np.diff(there) > 1):
        missing = int(there[k + 1] - there[k]) - 1
        place = Place(int(panel.time[there[k] + 1]), symbol, f"{_some(missing)} absent")
        yield _Seen(Oddity.ABSENT, missing, place)


def _of_one(bars: Bars) -> Iterator[_Seen]:
    for outlier in outliers(bars):
        yield _Seen(
            Oddity.OUTLIERS, 1, Place(outlier.time, bars.symbol, f"close moved by {np.expm1(outlier.change):+.1%}")
        )
    for split in suspected_splits(bars):
        seen = (
            f"prices {split.ratio:.4g} times lower" if split.ratio > 1 else f"prices {1 / split.ratio:.4g} times higher"
        )
        yield _Seen(Oddity.SPLITS, 1, Place(split.time, bars.symbol, seen))
    for run in stale_runs(bars):
        yield _Seen(Oddity.STALE, run.bars, Place(run.start, bars.symbol, f"{_some(run.bars)} with the same prices"))
    for run in unfunded_runs(bars):
        yield _Seen(Oddity.UNFUNDED, run.bars, Place(run.start, bars.symbol, f"{_some(run.bars)} without funding"))
    for run in () if bars.volume is None else runs(bars.time, bars.volume == 0):
        yield _Seen(Oddity.NO_VOLUME, run.bars, Place(run.start, bars.symbol, f"{_some(run.bars)} without volume"))


def _column(panel: Panel, there: Ints, j: int) -> Bars:
    """One symbol of the panel, where it has bars; without funding when it has none at all, as a share beside coins."""
    columns = {name: column[there, j] for name, column in panel.columns().items() if name != "time"}
    if not columns.get("funding", np.zeros(0)).any():
        columns.pop("funding", None)
    return Bars(panel.symbols[j], panel.venue, panel.timeframe, panel.time[there], **columns)


def _some(n: int) -> str:
    return f"{n:,} bar" if n == 1 else f"{n:,} bars"
