"""Evidence: every number that speaks for or against a strategy, in one value."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from quorum.domain import plain
from quorum.stats import Overfitting, Superiority
from quorum.stats.performance import cagr, calmar
from quorum.stats.regimes import RegimeResult
from quorum.validation.evidence.chance import Chance
from quorum.validation.evidence.meanings import MEANINGS
from quorum.validation.evidence.record import NAN, Stress, TradingRecord
from quorum.validation.walkforward.candidates import Combination
from quorum.validation.walkforward.choice import Walk


@dataclass(frozen=True, slots=True)
class Luck:
    """What is left of the selected combination's Sharpe ratio over the whole span when all trials are counted.

    Ratios are annualised: `sharpe` is its own, `luckiest` what the best of so many without skill is expected to show;
    `deflated` is the probability that it has skill. `backtest_years` is how long a backtest has to be for so many
    trials not to reach `sharpe` by luck. `trials` are all of the family, `effective` those of this sweep that differ.
    """

    trials: int
    effective: int
    sharpe: float
    luckiest: float
    deflated: float
    backtest_years: float


@dataclass(frozen=True, slots=True)
class Proof:
    """What the record out of sample proves: the probability of a true Sharpe ratio above 0, and the years after which
    a record like it would be 95 % sure."""

    probabilistic: float
    track_record_years: float


@dataclass(frozen=True, slots=True, eq=False)
class Evidence:
    """All that speaks for or against a strategy; see the guide on reading the evidence.

    `selected` is the combination with the best Sharpe ratio over the whole span. `overfitting` is None for a single
    combination or fewer days than blocks, `hold` without a market to hold; `superior` are the combinations that beat
    cash, best first (StepM). `compared` says how many combinations these, and the effective trials, looked at.
    """

    selected: Combination
    walk: Walk
    luck: Luck
    proof: Proof
    overfitting: Overfitting | None
    cash: Superiority
    hold: Superiority | None
    superior: tuple[int, ...]
    compared: int
    chance: Chance
    trading: TradingRecord
    stress: Stress
    regimes: tuple[RegimeResult, ...]

    def metrics(self) -> dict[str, float]:
        """The numbers by name, NaN for what is not known; gates read these."""
        walk, overfitting = self.walk, self.overfitting
        growth, fall = cagr(walk.returns, walk.periods), self.trading.max_drawdown
        return {
            "oos_sharpe": walk.sharpe,
            "oos_mean_window_sharpe": walk.mean_sharpe,
            "oos_is": walk.oos_is,
            "efficiency": walk.efficiency,
            "positive_windows": walk.positive / len(walk.choices),
            "stability": NAN if walk.stability is None else walk.stability.score,
            "calmar": calmar(growth, fall),
            "max_drawdown": -fall,
            "trades": float(self.trading.trades),
            "profit_factor": self.trading.profit_factor,
            "win_rate": self.trading.win_rate,
            "in_sample_sharpe": walk.train_sharpe,
            "selected_sharpe": self.luck.sharpe,
            "luckiest_sharpe": self.luck.luckiest,
            "deflated_sharpe": self.luck.deflated,
            "trials": float(self.luck.trials),
            "effective_trials": float(self.luck.effective),
            "backtest_years": self.luck.backtest_years,
            "probabilistic_sharpe": self.proof.probabilistic,
            "track_record_years": self.proof.track_record_years,
            "pbo": NAN if overfitting is None else overfitting.pbo,
            "probability_of_loss": NAN if overfitting is None else overfitting.probability_of_loss,
            "spa_p": self.cash.consistent,
            "spa_p_hold": NAN if self.hold is None else self.hold.consistent,
            "superior": float(len(self.superior)),
            **self._drawn(),
        }

    def rows(self) -> list[dict[str, Any]]:
        """Every number as a plain row: its name, its value (None when unknown or without end), and what it means."""
        return [{"name": n, "value": plain(v), "meaning": MEANINGS[n]} for n, v in self.metrics().items()]

    def _drawn(self) -> dict[str, float]:
        stress, drawn = self.stress, self.chance
        return {
            "sharpe_low": drawn.sharpe.low,
            "sharpe_high": drawn.sharpe.high,
            "drawdown_1_in_40": -drawn.drawdown.low,
            "chance_of_loss": drawn.loss,
            "chance_of_half_lost": drawn.half_lost,
            "reshuffled_drawdown": -drawn.reshuffled,
            "return_at_twice_costs": stress.doubled.total_return,
            "sharpe_at_twice_costs": stress.doubled.sharpe,
            "sharpe_a_bar_late": stress.delayed.sharpe,
            "sharpe_with_bars_missing": stress.missing.sharpe,
            "kept_at_10_percent": stress.kept(0.1),
            "kept_at_20_percent": stress.kept(0.2),
            "regimes": float(len(self.regimes)),
            "profitable_regimes": float(sum(r.total_return > 0 for r in self.regimes)),
        }
