"""Portfolio mode: strategies that are too weak alone stand together when they are many and unlike one another."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quorum.domain import UsageError
from quorum.validation.ladder import Failed, Inconclusive, Passed, Tier, TierResult
from quorum.validation.ladder.portfolio import PortfolioTerms, judge_portfolio, risk_parity
from validation.ladder.test_result import result

Floats = np.ndarray[tuple[int, ...], np.dtype[np.float64]]
WEAK = {"oos_sharpe": 0.9, "max_drawdown": 0.3, "trades": 80.0, "profit_factor": 1.2, "oos_is": 0.6}
DAYS = 756


def earning(seed: int, sharpe: float = 0.9, common: float = 0.0, days: int = DAYS, first: int = 0) -> TierResult:
    """The result of a strategy with exactly this Sharpe ratio, `common` the weight of what all of them share."""
    own = np.random.default_rng(seed + 1).standard_normal(days)
    noise = common * np.random.default_rng(0).standard_normal(days) + (1 - common) * own
    noise = (noise - noise.mean()) / noise.std(ddof=1)
    returns = 0.01 * (noise + sharpe / np.sqrt(365.0))
    daily = {"first": first, "days": list(range(days)), "returns": returns.tolist(), "periods": 365.0}
    return replace(result(Passed()), tier=Tier.L2, metrics={**WEAK, "oos_sharpe": sharpe}, daily=daily)


def several(count: int, **how: float) -> dict[str, TierResult]:
    return {f"STR-{k:03d}": earning(k, **how) for k in range(1, count + 1)}  # type: ignore[arg-type]


def failed(results: Mapping[str, TierResult], terms: PortfolioTerms | None = None) -> Failed:
    verdict = judge_portfolio(results, terms).verdict
    assert isinstance(verdict, Failed), verdict
    return verdict


def test_many_weak_ones_that_differ_stand_together() -> None:
    found = judge_portfolio(several(8))
    assert found.verdict == Passed()
    assert max(found.weights.values()) <= 0.30 + 1e-9
    assert sum(found.weights.values()) == pytest.approx(1.0)
    assert json.loads(json.dumps(found.told()))["verdict"] == {"verdict": "passed"}


def test_too_few_do_not() -> None:
    verdict = failed(several(4))
    assert (verdict.reason, verdict.metric) == ("too_few_strategies", "strategies")
    assert (verdict.value, verdict.threshold) == (4.0, 5)


def test_those_that_move_together_do_not() -> None:
    assert failed(several(8, common=0.9)).metric == "correlation"


def test_too_weak_ones_do_not() -> None:
    assert failed(several(8, sharpe=0.1) | {}, replace(PortfolioTerms(), each=())).metric == "sharpe"


@pytest.mark.parametrize("metric", sorted(WEAK))
def test_one_that_does_not_meet_the_weaker_thresholds_is_left_out(metric: str) -> None:
    poor = replace(earning(99), metrics={**WEAK, metric: 0.99 if metric == "max_drawdown" else 0.0})
    found = judge_portfolio({**several(8), "STR-099": poor})
    assert found.verdict == Passed()
    assert metric in found.left_out["STR-099"]
    assert "STR-099" not in found.weights


def test_too_few_common_days_are_inconclusive() -> None:
    found = judge_portfolio(several(8, days=200))
    assert found.verdict == Inconclusive("common days", 252, 110)


def test_only_days_that_all_have_are_looked_at() -> None:
    later = {"STR-100": earning(100, first=100 * 86_400_000_000_000)}
    assert judge_portfolio({**several(8), **later}).days == DAYS - 100 - 90


def test_without_daily_returns_nothing_can_be_said() -> None:
    with pytest.raises(UsageError, match="has no daily returns"):
        judge_portfolio({**several(6), "STR-050": replace(earning(50), daily=None)})


def test_nobody_at_all_fails_for_their_number() -> None:
    assert failed({}).metric == "strategies"


def test_the_calmer_one_weighs_more() -> None:
    rng = np.random.default_rng(3)
    returns = rng.standard_normal((90, 4)) * np.array([0.01, 0.01, 0.01, 0.05])
    weights = risk_parity(returns, 1.0)
    assert weights.sum() == pytest.approx(1.0)
    assert weights[3] == weights.min()


@given(st.integers(1, 8), st.integers(0, 3), st.sampled_from([0.2, 0.3, 0.5, 1.0]))
def test_weights_keep_to_their_cap_and_never_borrow(count: int, still: int, most: float) -> None:
    returns = np.random.default_rng(count).standard_normal((60, count)) * 0.01
    returns[:, : min(still, count)] = 0.0
    weights = risk_parity(returns, most)
    assert (weights >= 0.0).all()
    assert weights.max(initial=0.0) <= most + 1e-9
    assert weights.sum() <= 1.0 + 1e-9
    assert (weights[: min(still, count)] == 0.0).all()
