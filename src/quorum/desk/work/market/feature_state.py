"""The features that the desk looks at: declared as formulas, told as their newest values on each timeframe."""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import lru_cache
from typing import Any, NamedTuple

from quorum.desk.desk import Desk
from quorum.desk.work.asked import bars_of, instant_of, told
from quorum.desk.work.assignment import Assignment
from quorum.desk.work.market.longer import at_length
from quorum.domain import DAY, HOUR, DataError, Timeframe, content_hash, iso
from quorum.domain.grammar import parse
from quorum.features.formulas import Columns, Planner, bars_needed
from quorum.lake import Bars

LONGER = (Timeframe(HOUR), Timeframe(4 * HOUR), Timeframe(DAY))


class Feature(NamedTuple):
    """One feature of a bar: a formula of the grammar, its unit, and what it means."""

    name: str
    formula: str
    unit: str
    meaning: str


FEATURES = (
    Feature("return_1", "roc(close, 1)", "fraction", "return of the bar"),
    Feature("return_20", "roc(close, 20)", "fraction", "return of 20 bars"),
    Feature("volatility_20", "volatility(close, 20)", "fraction a bar", "deviation of 20 log returns"),
    Feature("volatility_100", "volatility(close, 100)", "fraction a bar", "deviation of 100 log returns"),
    Feature("atr_14", "atr(14) / close", "fraction of the price", "average true range of 14 bars"),
    Feature("rsi_14", "rsi(close, 14)", "0 to 100", "relative strength of 14 bars"),
    Feature("trend_20", "close / sma(close, 20) - 1", "fraction", "distance from the mean of 20 closes"),
    Feature("trend_100", "close / sma(close, 100) - 1", "fraction", "distance from the mean of 100 closes"),
    Feature("macd", "macd(close, 12, 26) / close", "fraction of the price", "fast less slow exponential mean"),
    Feature("slope_50", "slope(log(close), 50)", "log return a bar", "line through the logarithm of 50 closes"),
    Feature("zscore_50", "zscore(close, 50)", "deviations", "distance from the mean of 50 closes"),
    Feature(
        "range_55",
        "(close - lowest(low, 55)) / (highest(high, 55) - lowest(low, 55))",
        "0 to 1",
        "place of the close in the range of 55 bars",
    ),
    Feature("vwap_20", "close / vwap(20) - 1", "fraction", "distance from the price that 20 bars paid"),
    Feature("volume_20", "volume / mean_volume(20)", "multiple", "volume against the mean of 20 bars"),
    Feature("hour", "hour", "0 to 23", "hour of the bar's open in UTC"),
    Feature("weekday", "weekday", "0 to 6", "weekday of the bar's open in UTC, 0 is Monday"),
)
SET_HASH = content_hash([feature._asdict() for feature in FEATURES])
NEEDS = {feature.name: bars_needed(parse(feature.formula)) for feature in FEATURES}
WINDOW = 512  # bars that the newest values are computed from: what lies before them weighs less than 1e-12
FEW = 101  # bars that the features of finite windows need; of more they would be the same


def combined_features(desk: Desk, assignment: Assignment) -> dict[str, Any]:
    """The newest values of the declared features, on the snapshot's timeframe and on 1h, 4h and 1d where longer.

    A value that needs more bars, or a column that the series lacks, is null and says why in `unknown`. `rows` counts
    the bars that the values are computed from, 512 at most; `closed_at` is the close of the newest.
    """
    bars, as_of = bars_of(desk, assignment), instant_of(assignment)
    at = {str(length): _state(seen, where) for length, seen, where in _lengths(desk, bars, as_of)}
    return {
        "snapshot": told(bars, as_of),
        "feature_set": SET_HASH,
        "features": [feature._asdict() for feature in FEATURES],
        "timeframes": at,
    }


def _lengths(desk: Desk, bars: Bars, as_of: int) -> Iterator[tuple[Timeframe, Bars, str]]:
    yield bars.timeframe, bars, "lake"
    for length in LONGER:
        if length > bars.timeframe and length.nanoseconds % bars.timeframe.nanoseconds == 0:
            needed = WINDOW * length.nanoseconds // bars.timeframe.nanoseconds
            yield length, *at_length(desk, bars.slice(max(0, len(bars) - needed), len(bars)), length, as_of)


def _state(bars: Bars, where: str) -> dict[str, Any]:
    newest = bars.slice(max(0, len(bars) - WINDOW), len(bars))
    found = dict(zip(FEATURES, _newest(newest), strict=True))
    values = {f.name: v if isinstance(v, float) and math.isfinite(v) else None for f, v in found.items()}
    closed = None if not len(bars) else iso(int(bars.time[-1]) + bars.timeframe.nanoseconds)
    unknown = {f.name: _why(f, v, len(newest)) for f, v in found.items() if values[f.name] is None}
    return {"bars": where, "rows": len(newest), "closed_at": closed, "values": values, "unknown": unknown}


def _newest(bars: Bars) -> list[float | str]:
    """The newest value of each feature, or why it cannot be had; what needs few bars is computed from few."""
    near = bars.slice(max(0, len(bars) - FEW), len(bars))
    few, many = iter(_values(near, True)), iter(_values(bars, False))
    return [next(few if NEEDS[feature.name] <= FEW else many) for feature in FEATURES]


def _values(bars: Bars, few: bool) -> list[float | str]:
    """The newest values of the features that need `few` bars, or of the others; all at once where they can be had."""
    planner, roots = _plan(bars.price_decimals, few)
    if not len(bars):
        return [math.nan] * len(roots)
    columns = Columns(bars, planner)
    try:
        return [float(column[-1]) for column in columns.of(roots)]
    except DataError:
        return [_alone(columns, root) for root in roots]


@lru_cache(maxsize=16)
def _plan(decimals: int | None, few: bool) -> tuple[Planner, tuple[int, ...]]:
    """Their formulas planned together for prices on that grid; the plan is not added to afterwards."""
    planner = Planner(decimals)
    return planner, tuple(planner.add(parse(f.formula), {}) for f in FEATURES if (NEEDS[f.name] <= FEW) is few)


def _alone(columns: Columns, root: int) -> float | str:
    try:
        return float(columns.of([root])[0][-1])
    except DataError as error:
        return error.found


def _why(feature: Feature, value: float | str, rows: int) -> str:
    if isinstance(value, str):
        return value
    need = NEEDS[feature.name]
    return f"needs {need} bars, has {rows}" if rows < need else "has no value"
