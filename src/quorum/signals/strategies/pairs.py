"""pairs: two cointegrated symbols against each other while they are far apart."""

from __future__ import annotations

import math
from collections.abc import Mapping
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from quorum.domain import DataError, UsageError, iso
from quorum.lake import Panel, PanelRow
from quorum.signals.strategy import Allocations, Parameter, Params, read_params
from quorum.stats import kernel

Floats = NDArray[np.float64]
LONGEST = 1024
# J. G. MacKinnon, Critical Values for Cointegration Tests, 2010, table 2: two variables and a constant.
CRITICAL: Mapping[int, tuple[float, float, float]] = {
    1: (-3.89644, -10.9519, -22.527),
    5: (-3.33613, -6.1101, -6.823),
    10: (-3.04445, -4.2412, -2.720),
}
STATE = np.dtype(
    (
        np.record,
        [
            ("lookback", np.int64),
            ("entry", np.float64),
            ("exit", np.float64),
            ("hold", np.int64),
            ("critical", np.float64),
            ("seen", np.int64),
            ("side", np.int64),
            ("held", np.int64),
            ("armed", np.int64),
            ("weight", np.float64, (2,)),
            ("logs", np.float64, (2, LONGEST)),
            ("rest", np.float64, (LONGEST,)),
        ],
    )
)


@kernel
def hedge(state: np.record) -> float:
    """Write the rests of log first = a + b log second over the window into `rest`, oldest first, and answer b."""
    logs, rest, n, first = state.logs, state.rest, state.lookback, state.seen - state.lookback
    x0, y0 = logs[1, first & (LONGEST - 1)], logs[0, first & (LONGEST - 1)]
    sx = sy = sxx = sxy = 0.0
    for k in range(n):
        i = (first + k) & (LONGEST - 1)
        x, y = logs[1, i] - x0, logs[0, i] - y0
        sx += x
        sy += y
        sxx += x * x
        sxy += x * y
    spread = sxx - sx * sx / n
    b = (sxy - sx * sy / n) / spread if spread > 0.0 else 0.0
    a = (sy - b * sx) / n
    for k in range(n):
        i = (first + k) & (LONGEST - 1)
        rest[k] = logs[0, i] - y0 - a - b * (logs[1, i] - x0)
    return float(b)


@kernel
def unit_root(rest: Floats, n: int) -> float:
    """The t statistic of r in d[k] = r e[k-1] + c d[k-1], e the first `n` of `rest` (augmented Dickey-Fuller, 1 lag).

    No constant, since rests of a regression have the mean 0; 0 when e does not vary enough to tell.
    """
    saa = sab = sbb = say = sby = syy = 0.0
    for k in range(2, n):
        a, b, y = rest[k - 1], rest[k - 1] - rest[k - 2], rest[k] - rest[k - 1]
        saa += a * a
        sab += a * b
        sbb += b * b
        say += a * y
        sby += b * y
        syy += y * y
    det = saa * sbb - sab * sab
    if not det > 1e-12 * saa * sbb:
        return 0.0
    r, c = (say * sbb - sby * sab) / det, (sby * saa - say * sab) / det
    error = syy - r * say - c * sby
    variance = error / (n - 4) * sbb / det
    return float(r / math.sqrt(variance)) if variance > 0.0 else 0.0


@kernel
def deviation(rest: Floats, n: int) -> float:
    """The newest of the first `n` rests in their standard deviations."""
    total = 0.0
    for k in range(n):
        total += rest[k] * rest[k]
    return float(rest[n - 1] / math.sqrt(total / n)) if total > 0.0 else 0.0


@kernel
def advance(state: np.record, first: float, second: float) -> bool:
    """Whether the weights change after one more bar's closes; `state` is changed in place and belongs to the caller."""
    state.logs[0, state.seen & (LONGEST - 1)] = math.log(first)
    state.logs[1, state.seen & (LONGEST - 1)] = math.log(second)
    state.seen += 1
    if state.seen < state.lookback:
        return False
    b = hedge(state)
    z = deviation(state.rest, state.lookback)
    if state.side != 0:
        state.held += 1
        if not (-state.side * z <= state.exit or state.held >= state.hold):
            return False
        state.armed = 1 if abs(z) < state.entry else 0
        state.side = 0
        state.weight[0] = state.weight[1] = 0.0
        return True
    if abs(z) < state.entry:
        state.armed = 1
    elif state.armed == 1 and b > 0.0 and unit_root(state.rest, state.lookback) < state.critical:
        state.side, state.held = (-1 if z > 0.0 else 1), 0
        state.weight[0] = state.side / (1.0 + b)
        state.weight[1] = -state.side * b / (1.0 + b)
        return True
    return False


@kernel
def allocate(state: np.record, close: Floats, rows: NDArray[np.int64], weights: Floats) -> int:
    """Write the bars (n,) on which the weights change, and those weights (n, 2); how many there are."""
    count = 0
    for i in range(len(close)):
        if not (math.isnan(close[i, 0]) or math.isnan(close[i, 1])) and advance(state, close[i, 0], close[i, 1]):
            rows[count] = i
            weights[count, 0], weights[count, 1] = state.weight[0], state.weight[1]
            count += 1
    return count


class Pairs:
    """Two symbols are cointegrated when the rests of log first = a + b log second, least squares over the last
    `lookback` bars, reject a unit root at `level` percent (Engle-Granger: augmented Dickey-Fuller with one lag
    against MacKinnon's critical value), with b above 0. z is the newest rest in standard deviations of the window's.

    Flat, cointegrated and z at or beyond `entry`: short the first and long the second above, the reverse below, with
    1 / (1 + b) and b / (1 + b) of the whole, the hedge as it was then; at b = 1 a half each, neutral in money. It is
    left when z is back within `exit` or beyond on the other side, or after `hold` bars; then z has to come within
    `entry` before the next. The test is made again at each entry, not while the pair is held. Bars that one symbol
    lacks are not counted. Any two symbols of the panel, in its order; the window alone decides, not where it begins.
    (R. Engle and C. Granger 1987; entry and exit by deviation: Gatev, Goetzmann, Rouwenhorst 2006.)
    """

    __slots__ = ()
    name = "pairs"
    kind = "portfolio"
    settings: Mapping[str, object] = MappingProxyType({})
    symbols = (2, 2)
    summary = "two cointegrated symbols against each other while they are far apart"
    parameters: tuple[Parameter, ...] = (
        Parameter("lookback", 250, 20, 1000, "bars of the regression and of its rests", (120, 250, 500)),
        Parameter("entry", 2.0, 0.1, 10.0, "standard deviations at which it is opened", (1.5, 2.0, 2.5)),
        Parameter("exit", 0.5, 0.0, 10.0, "standard deviations at which it is closed; less than entry", (0.0, 0.5)),
        Parameter("hold", 60, 1, 1000, "bars after which it is closed all the same", (20, 60, 120)),
        Parameter("level", 5, 1, 10, "level of the test in percent: 1, 5 or 10", (1, 5, 10)),
    )

    def warmup(self, params: Params) -> int:
        """`lookback` bars; UsageError when exit >= entry, or for another level than 1, 5 or 10."""
        return int(self._state(params).lookback)

    def start(self, panel: Panel, params: Params) -> np.record:
        """Nothing seen yet; errors as of `warmup`."""
        return self._state(params)

    def step(self, state: np.record, row: PanelRow) -> tuple[np.record, Floats | None]:
        """The state, changed in place, and the weights (2,) when they change; DataError leaves it as it was."""
        first, second = float(row.close[0]), float(row.close[1])
        _refuse_unusable(row)
        if math.isnan(first) or math.isnan(second) or not advance(state, first, second):
            return state, None
        return state, state.weight.copy()

    def batch(self, panel: Panel, params: Params) -> Allocations:
        """The weights of every bar on which they change."""
        if len(bad := np.flatnonzero(((panel.close <= 0.0) | np.isinf(panel.close)).any(axis=1))):
            _refuse_unusable(panel.row(int(bad[0])))
        rows, weights = np.empty(len(panel), np.int64), np.empty((len(panel), 2))
        count = allocate(self._state(params), panel.close, rows, weights)
        return Allocations(rows[:count].copy(), weights[:count].copy())

    def _state(self, params: Params) -> np.record:
        read = read_params(self, params)
        level, entry = int(read["level"]), float(read["entry"])
        if level not in CRITICAL:
            raise UsageError(f"pairs: level = {level} has no critical value", "give 1, 5 or 10")
        if not read["exit"] < entry:
            raise UsageError(
                f"pairs: exit = {read['exit']} is not less than entry = {entry}", "give an exit below entry"
            )
        state: np.record = np.zeros(1, STATE)[0]
        state.lookback, state.hold, state.armed = int(read["lookback"]), int(read["hold"]), 1
        state.entry, state.exit = entry, float(read["exit"])
        state.critical = critical(level, int(read["lookback"]))
        return state


PAIRS = Pairs()


def critical(level: int, n: int) -> float:
    """MacKinnon's critical value for a window of `n` bars, whose first difference leaves n - 1 observations."""
    b0, b1, b2 = CRITICAL[level]
    return b0 + b1 / (n - 1) + b2 / (n - 1) ** 2


def _refuse_unusable(row: PanelRow) -> None:
    for price in row.close.tolist():
        if price <= 0.0 or price == math.inf:
            raise DataError(
                f"the bar of {iso(row.time)} closes at {price}, pairs needs a price above 0",
                "run `quorum data check` and leave the bar out",
            )
