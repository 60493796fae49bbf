"""Portfolio mode: strategies that are weak alone and uncorrelated, judged together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np

from quorum.domain import DAY, UsageError, plain
from quorum.stats.performance import max_drawdown, sharpe
from quorum.validation.gates import Gate, Judgement, Weight, judge
from quorum.validation.ladder.result import TierResult
from quorum.validation.ladder.verdict import Failed, Inconclusive, Passed, Verdict
from quorum.validation.outcomes import Failed as Short
from quorum.validation.walkforward import Floats, Ints, wealth_of

SOURCE = "portfolio thresholds"
EACH = (
    Gate("oos_sharpe", ">=", 0.6, Weight.GATE, SOURCE),
    Gate("max_drawdown", "<=", 0.40, Weight.GATE, SOURCE),
    Gate("trades", ">=", 50, Weight.GATE, SOURCE),
    Gate("profit_factor", ">=", 1.1, Weight.GATE, SOURCE),
    Gate("oos_is", ">=", 0.50, Weight.GATE, SOURCE),
)
WHOLE = (
    Gate("strategies", ">=", 5, Weight.GATE, SOURCE),
    Gate("correlation", "<=", 0.7, Weight.GATE, SOURCE),
    Gate("sharpe", ">=", 1.5, Weight.GATE, SOURCE),
    Gate("max_drawdown", "<=", 0.25, Weight.GATE, SOURCE),
)
REASONS = {
    "strategies": "too_few_strategies",
    "correlation": "strategies_correlate",
    "max_drawdown": "max_drawdown_extreme",
}
"""Why strategies may not stand together, by the metric of the whole."""


@dataclass(frozen=True, slots=True)
class PortfolioTerms:
    """What portfolio mode asks of `each` strategy and of the `whole`, and how the whole is held.

    Weights are those of hierarchical risk parity over the `lookback` days before, renewed each `rebalance` days, none
    above `most`; what that leaves stays in cash. At least `fewest` common days have to be traded.
    """

    each: tuple[Gate, ...] = EACH
    whole: tuple[Gate, ...] = WHOLE
    most: float = 0.30
    lookback: int = 90
    rebalance: int = 30
    fewest: int = 252


@dataclass(frozen=True, slots=True)
class PortfolioResult:
    """How several strategies do together: the verdict, each one's rows, the rows of the whole, the newest weights.

    `left_out` names the strategies that do not meet the weaker thresholds, with the first reason; `correlations` are
    those of the daily returns of each pair.
    """

    verdict: Verdict
    each: Mapping[str, tuple[Mapping[str, Any], ...]]
    whole: tuple[Mapping[str, Any], ...]
    weights: Mapping[str, float]
    left_out: Mapping[str, str]
    correlations: Mapping[str, float]
    days: int

    def told(self) -> dict[str, Any]:
        """The plain values."""
        rest = ("each", "whole", "weights", "left_out", "correlations", "days")
        verdict = {"verdict": type(self.verdict).__name__.lower(), **plain(self.verdict)}
        return {"verdict": verdict, **{name: plain(getattr(self, name)) for name in rest}}


def judge_portfolio(results: Mapping[str, TierResult], terms: PortfolioTerms | None = None) -> PortfolioResult:
    """Whether strategies, by the results of their L2 under their ids, may stand together where none stands alone.

    Those that meet the weaker thresholds are held as one on the days that all of them have. UsageError for a result
    without daily returns. Lopez de Prado (2016), Building Diversified Portfolios that Outperform Out-of-Sample.
    """
    terms = terms or PortfolioTerms()
    alone = {name: judge(_numbers(result), terms.each) for name, result in results.items()}
    kept = [name for name, judged in alone.items() if judged.passed]
    left_out = {name: str(judged.verdict) for name, judged in alone.items() if not judged.passed}
    each = {name: tuple(judged.told()) for name, judged in alone.items()}
    day, returns = common_days([_daily(name, results[name]) for name in kept]) if kept else _NOTHING
    correlations = _correlations(kept, returns)
    metrics = {"strategies": float(len(kept)), "correlation": max(correlations.values(), default=float("nan"))}
    found = len(day) - terms.lookback
    if found < terms.fewest or not kept:
        judged = judge(metrics, terms.whole[:2])
        short = [row.outcome for row in judged.rows if isinstance(row.outcome, Short)]
        verdict = _verdict(judged) if short else Inconclusive("common days", terms.fewest, max(found, 0))
        return PortfolioResult(verdict, each, tuple(judged.told()), {}, left_out, correlations, max(found, 0))
    together, weights = hold_together(returns, terms)
    periods = float(results[kept[0]].daily["periods"])  # type: ignore[index]
    metrics |= {"sharpe": sharpe(together, periods), "max_drawdown": -max_drawdown(wealth_of(together), 1.0)}
    judged = judge(metrics, terms.whole)
    newest = dict(zip(kept, weights.tolist(), strict=True))
    return PortfolioResult(_verdict(judged), each, tuple(judged.told()), newest, left_out, correlations, found)


def common_days(daily: Sequence[tuple[Ints, Floats]]) -> tuple[Ints, Floats]:
    """The days (d,) that all series have, and their returns (d, n)."""
    day = daily[0][0]
    for other, _ in daily[1:]:
        day = np.intersect1d(day, other)
    columns = [returns[np.searchsorted(days, day)] for days, returns in daily]
    return day, np.stack(columns, axis=1)


def hold_together(returns: Floats, terms: PortfolioTerms) -> tuple[Floats, Floats]:
    """Daily returns of the whole after the first lookback, and the newest weights (n,); each sees the past only."""
    n, parts = len(returns), []
    weights = np.zeros(returns.shape[1])
    for first in range(terms.lookback, n, terms.rebalance):
        weights = risk_parity(returns[first - terms.lookback : first], terms.most)
        parts.append(returns[first : first + terms.rebalance] @ weights)
    return np.concatenate(parts), weights


def risk_parity(returns: Floats, most: float) -> Floats:
    """Weights (n,) of hierarchical risk parity on returns (d, n), none above `most`; one that did not move has none."""
    moving = np.flatnonzero(np.ptp(returns, axis=0) > 0)
    weights = np.zeros(returns.shape[1])
    if len(moving) * most <= 1.0:
        weights[moving] = most
        return weights
    if len(moving) == 1:
        weights[moving] = min(most, 1.0)
        return weights
    from skfolio.optimization import HierarchicalRiskParity

    fitted = HierarchicalRiskParity(max_weights=most).fit(returns[:, moving])
    weights[moving] = np.asarray(fitted.weights_)
    return weights


_NOTHING: tuple[Ints, Floats] = (np.empty(0, np.int64), np.empty((0, 0)))


def _numbers(result: TierResult) -> dict[str, float]:
    return {name: float("nan") if value is None else value for name, value in result.metrics.items()}


def _daily(name: str, result: TierResult) -> tuple[Ints, Floats]:
    if result.daily is None:
        raise UsageError(f"the result of {name} at {result.tier} has no daily returns", "give results of L2 or L3")
    days = result.daily["first"] + DAY * np.array(result.daily["days"], dtype=np.int64)
    return days, np.array(result.daily["returns"], dtype=np.float64)


def _correlations(names: Sequence[str], returns: Floats) -> dict[str, float]:
    """Of each pair, by `A, B`; two that do not move have none."""
    found = {}
    for (i, a), (j, b) in combinations(enumerate(names), 2):
        pair = returns[:, [i, j]]
        if len(pair) > 2 and np.all(np.ptp(pair, axis=0) > 0):
            matrix: Any = np.corrcoef(pair.T)
            found[f"{a}, {b}"] = float(matrix[0, 1])
    return found


def _verdict(judged: Judgement) -> Verdict:
    for row in judged.rows:
        if isinstance(row.outcome, Short):
            reason = REASONS.get(row.gate.metric, "sharpe_below_threshold")
            return Failed(reason, row.gate.metric, plain(row.value), row.gate.threshold, False, str(judged.verdict))
    unread = next((row for row in judged.rows if row.outcome is judged.verdict), None)
    return Passed() if unread is None else Inconclusive(unread.gate.metric, unread.gate.threshold, unread.value)
