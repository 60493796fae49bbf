"""rotation: each month the strongest symbols of many, in equal parts."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from quorum.domain import DAY
from quorum.lake import Panel, PanelRow
from quorum.signals.strategy import Allocations, Parameter, Params, read_params

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
SATURDAY = 5
NONE = -1


class Calendar(NamedTuple):
    """What the bars so far say of the days: whether a weekend had any, and the last month that was decided, or NONE."""

    weekends: bool
    decided: int


class State(NamedTuple):
    """The calendar, the closes of the last `lookback` + 1 rows (a ring, oldest overwritten), and rows seen."""

    calendar: Calendar
    recent: Floats
    seen: int
    length: int
    top: int


class Rotation:
    """On each month's last bar the `top` symbols by their growth over `lookback` bars get 1 / `top` each, the rest 0.

    A bar is its month's last when the bar that is expected next, one timeframe later (on Monday, as long as no bar of
    a weekend was seen), is in another month. A month that ended otherwise, on a holiday, is made up for on the first
    bar of the next. A symbol without both closes is not ranked; equals are ranked in the panel's order; with fewer
    than `top` the rest stays in cash. Long only. (Cross-sectional momentum: Jegadeesh and Titman 1993.)
    """

    __slots__ = ()
    name = "rotation"
    kind = "portfolio"
    settings: Mapping[str, object] = MappingProxyType({})
    symbols = (2, None)
    summary = "each month the strongest symbols of many, in equal parts"
    parameters: tuple[Parameter, ...] = (
        Parameter("lookback", 120, 1, 1000, "bars over which growth is measured", (20, 60, 120, 180, 250)),
        Parameter("top", 3, 1, 1000, "how many symbols are held", (2, 3, 5)),
    )

    def warmup(self, params: Params) -> int:
        """`lookback` + 1 bars."""
        return int(read_params(self, params)["lookback"]) + 1

    def start(self, panel: Panel, params: Params) -> State:
        """Nothing seen yet."""
        read = read_params(self, params)
        length = int(read["lookback"]) + 1
        recent = np.full((length, len(panel.symbols)), np.nan)
        return State(Calendar(False, NONE), recent, 0, panel.timeframe.nanoseconds, int(read["top"]))

    def step(self, state: State, row: PanelRow) -> tuple[State, Floats | None]:
        """The state, its ring changed in place, and the weights (m,) on a month's last bar."""
        size = len(state.recent)
        state.recent[state.seen % size] = row.close
        calendar, due = turned(state.calendar, row.time, state.length)
        seen = state.seen + 1
        if due == NONE or seen < size:
            return state._replace(calendar=calendar, seen=seen), None
        weights = strongest(row.close, state.recent[seen % size], state.top)
        return state._replace(calendar=calendar._replace(decided=due), seen=seen), weights

    def batch(self, panel: Panel, params: Params) -> Allocations:
        """The weights of every month's last bar."""
        read = read_params(self, params)
        lookback, top = int(read["lookback"]), int(read["top"])
        rows = last_bars(panel.time, panel.timeframe.nanoseconds, lookback)
        weights = [strongest(panel.close[i], panel.close[i - lookback], top) for i in rows]
        return Allocations(rows, np.array(weights).reshape(len(rows), len(panel.symbols)))


def month_of(time: int) -> int:
    """Months since January 1970 of an instant in ns UTC."""
    return int(np.datetime64(time, "ns").astype("datetime64[M]").astype(np.int64))


def turned(calendar: Calendar, time: int, length: int) -> tuple[Calendar, int]:
    """The calendar after a bar of `length` ns that opens at `time`, and the month that its close decides, or NONE."""
    calendar = Calendar(calendar.weekends or (time // DAY + 3) % 7 >= SATURDAY, calendar.decided)
    month, following = month_of(time), month_of(_expected(time + length, calendar.weekends))
    if following != month and calendar.decided != month:
        return calendar, month
    return calendar, month - 1 if NONE < calendar.decided < month - 1 else NONE


def _expected(time: int, weekends: bool) -> int:
    day = time // DAY
    weekday = (day + 3) % 7
    return time if weekends or weekday < SATURDAY else (day + 7 - weekday) * DAY


def last_bars(time: Ints, length: int, lookback: int) -> Ints:
    """The bars (k,) on which `turned` decides, from the first on that has `lookback` bars before it."""
    decided, found = NONE, []
    weekend = (time // DAY + 3) % 7 >= SATURDAY
    first = int(weekend.argmax()) if weekend.any() else len(time)
    for i in _candidates(time, length):
        _, due = turned(Calendar(i >= first, decided), int(time[i]), length)
        if due != NONE and i >= lookback:
            decided = due
            found.append(i)
    return np.array(found, dtype=np.int64)


def _candidates(time: Ints, length: int) -> Ints:
    """Bars on which a decision is possible: up to three days before a month ends, and the first of each month."""
    months = time.astype("datetime64[ns]").astype("datetime64[M]").astype(np.int64)
    later = (time + length + 2 * DAY).astype("datetime64[ns]").astype("datetime64[M]").astype(np.int64)
    return np.flatnonzero((later != months) | (np.diff(months, prepend=-1) != 0))


def strongest(close: Floats, before: Floats, top: int) -> Floats:
    """Weights (m,): 1 / `top` for the `top` symbols that grew most from `before` to `close`, both (m,)."""
    growth = close / before - 1.0
    order = np.argsort(-growth, kind="stable")[:top]
    weights = np.zeros(len(close))
    weights[order[np.isfinite(growth[order])]] = 1.0 / top
    return weights


ROTATION = Rotation()
