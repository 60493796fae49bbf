"""mean_reversion: long when the relative strength falls below its lower level, until it is back in the middle."""

from __future__ import annotations

import math
from collections.abc import Mapping
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from quorum.domain import Row, UsageError
from quorum.features.formulas.codes import STRENGTH
from quorum.features.formulas.recursions import SLOTS, recur, settling
from quorum.lake import Bars
from quorum.signals.strategies.usable import refuse_unusable, usable
from quorum.signals.strategy import Number, Parameter, Params, Target, Targets, read_params
from quorum.stats import kernel

STATE = np.dtype(
    (
        np.record,
        [
            ("period", np.int64),
            ("settled", np.int64),
            ("lower", np.float64),
            ("middle", np.float64),
            ("upper", np.float64),
            ("short", np.int64),
            ("index", np.float64, (SLOTS,)),
            ("before", np.float64),
            ("weight", np.float64),
        ],
    )
)


@kernel
def advance(state: np.record, close: float) -> float:
    """The target after one more close; `state` is changed in place and belongs to the caller."""
    before = state.before
    now = recur(STRENGTH, state.index, 0, (close, close, close), (state.period, state.settled))
    state.before = now
    if not math.isnan(before):
        if state.weight * (now - state.middle) >= 0.0:
            state.weight = 0.0
        if state.weight == 0.0:
            if before >= state.lower and now < state.lower:
                state.weight = 1.0
            elif state.short == 1 and before <= state.upper and now > state.upper:
                state.weight = -1.0
    return float(state.weight)


@kernel
def fill_targets(state: np.record, close: NDArray[np.float64], weight: NDArray[np.float64]) -> None:
    """Write the target after each close into `weight`; both of shape (n,)."""
    for i in range(len(close)):
        weight[i] = advance(state, close[i])


class MeanReversion:
    """The target becomes 1 when it is 0 and Wilder's relative strength index falls below `lower` from at or above it,
    and 0 when the index is at or above `middle`; with `short` = 1 it becomes -1 when the index rises above `upper`,
    until it is at or below `middle`. The end of a holding comes first, so one bar may reverse it.

    The index is over `rsi_period` bars, this one included; nothing is decided before its seed weighs less than
    1e-12 (bar index 375 for 14). Long only by default, no stop. DataError for a close that is no number above 0.
    (J. W. Wilder, New Concepts in Technical Trading Systems, 1978: 14 bars, 30 and 70.)
    """

    __slots__ = ()
    name = "mean_reversion"
    kind = "rule"
    settings: Mapping[str, object] = MappingProxyType({})
    summary = "long when the relative strength index falls below 30, until it is back at 50"
    parameters: tuple[Parameter, ...] = (
        Parameter("rsi_period", 14, 2, 100, "bars of the relative strength index", (7, 10, 14, 21, 28)),
        Parameter("lower", 30.0, 1.0, 98.0, "index below which it is long; less than middle", (20, 25, 30, 35)),
        Parameter("middle", 50.0, 2.0, 99.0, "index at which a holding ends", (45, 50, 55)),
        Parameter("upper", 70.0, 2.0, 99.0, "index above which it is short; more than middle"),
        Parameter("short", 0, 0, 1, "1 to sell short too"),
    )

    def warmup(self, params: Params) -> int:
        """Two bars more than the index's settling: the first decision compares two known values."""
        return settling(STRENGTH, int(self._levels(params)["rsi_period"])) + 2

    def start(self, bars: Bars, params: Params) -> np.record:
        """The state before the first bar; UsageError unless lower < middle < upper."""
        read = self._levels(params)
        state: np.record = np.zeros(1, STATE)[0]
        state.period, state.short = int(read["rsi_period"]), int(read["short"])
        state.settled, state.before = settling(STRENGTH, state.period), math.nan
        state.lower, state.middle, state.upper = (float(read[k]) for k in ("lower", "middle", "upper"))
        return state

    def step(self, state: np.record, row: Row) -> tuple[np.record, Target]:
        """`state`, changed in place, and the target after `row`; DataError leaves the state as it was."""
        refuse_unusable(self.name, row, ("close",))
        return state, Target(advance(state, row.close))

    def batch(self, bars: Bars, params: Params) -> Targets:
        """The targets of every bar."""
        state, weight = self.start(bars, params), np.empty(len(bars))
        fill_targets(state, usable(self.name, bars, ("close",))[0], weight)
        return Targets(weight)

    def _levels(self, params: Params) -> dict[str, Number]:
        read = read_params(self, params)
        lower, middle, upper = (read[k] for k in ("lower", "middle", "upper"))
        if not lower < middle < upper:
            raise UsageError(
                f"mean_reversion: lower {lower}, middle {middle}, upper {upper} do not rise",
                "give lower < middle < upper",
            )
        return read


MEAN_REVERSION = MeanReversion()
