"""demo_ma: long while the fast moving average is above the slow one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from quorum.domain import DataError, Row, UsageError, iso
from quorum.features.averages import AVERAGES, LARGEST_PRICE, UNKNOWN, advance_averages, open_averages
from quorum.features.indicators import column
from quorum.lake import Bars
from quorum.signals.strategy import Parameter, Params, Target, Targets, read_params
from quorum.stats import kernel

LARGEST_STEPS = 2.0**40
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


@kernel
def fill_from_sums(sums: NDArray[np.int64], fast: int, slow: int, weight: NDArray[np.float64]) -> None:
    """Write the target after each close into `weight` (n,), from the running sums of whole-step prices (n + 1,).

    What `fill_targets` writes: the comparison is exact as long as a price times both windows stays below 2**62,
    though the sums themselves may wrap around.
    """
    held, before = 0.0, 0
    for i in range(min(slow - 1, len(weight))):
        weight[i] = 0.0
    for i in range(slow - 1, len(weight)):
        fast_sum, slow_sum = sums[i + 1] - sums[i + 1 - fast], sums[i + 1] - sums[i + 1 - slow]
        now = slow * fast_sum - fast * slow_sum
        if i >= slow:
            if before <= 0 < now:
                held = 1.0
            elif before >= 0 > now:
                held = 0.0
        before = now
        weight[i] = held


@kernel
def sum_steps(close: NDArray[np.float64], scale: float, sums: NDArray[np.int64]) -> bool:
    """Write the running sums of the closes in whole steps into `sums` (n + 1,); whether all steps are few enough."""
    total = np.int64(0)
    sums[0] = 0
    for i in range(len(close)):
        steps = np.rint(close[i] * scale)
        if not abs(steps) < LARGEST_STEPS:
            return False
        total += np.int64(steps)
        sums[i + 1] = total
    return True


class DemoMa:
    """The target becomes 1 when the mean of the last `fast` closes is above that of the last `slow` and was not
    one bar before, 0 when it is below and was not; else it stays. A tie is neither above nor below.

    The means are compared exactly, and both bars need both means: the first decision is at bar index `slow`.
    Bars are counted, not hours: a gap is no bar. Long only, no stop; `atr_period` is for the sizing `atr` alone.
    DataError for a close that is no number or not below 2**48.
    """

    __slots__ = ()
    name = "demo_ma"
    kind = "rule"
    settings: Mapping[str, object] = MappingProxyType({})
    summary = "long while the fast moving average is above the slow one"
    parameters: tuple[Parameter, ...] = (
        Parameter("fast", 20, 2, 400, "bars of the fast average; less than slow", (5, 10, 15, 20, 30, 40, 50)),
        Parameter("slow", 100, 3, 1000, "bars of the slow average", (60, 80, 100, 120, 150, 200, 250)),
        Parameter("atr_period", 14, 2, 200, "bars of the average true range that the sizing `atr` uses"),
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
        """The targets of every bar."""
        return self.over(bars)(params)

    def over(self, bars: Bars) -> Callable[[Params], Targets]:
        """`batch` of these bars for many parameters: prices on a grid are summed once for all windows."""
        close = column(bars.close)
        sums = _sums(close, bars.price_decimals)
        if sums is None and not (usable := np.abs(close) < LARGEST_PRICE).all():
            _refuse_unusable(bars.row(int(usable.argmin())))

        def targets(params: Params) -> Targets:
            weight = np.empty(len(bars))
            if sums is None:
                fill_targets(self.start(bars, params), close, weight)
            else:
                fill_from_sums(sums, *self._windows(params), weight)
            return Targets(weight)

        return targets

    def _windows(self, params: Params) -> tuple[int, int]:
        read = read_params(self, params)
        fast, slow = int(read["fast"]), int(read["slow"])
        if fast >= slow:
            raise UsageError(f"demo_ma: fast = {fast} is not less than slow = {slow}", "give a fast below slow")
        return fast, slow


DEMO_MA = DemoMa()


def _sums(close: NDArray[np.float64], price_decimals: int | None) -> NDArray[np.int64] | None:
    """Running sums of the closes in whole steps of their grid; None off any grid, or for prices too large."""
    if price_decimals is None or abs(price_decimals) > 22:
        return None
    sums = np.empty(len(close) + 1, np.int64)
    return sums if sum_steps(close, 10.0**price_decimals, sums) else None


def _refuse_unusable(row: Row) -> None:
    if not abs(row.close) < LARGEST_PRICE:
        raise DataError(
            f"the bar of {iso(row.time)} closes at {row.close}, demo_ma needs a number below {LARGEST_PRICE:.3g}",
            "run `quorum data check` and leave the bar out",
        )
