"""trend_breakout: long from a close above the Donchian channel until one below it, with a stop."""

from __future__ import annotations

import math
from collections.abc import Mapping
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from quorum.domain import DataError, Row, iso
from quorum.features.atr import ATR, advance_atr, atr_warmup, open_atr
from quorum.features.extremes import EXTREME, advance_extreme, open_extreme
from quorum.features.indicators import column
from quorum.lake import Bars
from quorum.signals.strategy import Exit, Parameter, Params, Target, Targets, read_params
from quorum.stats import kernel

Floats = NDArray[np.float64]
STATE = np.dtype(
    (
        np.record,
        [
            ("highs", EXTREME),
            ("lows", EXTREME),
            ("atr", ATR),
            ("multiple", np.float64),
            ("upper", np.float64),
            ("lower", np.float64),
            ("weight", np.float64),
            ("stop", np.float64),
        ],
    )
)


@kernel
def advance(state: np.record, high: float, low: float, close: float) -> tuple[float, float]:
    """Target and stop after one more bar; `state` is changed in place and belongs to the caller."""
    upper, lower = state.upper, state.lower
    state.upper = advance_extreme(state.highs, high)
    state.lower = -advance_extreme(state.lows, -low)
    atr = advance_atr(state.atr, high, low, close)
    if not math.isnan(atr):
        if state.weight == 0.0 and close > upper:
            state.weight, state.stop = 1.0, close - state.multiple * atr
        elif state.weight == 1.0 and close < lower:
            state.weight, state.stop = 0.0, np.nan
    return float(state.weight), float(state.stop)


@kernel
def fill_targets(state: np.record, high: Floats, low: Floats, close: Floats, out: tuple[Floats, Floats]) -> None:
    """Write target and stop after each bar into the two arrays of `out`; all of shape (n,)."""
    weight, stop = out
    for i in range(len(close)):
        weight[i], stop[i] = advance(state, high[i], low[i], close[i])


class TrendBreakout:
    """The channel is the highest high and the lowest low of the `donchian_lookback` bars before this one.

    The target becomes 1 when it was 0 and the close is above the channel, with a stop at
    close - `atr_multiple` * ATR that is fixed at that bar and stands beside the target while it is 1; it becomes 0
    when the close is below the channel; else it stays. Long only. The ATR is Wilder's over `atr_period` bars, this
    one included; nothing is decided before its seed weighs less than 1e-12 (bar index 539 for 20) and the channel
    is full. Bars are counted, not hours. DataError for bars without high and low, or with one that is no number.
    (R. Donchian's channel, with the exits of a close on its other side.)
    """

    __slots__ = ()
    name = "trend_breakout"
    kind = "rule"
    settings: Mapping[str, object] = MappingProxyType({})
    summary = "long from a close above the Donchian channel until one below it, with a stop"
    parameters: tuple[Parameter, ...] = (
        Parameter(
            "donchian_lookback", 55, 2, 1000, "bars of the channel, before the current one", (20, 40, 55, 80, 120)
        ),
        Parameter("atr_period", 20, 2, 200, "bars of the average true range"),
        Parameter(
            "atr_multiple",
            2.0,
            0.1,
            20.0,
            "distance of the stop from the close, in average true ranges",
            (1.5, 2.0, 3.0),
        ),
    )

    def warmup(self, params: Params) -> int:
        """One bar more than the longer of the channel and the ATR's warm-up."""
        read = read_params(self, params)
        return max(int(read["donchian_lookback"]), atr_warmup(int(read["atr_period"]))) + 1

    def start(self, bars: Bars, params: Params) -> np.record:
        """The state before the first bar; DataError when `bars` have closes only."""
        if bars.closes_only:
            raise DataError(f"{bars.symbol} has closes only, trend_breakout needs high and low", "load OHLC bars")
        read = read_params(self, params)
        state: np.record = np.zeros(1, STATE)[0]
        for extreme in (state.highs, state.lows):
            open_extreme(extreme, int(read["donchian_lookback"]))
        open_atr(state.atr, int(read["atr_period"]))
        state.multiple = float(read["atr_multiple"])
        state.upper = state.lower = state.stop = math.nan
        return state

    def step(self, state: np.record, row: Row) -> tuple[np.record, Target]:
        """`state`, changed in place, and the target after `row`; DataError leaves the state as it was."""
        _refuse_unusable(row)
        weight, stop = advance(state, row.high, row.low, row.close)
        return state, Target(weight, Exit(stop, math.nan, math.nan))

    def batch(self, bars: Bars, params: Params) -> Targets:
        """The targets of every bar."""
        state = self.start(bars, params)
        high, low, close = (column(c) for c in (bars.high, bars.low, bars.close) if c is not None)
        usable = np.isfinite(high) & np.isfinite(low) & np.isfinite(close)
        if not usable.all():
            _refuse_unusable(bars.row(int(usable.argmin())))
        weight, stop = np.empty(len(bars)), np.empty(len(bars))
        fill_targets(state, high, low, close, (weight, stop))
        return Targets(weight, stop)


TREND_BREAKOUT = TrendBreakout()


def _refuse_unusable(row: Row) -> None:
    if not all(map(math.isfinite, (row.high, row.low, row.close))):
        raise DataError(
            f"the bar of {iso(row.time)} has high {row.high}, low {row.low} and close {row.close}, "
            "trend_breakout needs three numbers",
            "run `quorum data check` and leave the bar out",
        )
