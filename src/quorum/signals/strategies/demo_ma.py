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
from quorum.signals.strategy import Allocations, Parameter, Params, Target, Targets, read_params
from quorum.stats import kernel

LARGEST_STEPS = 2.0**40
LONG, FLAT = Target(1.0), Target(0.0)
STATE = np.dtype((np.record, [("averages", AVERAGES), ("order", np.int64), ("weight", np.float64)]))


@kernel
def advance(states: NDArray[np.void], close: float) -> float:
    """The target after one more close; `states`, an array of one, is changed in place and belongs to the caller.

    An array, since a call from outside with a record alone takes ten times as long.
    """
    state = states[0]
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
def fill_targets(states: NDArray[np.void], close: NDArray[np.float64], weight: NDArray[np.float64]) -> None:
    """Write the target after each close into `weight`; both of shape (n,)."""
    for i in range(len(close)):
        weight[i] = advance(states, close[i])


@kernel
def turns(sums: NDArray[np.int64], fast: int, slow: int, rows: NDArray[np.int64]) -> int:
    """Write the bars on which the target changes, to 1 first and then to and fro, into `rows`; how many there are.

    From the running sums of whole-step prices (n + 1,); the changes of what `fill_targets` writes. The comparison is
    exact as long as a price times both windows stays below 2**62, though the sums themselves may wrap around.
    """
    held, before, count = False, 0, 0
    for i in range(slow - 1, len(sums) - 1):
        fast_sum, slow_sum = sums[i + 1] - sums[i + 1 - fast], sums[i + 1] - sums[i + 1 - slow]
        now = slow * fast_sum - fast * slow_sum
        if i >= slow and ((not held and before <= 0 < now) or (held and before >= 0 > now)):
            held = not held
            rows[count] = i
            count += 1
        before = now
    return count


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

    def start(self, bars: Bars, params: Params) -> NDArray[np.void]:
        """The state before the first bar; of `bars` only the price grid is read. UsageError when fast >= slow."""
        fast, slow = self._windows(params)
        states = np.zeros(1, STATE)
        open_averages(states[0].averages, fast, slow, bars.price_decimals)
        states[0].order = UNKNOWN
        return states

    def step(self, state: NDArray[np.void], row: Row) -> tuple[NDArray[np.void], Target]:
        """`state`, changed in place, and the target after `row`; DataError leaves the state as it was."""
        close = row.close
        if not -LARGEST_PRICE < close < LARGEST_PRICE:
            _refuse_unusable(row)
        return state, LONG if advance(state, close) else FLAT

    def batch(self, bars: Bars, params: Params) -> Targets:
        """The targets of every bar."""
        answer = self.over(bars)(params)
        if isinstance(answer, Targets):
            return answer
        weight = np.zeros(len(bars))
        for start, end in zip(answer.row[::2], [*answer.row[1::2], len(bars)], strict=False):
            weight[start:end] = 1.0
        return Targets(weight)

    def over(self, bars: Bars) -> Callable[[Params], Targets | Allocations]:
        """`batch` of these bars for many parameters: prices on a grid are summed once for all windows."""
        close = column(bars.close)
        sums = _sums(close, bars.price_decimals)
        if sums is None and not (usable := np.abs(close) < LARGEST_PRICE).all():
            _refuse_unusable(bars.row(int(usable.argmin())))

        def answer(params: Params) -> Targets | Allocations:
            if sums is None:
                weight = np.empty(len(bars))
                fill_targets(self.start(bars, params), close, weight)
                return Targets(weight)
            rows = np.empty(len(bars), np.int64)
            rows = rows[: turns(sums, *self._windows(params), rows)].copy()
            weight = np.ones((len(rows), 1))
            weight[1::2] = 0.0
            return Allocations(rows, weight)

        return answer

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
