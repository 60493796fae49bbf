"""The reference cases of the ensemble: votes by score with a veto, pools of log odds, scores and isotonic curves."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from quorum.domain import Abstain, Direction, Signal
from quorum.signals import Circumstances, Conflict, ConsensusRules, Experts, consensus, quality
from quorum.signals.pools import murphy, reliability_table, scores
from quorum.signals.pools.calibration import isotonic
from signals.pools.elections import NOW, silent, view

pytestmark = pytest.mark.real_data
OPEN = ConsensusRules(
    required=(),
    optional=("a",),
    threshold=0.5,
    escalate_below=0.0,
    min_confidence={"default": 0.0},
    conflict=Conflict(model_first=False),
)


def cases(shared: Path, name: str) -> Any:
    return json.loads((shared / "reference" / "ensemble" / f"{name}.json").read_text(encoding="utf-8"))


def spoken(vote: dict[str, Any]) -> Signal:
    direction = {1: Direction.BULLISH, -1: Direction.BEARISH, 0: Direction.NEUTRAL, None: None}[vote["signal"]]
    return silent(vote["agent"]) if direction is None else view(vote["agent"], direction, vote["confidence"])


def action(reason: str, direction: str) -> str:
    """The outcome in the words of the cases."""
    if "veto" in reason:
        return "flat_veto"
    if "voted" in reason:
        return "no_quorum"
    return {"bullish": "long", "bearish": "short"}.get(direction, "flat")


def test_the_score_and_its_veto(shared: Path) -> None:
    for case in cases(shared, "weighted_vote_veto")["cases"]:
        signals = [spoken(vote) for vote in case["votes"]]
        rules = replace(
            OPEN,
            pool="score",
            weights={vote["agent"]: vote["weight"] for vote in case["votes"]},
            least_score=case["threshold"],
            least_votes=case["min_votes"],
            veto=("risk",),
        )
        outcome = consensus(signals, rules, NOW, Circumstances(vetoes=dict.fromkeys(case["veto"], "it says no")))
        assert outcome.strength == pytest.approx(abs(case["score"]), rel=1e-9)
        assert action(outcome.reason, outcome.direction) == case["action"]
        assert list(outcome.vetoes) == case["veto"]


def test_the_agreement_of_the_cases_is_the_weight_of_the_winning_side(shared: Path) -> None:
    """Theirs counts weights, the quality score's counts heads; both leave out who abstains."""
    for case in cases(shared, "weighted_vote_veto")["cases"]:
        signals = [spoken(vote) for vote in case["votes"]]
        live = [(s, v["weight"]) for s, v in zip(signals, case["votes"], strict=True) if not isinstance(s, Abstain)]
        total = sum(weight for _, weight in live)
        score = sum(w * s.confidence * s.direction.sign for s, w in live) / total
        agreed = sum(w for s, w in live if s.direction.sign * score > 0.0) / total
        assert (score, agreed) == (pytest.approx(case["score"]), pytest.approx(case["agreement"]))
    first = cases(shared, "weighted_vote_veto")["cases"][0]
    signals = [spoken(vote) for vote in first["votes"]]
    found = quality(consensus(signals, OPEN, NOW), signals)
    assert found.parts["agreement"] == pytest.approx(0.1 * 2 / 3)


def test_pools_of_log_odds(shared: Path) -> None:
    for case in cases(shared, "pooling")["cases"]:
        names = [f"s{k}" for k in range(len(case["p"]))]
        sides = (Direction.BULLISH, Direction.BEARISH)
        signals = [view(n, sides[p < 0.5], max(p, 1.0 - p)) for n, p in zip(names, case["p"], strict=True)]
        rules = replace(OPEN, pool="log_odds", weights=dict(zip(names, case["w"], strict=True)))
        once = consensus(signals, rules, NOW)
        surer = consensus(signals, replace(rules, experts=Experts(exponent=case["extremised"]["a"])), NOW)
        assert once.strength == pytest.approx(case["log_odds"], rel=1e-9)
        assert surer.strength == pytest.approx(case["extremised"]["value"], rel=1e-9)
        learnt = replace(rules, pool="hedge", experts=Experts(rules.weights))
        assert consensus(signals, learnt, NOW).strength == pytest.approx(case["linear"], rel=1e-9)


def test_scores_of_forecasts(shared: Path) -> None:
    case = cases(shared, "calibration")
    p, y = np.array(case["p"]), np.array(case["y"], np.float64)
    found = scores(p, y)
    assert (found.n, found.brier, found.log_loss, found.auc) == (
        len(p),
        pytest.approx(case["brier"], rel=1e-9),
        pytest.approx(case["log_loss"], rel=1e-9),
        pytest.approx(case["auc"], rel=1e-9),
    )
    assert found.calibration_error == pytest.approx(case["ece_10_equal_width"], rel=1e-6)
    assert murphy(p, y)._asdict() == pytest.approx(case["murphy_on_p_rounded_0p1"], rel=1e-9)
    assert sum(row.n for row in reliability_table(p, y)) == len(p)


def test_an_isotonic_curve_fitted_on_one_half_and_read_on_the_other(shared: Path) -> None:
    case = cases(shared, "calibration")
    p, y = np.array(case["p"]), np.array(case["y"], np.float64)
    expected = case["isotonic_fit_first_half_predict_second"]
    half = len(p) // 2
    read = isotonic(p[:half], y[:half]).apply(p[half:])
    np.testing.assert_allclose(read[:10], expected["pred_first10"], rtol=1e-9)
    assert scores(p[half:], y[half:]).brier == pytest.approx(expected["brier_raw"], rel=1e-9)
    assert scores(read, y[half:]).brier == pytest.approx(expected["brier_iso"], rel=1e-9)
