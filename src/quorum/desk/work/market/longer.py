"""Longer bars made of shorter ones, whole ones only."""

from __future__ import annotations

from typing import Any

import numpy as np

from quorum.desk.desk import Desk
from quorum.domain import DAY, DataError, NotFound, Timeframe, UsageError
from quorum.lake import Bars


def longer(bars: Bars, length: Timeframe, as_of: int) -> Bars:
    """Bars of `length` made of `bars`, each of the steps from midnight UTC that had ended at `as_of`.

    A step in which some bars are missing is made of those that are there, one without any is left out. Bars of that
    length stay as they are. UsageError unless `length` is a multiple of the bars' own and divides a day.
    """
    step, own = length.nanoseconds, bars.timeframe.nanoseconds
    if step == own:
        return bars
    if step < own or step % own or DAY % step:
        raise UsageError(f"bars of {bars.timeframe} make none of {length}", "choose a multiple that divides a day")
    begin = bars.time // step * step
    n = int(np.searchsorted(begin, as_of - step, "right"))
    first = np.flatnonzero(np.diff(begin[:n], prepend=np.iinfo(np.int64).min))
    last = np.append(first[1:], n) - 1 if n else first
    made: dict[str, Any] = {"time": begin[first], "close": bars.close[last]}
    if bars.open is not None and bars.high is not None and bars.low is not None:
        made |= {"open": bars.open[first], "high": _each(np.maximum, bars.high[:n], first)}
        made["low"] = _each(np.minimum, bars.low[:n], first)
    for name in ("volume", "funding"):
        column = getattr(bars, name)
        if column is not None:
            made[name] = _each(np.add, column[:n], first)
    return Bars(
        bars.symbol,
        bars.venue,
        length,
        **made,
        price_decimals=bars.price_decimals,
        revision=bars.revision,
        funding_revision=bars.funding_revision,
    )


def days_of(bars: Bars, as_of: int) -> Bars:
    """The UTC days of `bars` that had ended at `as_of`; bars of a day as they are. DataError for longer ones."""
    if bars.timeframe.nanoseconds > DAY:
        raise DataError(f"{bars.symbol} has bars of {bars.timeframe}", "a day's values need bars of a day or shorter")
    return longer(bars, Timeframe(DAY), as_of)


def at_length(desk: Desk, bars: Bars, length: Timeframe, as_of: int) -> tuple[Bars, str]:
    """The same symbol in bars of `length`, and where they are from: the lake's own, else made of `bars`."""
    if length == bars.timeframe:
        return bars, "lake"
    try:
        return desk.lake.bars(bars.symbol, length, bars.venue).as_of(as_of), "lake"
    except NotFound:
        return longer(bars, length, as_of), f"made of {bars.timeframe} bars"


def _each(how: np.ufunc, column: Any, first: Any) -> Any:
    """`how` over the run of rows from each of `first` to the next."""
    return how.reduceat(column, first) if len(first) else np.empty(0)
