"""carry: short a perpetual while the longs pay much for holding it."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from quorum.domain import DAY, DataError, Row, UsageError, iso
from quorum.features.indicators import column
from quorum.lake import Bars
from quorum.signals.strategy import Number, Parameter, Params, Target, Targets, read_params
from quorum.stats import kernel

LONGEST = 1024
STEP = 2.0**-52
STATE = np.dtype(
    (
        np.record,
        [
            ("window", np.int64),
            ("per_day", np.float64),
            ("entry", np.float64),
            ("exit", np.float64),
            ("both", np.int64),
            ("seen", np.int64),
            ("weight", np.float64),
            ("total", np.int64),
            ("rates", np.int64, (LONGEST,)),
        ],
    )
)


@kernel
def advance(state: np.record, funding: float) -> float:
    """The target after one more bar's funding; `state` is changed in place and belongs to the caller."""
    rates, seen, rate = state.rates, state.seen, np.int64(np.rint(funding / STEP))
    past = rates[(seen - state.window) & (LONGEST - 1)] if seen >= state.window else np.int64(0)
    rates[seen & (LONGEST - 1)] = rate
    total = state.total + rate - past
    state.seen, state.total = seen + 1, total
    if seen + 1 >= state.window:
        paid = total * STEP * state.per_day
        if (state.weight < 0.0 and paid < state.exit) or (state.weight > 0.0 and paid > -state.exit):
            state.weight = 0.0
        if paid > state.entry:
            state.weight = -1.0
        elif state.both == 1 and paid < -state.entry:
            state.weight = 1.0
    return float(state.weight)


@kernel
def fill_targets(state: np.record, funding: NDArray[np.float64], weight: NDArray[np.float64]) -> None:
    """Write the target after each bar's funding into `weight`; both of shape (n,)."""
    for i in range(len(funding)):
        weight[i] = advance(state, funding[i])


class Carry:
    """The funding a day is what was settled in the last `window` bars, divided by the days that they count.

    The target becomes -1 when it is above `entry` and 0 when it falls below `exit`; with `long` = 1 it becomes 1
    below -`entry` and 0 above -`exit`; else it stays. The first decision is at bar index `window` - 1. Longs pay a
    positive rate to shorts, so the strategy is short by nature and never long by default. It holds the perpetual
    alone: the price is not hedged, and what it moves is gained or lost beside the funding. Sums are exact to 2**-52
    and the same wherever the series starts. DataError for bars without funding, or with 1 or more in a bar.
    (G. Koijen, T. Moskowitz, L. H. Pedersen, E. Vrugt, Carry, 2018; the two thresholds are ours.)
    """

    __slots__ = ()
    name = "carry"
    kind = "rule"
    settings: Mapping[str, object] = MappingProxyType({})
    summary = "short a perpetual while its longs pay much funding"
    parameters: tuple[Parameter, ...] = (
        Parameter("window", 72, 1, 1000, "bars over which funding is counted", (24, 72, 168, 336)),
        Parameter(
            "entry", 0.0006, 0.0, 0.1, "funding a day beyond which a position is opened", (0.0004, 0.0006, 0.001)
        ),
        Parameter(
            "exit", 0.0003, 0.0, 0.1, "funding a day below which it is closed; at most entry", (0.0, 0.0002, 0.0003)
        ),
        Parameter("long", 0, 0, 1, "1 to be long too, while the shorts pay"),
    )

    def warmup(self, params: Params) -> int:
        """`window` bars; UsageError when exit > entry."""
        return int(self._read(params)["window"])

    def start(self, bars: Bars, params: Params) -> np.record:
        """The state before the first bar; UsageError when exit > entry, DataError for bars without funding."""
        read = self._read(params)
        if bars.funding is None:
            raise DataError(
                f"{bars.symbol}.{bars.venue} {bars.timeframe} has no funding, which carry lives on",
                "import the rates of that perpetual: `quorum data import FILE --kind funding --venue VENUE`",
            )
        state: np.record = np.zeros(1, STATE)[0]
        state.window, state.both = int(read["window"]), int(read["long"])
        state.per_day = DAY / (state.window * bars.timeframe.nanoseconds)
        state.entry, state.exit = float(read["entry"]), float(read["exit"])
        return state

    def step(self, state: np.record, row: Row) -> tuple[np.record, Target]:
        """`state`, changed in place, and the target after `row`; DataError leaves the state as it was."""
        _refuse_unusable(row)
        return state, Target(advance(state, row.funding))

    def batch(self, bars: Bars, params: Params) -> Targets:
        """The targets of every bar."""
        state, weight = self.start(bars, params), np.empty(len(bars))
        assert bars.funding is not None
        funding = column(bars.funding)
        if not (fine := np.abs(funding) < 1.0).all():
            _refuse_unusable(bars.row(int(fine.argmin())))
        fill_targets(state, funding, weight)
        return Targets(weight)

    def _read(self, params: Params) -> dict[str, Number]:
        read = read_params(self, params)
        if read["exit"] > read["entry"]:
            raise UsageError(
                f"carry: exit = {read['exit']} is more than entry = {read['entry']}", "give an exit of at most entry"
            )
        return read


CARRY = Carry()


def _refuse_unusable(row: Row) -> None:
    if not abs(row.funding) < 1.0:
        raise DataError(
            f"the bar of {iso(row.time)} has funding {row.funding}, carry needs a fraction below 1",
            "import rates as fractions: 0.0001 is a basis point",
        )
