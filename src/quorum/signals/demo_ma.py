"""demo_ma: long while the fast moving average is above the slow one."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from quorum.domain import DataError, Row, UsageError, iso
from quorum.features.averages import AVERAGES, LARGEST_PRICE, UNKNOWN, advance_averages, open_averages
from quorum.features.indicators import column
from quorum.lake import Bars
from quorum.signals.strategy import Parameter, Params, Target, Targets, read_params
from quorum.stats import kernel

STATE = np.dtype((np.record, [("averages", AVERAGES), ("order", np.int64), ("weight", np.float64)]))


@kernel
def advance(state: np.record, close: float) -> float:
    """The target after one more close; `state` is changed in place and belongs to the caller."""
    before = state.order
    now = advance_averages(state.averages, close)
    state.order = now
    if before != UNKNOWN:
        if before <= 0 and now > 0:
            state.weight = 1.0
        elif before >= 0 and now < 0:
            state.weight = 0.0
    return float(state.weight)


@kernel
def fill_targets(state: np.record, close: NDArray[np.float64], weight: NDArray[np.float64]) -> None:
    """Write the target after each close into `weight`; both of shape (n,)."""
    for i in range(len(close)):
        weight[i] = advance(state, close[i])


class DemoMa:
    """The target becomes 1 when the mean of the last `fast` closes is above that of the last `slow` and was not
    one bar before, 0 when it is below and was not; else it stays. A tie is neither above nor below.

    The means are compared exactly, and both bars need both means: the first decision is at bar index `slow`.
    Bars are counted, not hours: a gap is no bar. Long only, no stop; `atr_period` is for volatility sizing alone.
    DataError for a close that is no number or not below 2**48.
    """

    __slots__ = ()
    name = "demo_ma"
    kind = "rule"
    settings: Mapping[str, object] = MappingProxyType({})
    summary = "long while the fast moving average is above the slow one"
    parameters: tuple[Parameter, ...] = (
        Parameter("fast", 20, 2, 400, "bars of the fast average; less than slow"),
        Parameter("slow", 100, 3, 1000, "bars of the slow average"),
        Parameter("atr_period", 14, 2, 200, "bars of the average true range that volatility sizing uses"),
    )

    def warmup(self, params: Params) -> int:
        """`slow` + 1 bars; UsageError when fast >= slow."""
        return self._windows(params)[1] + 1

    def start(self, bars: Bars, params: Params) -> np.record:
        """The state before the first bar; of `bars` only the price grid is read. UsageError when fast >= slow."""
        fast, slow = self._windows(params)
        state: np.record = np.zeros(1, STATE)[0]
        open_averages(state.averages, fast, slow, bars.price_decimals)
        state.order = UNKNOWN
        return state

    def step(self, state: np.record, row: Row) -> tuple[np.record, Target]:
        """`state`, changed in place, and the target after `row`; DataError leaves the state as it was."""
        _refuse_unusable(row)
        return state, Target(advance(state, row.close))

    def batch(self, bars: Bars, params: Params) -> Targets:
        """The targets of every bar; the three columns of exits are one array of NaN."""
        state = self.start(bars, params)
        close = column(bars.close)
        usable = np.abs(close) < LARGEST_PRICE
        if not usable.all():
            _refuse_unusable(bars.row(int(usable.argmin())))
        weight, none = np.empty(len(bars)), np.full(len(bars), np.nan)
        fill_targets(state, close, weight)
        return Targets(weight, none, none, none)

    def _windows(self, params: Params) -> tuple[int, int]:
        read = read_params(self, params)
        fast, slow = int(read["fast"]), int(read["slow"])
        if fast >= slow:
            raise UsageError(f"demo_ma: fast = {fast} is not less than slow = {slow}", "give a fast below slow")
        return fast, slow


DEMO_MA = DemoMa()


def _refuse_unusable(row: Row) -> None:
    if not abs(row.close) < LARGEST_PRICE:
        raise DataError(
            f"the bar of {iso(row.time)} closes at {row.close}, demo_ma needs a number below {LARGEST_PRICE:.3g}",
            "run `quorum data check` and leave the bar out",
        )
