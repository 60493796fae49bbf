"""volatility: a breakout by true ranges, held at the size that aims at a volatility."""

from __future__ import annotations

import math
from collections.abc import Mapping
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from quorum.domain import DAY, Row
from quorum.features.atr import ATR, advance_atr, atr_warmup, open_atr
from quorum.features.formulas.windows import sample_deviation
from quorum.lake import Bars
from quorum.signals.strategies.usable import refuse_closes_only, refuse_unusable, usable
from quorum.signals.strategy import Parameter, Params, Target, Targets, read_params
from quorum.stats import kernel

Floats = NDArray[np.float64]
LONGEST = 512
SIZES = 20
FIELDS = ("high", "low", "close")
STATE = np.dtype(
    (
        np.record,
        [
            ("atr", ATR),
            ("multiple", np.float64),
            ("target", np.float64),
            ("band", np.float64),
            ("short", np.int64),
            ("window", np.int64),
            ("seen", np.int64),
            ("close", np.float64),
            ("range", np.float64),
            ("side", np.float64),
            ("weight", np.float64),
            ("returns", np.float64, (2 * LONGEST,)),
        ],
    )
)


@kernel
def advance(state: np.record, high: float, low: float, close: float) -> float:
    """The target after one more bar; `state` is changed in place and belongs to the caller."""
    seen, window, before = state.seen, state.window, state.close
    slot = seen % window
    if seen > 0:
        state.returns[slot] = state.returns[slot + window] = math.log(close / before)
    reach = state.multiple * state.range
    state.seen, state.close = seen + 1, close
    state.range = advance_atr(state.atr, high, low, close)
    if seen < window or math.isnan(reach):
        return 0.0
    if close > before + reach:
        state.side = 1.0
    elif close < before - reach:
        state.side = -1.0 if state.short == 1 else 0.0
    deviation = sample_deviation(state.returns, slot + 1, slot + 1 + window)
    wanted = state.side * min(1.0, state.target / deviation if deviation > 0.0 else 1.0)
    if state.side * state.weight <= 0.0 or abs(wanted - state.weight) > state.band:
        state.weight = np.sign(wanted) * max(np.floor(abs(wanted) * SIZES), 1.0) / SIZES
    return float(state.weight)


@kernel
def fill_targets(state: np.record, high: Floats, low: Floats, close: Floats, weight: Floats) -> None:
    """Write the target after each bar into `weight`; all of shape (n,)."""
    for i in range(len(close)):
        weight[i] = advance(state, high[i], low[i], close[i])


class Volatility:
    """A breakout is a close further than `atr_multiple` average true ranges, as of the bar before, from that bar's
    close. One upwards makes it long, one downwards flat (with `short` = 1: short); in between it holds.

    What it holds is min(1, `target_vol` / realised volatility), in steps of 1/20 rounded down, never below 1/20.
    The volatility is the sample deviation of the last `vol_window` log returns, this bar's included, scaled to 24
    hours by the root of time (for bars of a day or more: per bar). The size is renewed when it is off by more than
    `band`, so that it does not trade on every bar. Nothing is decided before the average range's seed weighs less
    than 1e-12 (bar index 374 for 14) and the volatility is known. Long only by default, no stop. DataError for
    bars without high and low, or a price that is no number above 0. (The breakout is L. Williams's, Long-Term
    Secrets to Short-Term Trading, 1999; sizes by volatility: A. Moreira, T. Muir, 2017.)
    """

    __slots__ = ()
    name = "volatility"
    kind = "rule"
    settings: Mapping[str, object] = MappingProxyType({})
    summary = "long from a breakout by true ranges until one downwards, sized for a volatility"
    parameters: tuple[Parameter, ...] = (
        Parameter("atr_period", 14, 2, 200, "bars of the average true range", (7, 14, 28)),
        Parameter("atr_multiple", 1.5, 0.1, 10.0, "breakout in average true ranges", (1.0, 1.5, 2.0, 2.5)),
        Parameter("vol_window", 30, 2, LONGEST, "bars of the realised volatility", (20, 30, 60)),
        Parameter("target_vol", 0.02, 0.001, 1.0, "volatility aimed at, a fraction a day", (0.01, 0.02, 0.03)),
        Parameter("band", 0.1, 0.05, 1.0, "difference of sizes from which the size is renewed"),
        Parameter("short", 0, 0, 1, "1 to sell short too"),
    )

    def warmup(self, params: Params) -> int:
        """The longer of the volatility's window and the average range's warm-up one bar ago, and this bar."""
        read = read_params(self, params)
        return max(int(read["vol_window"]), atr_warmup(int(read["atr_period"])) + 1) + 1

    def start(self, bars: Bars, params: Params) -> np.record:
        """The state before the first bar, of whose timeframe the daily scale comes; DataError for closes only."""
        refuse_closes_only(self.name, bars, FIELDS)
        read = read_params(self, params)
        state: np.record = np.zeros(1, STATE)[0]
        open_atr(state.atr, int(read["atr_period"]))
        bars_a_day = max(DAY / bars.timeframe.nanoseconds, 1.0)
        state.target = float(read["target_vol"]) / math.sqrt(bars_a_day)
        state.multiple, state.band = float(read["atr_multiple"]), float(read["band"])
        state.window, state.short = int(read["vol_window"]), int(read["short"])
        state.range = math.nan
        return state

    def step(self, state: np.record, row: Row) -> tuple[np.record, Target]:
        """`state`, changed in place, and the target after `row`; DataError leaves the state as it was."""
        refuse_unusable(self.name, row, FIELDS)
        return state, Target(advance(state, row.high, row.low, row.close))

    def batch(self, bars: Bars, params: Params) -> Targets:
        """The targets of every bar."""
        state, weight = self.start(bars, params), np.empty(len(bars))
        high, low, close = usable(self.name, bars, FIELDS)
        fill_targets(state, high, low, close, weight)
        return Targets(weight)


VOLATILITY = Volatility()
