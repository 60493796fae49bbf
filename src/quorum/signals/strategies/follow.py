"""follow: the second of two symbols for some bars after a move of the first."""

from __future__ import annotations

import math
from collections.abc import Mapping
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from quorum.domain import DataError, iso
from quorum.lake import Panel, PanelRow
from quorum.signals.strategy import Allocations, Parameter, Params, read_params
from quorum.stats import kernel

Floats = NDArray[np.float64]
STATE = np.dtype(
    (
        np.record,
        [
            ("move", np.float64),
            ("hold", np.int64),
            ("turn", np.int64),
            ("short", np.int64),
            ("last", np.float64),
            ("side", np.int64),
            ("left", np.int64),
        ],
    )
)


@kernel
def advance(state: np.record, leader: float) -> bool:
    """Whether the side changes after one more close of the leader; `state` is changed in place."""
    before, last = state.side, state.last
    state.last = leader
    if state.left > 0:
        state.left -= 1
        if state.left == 0:
            state.side = 0
    change = leader / last - 1.0 if last > 0.0 else 0.0
    if abs(change) > state.move:
        side = 1 if change > 0.0 else -1
        if state.turn == 1:
            side = -side
        if side < 0 and state.short == 0:
            side = 0
        state.side, state.left = side, state.hold
    return bool(state.side != before)


@kernel
def allocate(state: np.record, close: Floats, rows: NDArray[np.int64], weights: Floats) -> int:
    """Write the bars (n,) on which the weights change, and those weights (n, 2); how many there are."""
    count = 0
    for i in range(len(close)):
        if not (math.isnan(close[i, 0]) or math.isnan(close[i, 1])) and advance(state, close[i, 0]):
            rows[count] = i
            weights[count, 0], weights[count, 1] = 0.0, float(state.side)
            count += 1
    return count


class Follow:
    """When the first symbol, the leader, closes more than `move` from its close before, the second is held for
    `hold` bars to the same side, with `turn` = 1 to the other one; a further move begins them anew, one to a side that
    is not taken ends them. Shorts are taken with `short` = 1. The leader is never traded. Bars that one symbol lacks
    are not counted. (One market before another: A. Lo and A. C. MacKinlay 1990.)
    """

    __slots__ = ()
    name = "follow"
    kind = "portfolio"
    settings: Mapping[str, object] = MappingProxyType({})
    symbols = (2, 2)
    summary = "the second of two symbols for some bars after a move of the first"
    parameters: tuple[Parameter, ...] = (
        Parameter("move", 0.01, 0.0, 0.5, "fraction that the leader has to move in a bar", (0.005, 0.01, 0.02)),
        Parameter("hold", 1, 1, 1000, "bars that the second is held", (1, 2, 4)),
        Parameter("turn", 0, 0, 1, "1 to go against the leader's move"),
        Parameter("short", 0, 0, 1, "1 to hold the second short too"),
    )

    def warmup(self, params: Params) -> int:
        """Two bars; UsageError for parameters that do not fit."""
        read_params(self, params)
        return 2

    def start(self, panel: Panel, params: Params) -> np.record:
        """Nothing seen yet; errors as of `warmup`."""
        read = read_params(self, params)
        state: np.record = np.zeros(1, STATE)[0]
        state.move, state.hold = float(read["move"]), int(read["hold"])
        state.turn, state.short = int(read["turn"]), int(read["short"])
        return state

    def step(self, state: np.record, row: PanelRow) -> tuple[np.record, Floats | None]:
        """The state, changed in place, and the weights (2,) when they change; DataError leaves it as it was."""
        _refuse_unusable(row)
        first, second = float(row.close[0]), float(row.close[1])
        if math.isnan(first) or math.isnan(second) or not advance(state, first):
            return state, None
        return state, np.array([0.0, float(state.side)])

    def batch(self, panel: Panel, params: Params) -> Allocations:
        """The weights of every bar on which they change."""
        if len(bad := np.flatnonzero(((panel.close <= 0.0) | np.isinf(panel.close)).any(axis=1))):
            _refuse_unusable(panel.row(int(bad[0])))
        rows, weights = np.empty(len(panel), np.int64), np.empty((len(panel), 2))
        count = allocate(self.start(panel, params), panel.close, rows, weights)
        return Allocations(rows[:count].copy(), weights[:count].copy())


FOLLOW = Follow()


def _refuse_unusable(row: PanelRow) -> None:
    for price in row.close.tolist():
        if price <= 0.0 or price == math.inf:
            raise DataError(
                f"the bar of {iso(row.time)} closes at {price}, follow needs a price above 0",
                "run `quorum data check` and leave the bar out",
            )
