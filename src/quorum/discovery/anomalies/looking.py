"""Tests for anomalies: hours and weekdays, one symbol before another, and what follows a crowd."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from quorum.discovery.anomalies.found import Anomaly
from quorum.domain import DAY, HOUR, Timeframe
from quorum.features.indicators import log_returns, sma
from quorum.lake import Bars

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
FEWEST_BARS, FEWEST = 1_000, 30
CROWD = 3.0
AFTER = (1.0, 3.0)
"""Days after a crowd over which the return is taken."""


def every_test(series: Mapping[str, Bars]) -> tuple[Anomaly, ...]:
    """All tests on bars of one timeframe by symbol; one with fewer than 1,000 bars is left out.

    Seasons are also looked for in the mean of all symbols, which is less noisy than each of them.
    """
    usable = {symbol: bars for symbol, bars in sorted(series.items()) if len(bars) >= FEWEST_BARS}
    found = [test for bars in usable.values() for test in (*seasons((bars,)), *crowds(bars))]
    if len(usable) > 1:
        found += seasons(tuple(usable.values()))
    return (*found, *leads(tuple(usable.values())))


def seasons(group: Sequence[Bars]) -> Iterator[Anomaly]:
    """Whether the returns of an hour (bars of an hour or less, around the clock), of a weekday, differ from the rest.

    A Welch t of the mean return of one such hour or day against that of the others; of several symbols their mean.
    """
    time, returns = _together(group)
    symbols, timeframe = tuple(bars.symbol for bars in group), group[0].timeframe
    length = timeframe.nanoseconds
    hours, clock = time % DAY // HOUR, len(time) > 1 and _round_the_clock(time, length)
    if clock and length <= HOUR:
        hold = HOUR // length
        sums, starts = _summed(returns, hours)
        for hour in range(24):
            yield from _season("hour", symbols, timeframe, (sums, hours[starts] == hour, hold), {"hour": hour})
    if (clock and DAY % length == 0 and length < DAY) or length == DAY:
        days = (time // DAY + 3) % 7
        sums, starts = _summed(returns, time // DAY)
        for day in range(7):
            facts = {"weekday": day, "before": _day_before(days[starts], day)}
            yield from _season("weekday", symbols, timeframe, (sums, days[starts] == day, DAY // length), facts)


def leads(group: Sequence[Bars]) -> Iterator[Anomaly]:
    """Whether the last return of one symbol tells the next one of another, or of itself.

    A least-squares line of the next return on both last returns, so that what a symbol tells of itself is not told of
    its leader, with White's (1980) errors. `effect` is what follows a leader's move of one standard deviation.
    """
    for follower in group:
        for leader in group:
            time, one, other = _matched(leader, follower)
            if len(time) < FEWEST_BARS:
                continue
            own = leader is follower
            columns = [np.ones(len(one) - 1), one[:-1]] + ([] if own else [other[:-1]])
            slope, t = _slope(np.column_stack(columns), other[1:])
            effect = slope * float(one.std())
            symbols = (follower.symbol,) if own else (leader.symbol, follower.symbol)
            facts = {"slope": slope, "move": float(one.std())}
            kind = "echo" if own else "lead"
            yield Anomaly(kind, symbols, follower.timeframe, effect, t, len(one) - 1, 1, facts)


def crowds(bars: Bars) -> Iterator[Anomaly]:
    """Whether prices go on or turn after a bar with three times the mean volume of a week, by the bar's side.

    A Welch t of the returns after such bars, no two of which overlap, against those after all others.
    """
    if bars.volume is None or bars.open is None:
        return
    length = bars.timeframe.nanoseconds
    week = max(20, 7 * DAY // length)
    usual = np.concatenate([[np.nan], sma(bars.volume, int(week))[:-1]])
    crowded = np.greater(bars.volume, CROWD * usual, where=np.isfinite(usual), out=np.zeros(len(bars), dtype=bool))
    logs = np.log(bars.close)
    for days in AFTER:
        hold = max(1, int(days * DAY // length))
        ahead = logs[hold:] - logs[:-hold]
        for side, rose in ((1.0, bars.close > bars.open), (-1.0, bars.close < bars.open)):
            told = _apart(np.flatnonzero((crowded & rose)[: len(ahead)]), hold)
            others = np.arange(0, len(ahead), hold)
            effect, t = _welch(ahead[told], ahead[others])
            if np.isfinite(t):
                facts = {"side": side, "week": float(week), "crowd": CROWD}
                yield Anomaly("crowd", (bars.symbol,), bars.timeframe, effect, t, len(told), hold, facts)


def _season(
    kind: str,
    symbols: tuple[str, ...],
    timeframe: Timeframe,
    told: tuple[Floats, Flags, int],
    facts: Mapping[str, float],
) -> Iterator[Anomaly]:
    sums, mine, hold = told
    effect, t = _welch(sums[mine], sums[~mine])
    if np.isfinite(t):
        yield Anomaly(kind, symbols, timeframe, effect, t, int(mine.sum()), int(hold), facts)


def _welch(one: Floats, other: Floats) -> tuple[float, float]:
    """The difference of two means, and it in its standard errors; NaN for fewer than 30 of one, or without spread."""
    if min(len(one), len(other)) < FEWEST:
        return float("nan"), float("nan")
    error = float(np.sqrt(one.var(ddof=1) / len(one) + other.var(ddof=1) / len(other)))
    difference = float(one.mean() - other.mean())
    return difference, difference / error if error > 0 else float("nan")


def _slope(x: Floats, y: Floats) -> tuple[float, float]:
    """The second coefficient of least squares, and it in its standard errors (White, 1980, HC0)."""
    inverse = np.linalg.pinv(x.T @ x)
    beta = inverse @ (x.T @ y)
    scaled = x * (y - x @ beta)[:, None]
    error = float(np.sqrt((inverse @ (scaled.T @ scaled) @ inverse)[1, 1]))
    return float(beta[1]), float(beta[1]) / error if error > 0 else 0.0


def _together(group: Sequence[Bars]) -> tuple[NDArray[np.int64], Floats]:
    """Opens that all of the group have, and the mean return of each such bar after the first."""
    time = group[0].time
    for bars in group[1:]:
        time = np.intersect1d(time, bars.time, assume_unique=True)
    returns = [log_returns(bars.close)[np.searchsorted(bars.time, time)] for bars in group]
    known = np.isfinite(returns).all(axis=0)
    return time[known], np.mean([r[known] for r in returns], axis=0)


def _matched(leader: Bars, follower: Bars) -> tuple[NDArray[np.int64], Floats, Floats]:
    time = np.intersect1d(leader.time, follower.time, assume_unique=True)
    one, other = (log_returns(b.close)[np.searchsorted(b.time, time)] for b in (leader, follower))
    known = np.isfinite(one) & np.isfinite(other)
    return time[known], one[known], other[known]


def _summed(returns: Floats, groups: NDArray[np.int64]) -> tuple[Floats, NDArray[np.int64]]:
    """The return of each run of bars of one hour or day, and the row where each run begins."""
    starts = np.flatnonzero(np.concatenate([[True], groups[1:] != groups[:-1]]))
    return np.add.reduceat(returns, starts), starts


def _apart(rows: NDArray[np.int64], bars: int) -> NDArray[np.int64]:
    """The rows, those left out that come less than so many bars after the one before them."""
    kept, last = [], -bars
    for row in rows.tolist():
        if row - last >= bars:
            kept.append(row)
            last = row
    return np.array(kept, dtype=np.int64)


def _day_before(days: NDArray[np.int64], day: int) -> int:
    """The weekday that most often comes right before this one: Friday before Monday on an exchange."""
    before = days[:-1][days[1:] == day]
    return int(np.bincount(before).argmax()) if len(before) else (day - 1) % 7


def _round_the_clock(time: NDArray[np.int64], length: int) -> bool:
    return float(np.mean(np.diff(time) == length)) > 0.95 and len(np.unique((time // DAY + 3) % 7)) == 7
