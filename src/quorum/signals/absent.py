"""The analysts whose source or model is not there yet: they abstain, and say why."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from quorum.domain import Abstain, Row, Signal
from quorum.lake import Bars
from quorum.signals.analyst import NAN, Opinion, Opinions, Silence, abstain, known_at, valid_bars


@dataclass(frozen=True, slots=True)
class Absent:
    """An analyst that has nothing to look at, for `reason`."""

    name: str
    summary: str
    reason: str
    warmup: int = 0

    def start(self, bars: Bars) -> None:
        return None

    def step(self, state: None, row: Row) -> tuple[None, Opinion]:
        return None, Opinion(0, 0.0, NAN, NAN, NAN, NAN, NAN, Silence.ABSENT, ())

    def read(self, bars: Bars) -> Opinions:
        n = len(bars)
        prices = [np.full(n, NAN) for _ in range(5)]
        silence, evidence = np.full(n, Silence.ABSENT, np.int8), np.empty((n, 0))
        valid = valid_bars(bars.timeframe)
        return Opinions._make([np.zeros(n, np.int8), np.zeros(n), *prices, silence, evidence, valid])

    def view(self, bars: Bars, opinions: Opinions, i: int) -> Signal:
        return abstain(self.name, bars, i, self.reason)

    def signal(self, bars: Bars) -> Signal:
        time = known_at(bars, len(bars) - 1) if len(bars) else 0
        return Abstain(self.name, bars.symbol, time, self.reason)


MICROSTRUCTURE = Absent("microstructure", "reads trades and the order book", "no source")
ML_MODEL = Absent("ml_model", "forecasts with the promoted model", "no model")
