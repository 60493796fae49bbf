"""What evidence is weighed from, beside the candidates and the walk: the family, the trades, the market, the stress."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from quorum.engine import TrialRecord
from quorum.signals import Number
from quorum.stats.performance import sharpe
from quorum.stats.regimes import Labels
from quorum.validation.walkforward.candidates import Floats

NAN = float("nan")
NONE = np.empty(0)


@dataclass(frozen=True, slots=True, eq=False)
class Family:
    """The Sharpe ratios per day (m,) of all trials of a strategy, NaN for one without; `count` counts them all."""

    sharpes: Floats
    count: int


def family_of(trials: Sequence[TrialRecord]) -> Family:
    """The family of recorded trials, on whatever bars."""
    return Family(np.array([sharpe(np.nan_to_num(t.returns, nan=0.0), 1.0) for t in trials]), len(trials))


@dataclass(frozen=True, slots=True, eq=False)
class TradingRecord:
    """The trades out of sample: how many, the profit factor, the share that won, the returns (t,) on equity.

    `max_drawdown` is the deepest fall over every bar, as a negative fraction.
    """

    trades: int
    profit_factor: float
    win_rate: float
    max_drawdown: float
    returns: Floats = field(default_factory=lambda: NONE)


@dataclass(frozen=True, slots=True)
class Rerun:
    """What one change of the world came to: total return, and the annualised Sharpe ratio."""

    total_return: float = NAN
    sharpe: float = NAN


@dataclass(frozen=True, slots=True)
class Jitter:
    """One parameter moved by a fraction `change`, and the share of the Sharpe ratio that was kept.

    Both are NaN when the strategy does not take the value, `kept` when there was no ratio above 0 to keep.
    """

    parameter: str
    change: float
    value: Number
    sharpe: float
    kept: float


@dataclass(frozen=True, slots=True)
class Stress:
    """The same choices in a harder world; NaN for what was not run.

    `doubled` costs, targets `delayed` by a bar, 1 % of bars `missing`: out of sample. `jitters`: the selected
    combination over the whole span.
    """

    doubled: Rerun = Rerun()
    delayed: Rerun = Rerun()
    missing: Rerun = Rerun()
    jitters: tuple[Jitter, ...] = ()

    def kept(self, change: float) -> float:
        """The smallest share of the Sharpe ratio that any change of `change` up or down keeps; NaN without one."""
        kept = [j.kept for j in self.jitters if abs(j.change) == change and not np.isnan(j.kept)]
        return float(np.min(kept)) if kept else NAN


@dataclass(frozen=True, slots=True, eq=False)
class Record:
    """What is known beside the returns: the trades out of sample, the stress, and the market.

    On the days of the candidates (d,): `hold`, the returns of buying and holding, and `regimes`; None if unknown.
    """

    trading: TradingRecord
    stress: Stress = Stress()
    hold: Floats | None = None
    regimes: Labels | None = None
