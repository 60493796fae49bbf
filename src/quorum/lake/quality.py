"""What is wrong with rows of bars: impossible ones are set aside with a reason, strange ones are flagged."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from quorum.domain import DAY, Timeframe
from quorum.lake.bars import Bars, Floats, Instants
from quorum.lake.calendars import Gap, find_gaps

Mask = NDArray[np.bool_]
Codes = NDArray[np.uint8]

OUTLIER_SIGMAS = 20.0
OUTLIER_RETURN = 0.20
STALE_TAIL = 5
MAD_TO_SIGMA = 1.4826


class Fault(StrEnum):
    """Why a row cannot be a bar."""

    NO_TIME = "time unreadable"
    TWICE = "local time happens twice"
    NEVER = "local time does not exist"
    NO_PRICE = "price missing or no number"
    INFINITE = "price infinite"
    NOT_POSITIVE = "price not positive"
    NO_VOLUME = "volume missing or no number"
    NEGATIVE_VOLUME = "volume negative"
    HIGH = "high below open, low or close"
    LOW = "low above open, high or close"
    NO_RATE = "rate missing or no number"
    NO_FRACTION = "rate not within -1..1"
    CONFLICT = "same time as an earlier row, other values"


FAULTS = tuple(Fault)


def code(fault: Fault) -> int:
    """`fault` as a number for arrays; 0 stands for a sound row."""
    return FAULTS.index(fault) + 1


def row_faults(columns: Mapping[str, Floats]) -> Codes:
    """The first fault of each row, as codes of shape (n,), 0 where it is sound.

    `columns` has close, and may have open, high and low (together) and volume, each of shape (n,).
    """
    prices: Floats = np.stack([columns[n] for n in ("open", "high", "low", "close") if n in columns])
    checks: list[tuple[Fault, Mask]] = [
        (Fault.NO_PRICE, np.logical_or.reduce(np.isnan(prices))),
        (Fault.INFINITE, np.logical_or.reduce(np.isinf(prices))),
        (Fault.NOT_POSITIVE, np.logical_or.reduce(prices <= 0)),
    ]
    if "high" in columns:
        checks.append((Fault.HIGH, columns["high"] < prices.max(axis=0)))
        checks.append((Fault.LOW, columns["low"] > prices.min(axis=0)))
    if "volume" in columns:
        checks.append((Fault.NO_VOLUME, ~np.isfinite(columns["volume"])))
        checks.append((Fault.NEGATIVE_VOLUME, columns["volume"] < 0))
    faults = np.zeros(prices.shape[1], dtype=np.uint8)
    for fault, found in reversed(checks):
        faults[found] = code(fault)
    return faults


class Ordered(NamedTuple):
    """Rows by time: `kept` are indices of one row an instant, oldest first; `conflicts` those of later rows for a
    known time with other values; `duplicates` and `out_of_order` are counts.
    """

    kept: NDArray[np.intp]
    conflicts: NDArray[np.intp]
    duplicates: int
    out_of_order: int


def put_in_order(time: Instants, columns: Mapping[str, Floats]) -> Ordered:
    """Sort rows by time; of rows with one time the first stays, equal ones after it are duplicates."""
    early = int((time[1:] < np.maximum.accumulate(time)[:-1]).sum())
    if not early and bool((time[1:] > time[:-1]).all()):
        return Ordered(np.arange(len(time)), np.empty(0, dtype=np.intp), 0, 0)
    order = np.argsort(time, kind="stable")
    starts = np.concatenate([[True], np.diff(time[order]) > 0])
    first = order[np.maximum.accumulate(np.where(starts, np.arange(len(order)), 0))]
    same = np.logical_and.reduce([column[order] == column[first] for column in columns.values()])
    conflicts = np.sort(order[~starts & ~same])
    return Ordered(order[starts], conflicts, int((~starts & same).sum()), early)


def find_decimals(columns: Mapping[str, Floats]) -> int | None:
    """The smallest d in 0..10 such that every price is a multiple of 10**-d, as float64 holds it; else None."""
    decimals = 0
    for name in ("close", "open", "high", "low"):
        column = columns.get(name)
        while column is not None and not _on_decimals(column, decimals):
            decimals += 1
            if decimals > 10:
                return None
    return decimals


def _on_decimals(prices: Floats, decimals: int) -> bool:
    head = prices[:64]  # most grids fail at once
    return _multiples(head, decimals) and _multiples(prices, decimals)


def _multiples(prices: Floats, decimals: int) -> bool:
    scale = 10.0**decimals
    ticks = np.rint(prices * scale)
    return bool((ticks / scale == prices).all()) and float(np.abs(ticks).max(initial=0.0)) < 2.0**53


@dataclass(frozen=True, slots=True)
class Outlier:
    """A bar whose close moved by the log return `change` from the one before, beyond what the rule allows."""

    time: int
    change: float


@dataclass(frozen=True, slots=True)
class Run:
    """`bars` bars in a row, the first and the last of which open at `start` and at `end`."""

    start: int
    end: int
    bars: int


@dataclass(frozen=True, slots=True)
class Findings:
    """What is strange about a series; none of it is taken out.

    `zero_volume` are runs of bars without volume, `stale_tail` the number of last bars with the same prices (0
    when fewer than 5), `off_grid` opens that are not on the timeframe's grid.
    """

    gaps: tuple[Gap, ...]
    outliers: tuple[Outlier, ...]
    zero_volume: tuple[Run, ...]
    stale_tail: int
    off_grid: tuple[int, ...]

    @property
    def missing(self) -> int:
        return sum(gap.missing for gap in self.gaps)

    @property
    def zero_volume_bars(self) -> int:
        return sum(run.bars for run in self.zero_volume)


def inspect(bars: Bars, calendar: str) -> Findings:
    """Gaps against `calendar`, outliers, runs without volume, a stale tail and bars off the grid."""
    return Findings(
        gaps=find_gaps(bars.time, bars.timeframe, calendar),
        outliers=outliers(bars),
        zero_volume=() if bars.volume is None else runs(bars.time, bars.volume == 0),
        stale_tail=_stale_tail(bars),
        off_grid=tuple(int(t) for t in bars.time[off_grid(bars.time, bars.timeframe)]),
    )


def outliers(bars: Bars) -> tuple[Outlier, ...]:
    """Log returns beyond both 20 robust sigmas (1.4826 times the median absolute deviation) and 20 %."""
    if len(bars) < 2:
        return ()
    change = np.diff(np.log(bars.close))
    sigma = MAD_TO_SIGMA * float(np.median(np.abs(change - np.median(change))))
    bound = max(OUTLIER_SIGMAS * sigma, float(np.log1p(OUTLIER_RETURN)))
    return tuple(Outlier(int(bars.time[i + 1]), float(change[i])) for i in np.flatnonzero(np.abs(change) > bound))


def runs(time: Instants, there: Mask) -> tuple[Run, ...]:
    """The runs of bars (n,) at which `there` (n,) holds, oldest first."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], there, [False]]).astype(np.int8)))
    starts, ends = edges[::2], edges[1::2]
    return tuple(Run(int(time[a]), int(time[b - 1]), int(b - a)) for a, b in zip(starts, ends, strict=True))


def _stale_tail(bars: Bars) -> int:
    prices = [c for n, c in bars.columns().items() if n in ("open", "high", "low", "close")]
    moved = np.logical_or.reduce([c[1:] != c[:-1] for c in prices])
    last_move = int(np.flatnonzero(moved)[-1]) + 1 if moved.any() else 0
    still = len(bars) - last_move
    return still if still >= STALE_TAIL else 0


def off_grid(time: Instants, timeframe: Timeframe) -> Mask:
    """Which opens are no whole steps after midnight UTC, or, of bars longer than a day, after the first bar."""
    step = timeframe.nanoseconds
    since = time - time[:1] if step > DAY else time % DAY
    off: Mask = since % step != 0
    return off
