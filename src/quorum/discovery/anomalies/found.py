"""An anomaly: something in the data that should not be there if prices were pure chance."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from quorum.domain import Timeframe
from quorum.stats import false_discoveries
from quorum.stats.normal import normal_cdf


@dataclass(frozen=True, slots=True)
class Anomaly:
    """One test and its answer, on closed bars of `symbols`.

    `effect` is the mean extra return (a fraction) of a holding of `hold` bars, with its sign; `t` and `p` (two-sided)
    say how far from chance it is; `adjusted` is p after all tests that were made beside it. `facts` say which hour,
    weekday, leader or size was meant. `n` counts the occasions.
    """

    kind: str
    symbols: tuple[str, ...]
    timeframe: Timeframe
    effect: float
    t: float
    n: int
    hold: int
    facts: Mapping[str, float] = field(default_factory=dict)
    adjusted: float = 1.0

    @property
    def p(self) -> float:
        return float(2.0 * normal_cdf(-abs(self.t)))

    @property
    def direction(self) -> str:
        return "long" if self.effect > 0 else "short"


def surviving(tests: Sequence[Anomaly], share: float) -> tuple[Anomaly, ...]:
    """Those of all tests that may be believed when at most `share` of the believed may be false, surest first.

    Under any dependence between the tests (Benjamini and Yekutieli, 2001).
    """
    if not tests:
        return ()
    found = false_discoveries(np.array([test.p for test in tests]), share, independent=False)
    kept = [
        replace(test, adjusted=float(p))
        for test, p, rejected in zip(tests, found.adjusted, found.rejected, strict=True)
        if rejected
    ]
    return tuple(sorted(kept, key=lambda test: (test.adjusted, -abs(test.t), test.symbols)))
