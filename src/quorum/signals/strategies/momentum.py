"""momentum: long while the past return of the symbol itself is positive."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from quorum.domain import Row, UsageError
from quorum.lake import Bars
from quorum.signals.strategies.usable import refuse_unusable, usable
from quorum.signals.strategy import Number, Parameter, Params, Target, Targets, read_params
from quorum.stats import kernel

LONGEST = 1024
STATE = np.dtype(
    (
        np.record,
        [
            ("lookback", np.int64),
            ("skip", np.int64),
            ("threshold", np.float64),
            ("short", np.int64),
            ("seen", np.int64),
            ("weight", np.float64),
            ("closes", np.float64, (LONGEST,)),
        ],
    )
)


@kernel
def advance(state: np.record, close: float) -> float:
    """The target after one more close; `state` is changed in place and belongs to the caller."""
    closes, seen = state.closes, state.seen
    closes[seen & (LONGEST - 1)] = close
    state.seen = seen + 1
    if seen >= state.lookback:
        late, early = closes[(seen - state.skip) & (LONGEST - 1)], closes[(seen - state.lookback) & (LONGEST - 1)]
        gained = late / early - 1.0
        if gained > state.threshold:
            state.weight = 1.0
        elif gained < -state.threshold:
            state.weight = -1.0 if state.short == 1 else 0.0
    return float(state.weight)


@kernel
def fill_targets(state: np.record, close: NDArray[np.float64], weight: NDArray[np.float64]) -> None:
    """Write the target after each close into `weight`; both of shape (n,)."""
    for i in range(len(close)):
        weight[i] = advance(state, close[i])


class TimeSeriesMomentum:
    """The past return is close[skip] / close[lookback] - 1, counted in bars back from this one.

    The target becomes 1 when it is above `threshold`, 0 (with `short` = 1: -1) when it is below -`threshold`; else
    it stays. The first decision is at bar index `lookback`. Bars are counted, not days: 252 and 21 are a year and
    a month of daily bars of equities. Long only by default, no stop. DataError for a close that is no number
    above 0. (T. Moskowitz, Y. H. Ooi, L. H. Pedersen, Time series momentum, 2012, by the sign of the past return;
    the skipped last month is N. Jegadeesh's and S. Titman's, 1993; the threshold against noise is ours.)
    """

    __slots__ = ()
    name = "momentum"
    kind = "rule"
    settings: Mapping[str, object] = MappingProxyType({})
    summary = "long while the past return, its last bars left out, is positive"
    parameters: tuple[Parameter, ...] = (
        Parameter("lookback", 252, 2, 1000, "bars over which the return is taken", (63, 126, 189, 252)),
        Parameter("skip", 21, 0, 999, "last bars left out; less than lookback", (0, 5, 21)),
        Parameter("threshold", 0.0, 0.0, 1.0, "return beyond which the target changes, a fraction", (0.0, 0.02, 0.05)),
        Parameter("short", 0, 0, 1, "1 to sell short too"),
    )

    def warmup(self, params: Params) -> int:
        """`lookback` + 1 bars; UsageError when skip >= lookback."""
        return int(self._spans(params)["lookback"]) + 1

    def start(self, bars: Bars, params: Params) -> np.record:
        """The state before the first bar; UsageError when skip >= lookback."""
        read = self._spans(params)
        state: np.record = np.zeros(1, STATE)[0]
        state.lookback, state.skip, state.short = (int(read[k]) for k in ("lookback", "skip", "short"))
        state.threshold = float(read["threshold"])
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

    def _spans(self, params: Params) -> dict[str, Number]:
        read = read_params(self, params)
        if read["skip"] >= read["lookback"]:
            raise UsageError(
                f"momentum: skip = {read['skip']} is not less than lookback = {read['lookback']}",
                "give a skip below lookback",
            )
        return read


TIME_SERIES_MOMENTUM = TimeSeriesMomentum()
