"""Gates: one table, read as it stands."""

from __future__ import annotations

import json
import math

import pytest

from quorum.validation import L2, Failed, Inconclusive, Passed, Weight, judge

GOOD = {
    "oos_sharpe": 1.4,
    "pbo": 0.1,
    "stability": 0.8,
    "deflated_sharpe": 0.97,
    "spa_p": 0.02,
    "return_at_twice_costs": 0.3,
    "max_drawdown": 0.15,
    "trades": 140,
    "profit_factor": 1.5,
    "oos_is": 0.8,
    "calmar": 1.0,
    "sharpe_low": 0.2,
    "kept_at_20_percent": 0.7,
    "regimes": 3,
    "spa_p_hold": 0.05,
    "positive_windows": 0.75,
}
GATES = [gate for gate in L2 if gate.weight is Weight.GATE]
WORSE = {">=": -1e-9, ">": 0.0, "<=": 1e-9, "<": 0.0}


def test_the_table_asks_what_was_ruled() -> None:
    asked = {(g.metric, g.comparison, g.threshold) for g in GATES}
    assert asked == {
        ("oos_sharpe", ">=", 1.0),
        ("pbo", "<", 0.5),
        ("stability", ">", 0.7),
        ("deflated_sharpe", ">=", 0.95),
        ("spa_p", "<", 0.1),
        ("return_at_twice_costs", ">", 0.0),
        ("max_drawdown", "<=", 0.25),
        ("trades", ">=", 100),
        ("profit_factor", ">=", 1.3),
    }
    assert all(gate.source for gate in L2)


def test_good_evidence_passes_without_a_word() -> None:
    found = judge(GOOD, L2)
    assert found.verdict == Passed()
    assert (found.for_the_critic, found.warnings) == ((), ())


@pytest.mark.parametrize("gate", GATES, ids=lambda gate: gate.metric)
def test_each_gate_alone_fails_the_tier_just_beyond_its_threshold(gate: object) -> None:
    one = next(g for g in GATES if g is gate)
    found = judge({**GOOD, one.metric: one.threshold + WORSE[one.comparison]}, L2)
    assert isinstance(found.verdict, Failed)
    assert len(found.verdict.reasons) == 1
    assert found.verdict.reasons[0].startswith(f"{one.metric} is ")
    exact = judge({**GOOD, one.metric: one.threshold}, L2)
    assert exact.passed == (one.comparison in (">=", "<="))


@pytest.mark.parametrize("gate", GATES, ids=lambda gate: gate.metric)
def test_what_cannot_be_read_never_passes(gate: object) -> None:
    one = next(g for g in GATES if g is gate)
    for metrics in ({**GOOD, one.metric: math.nan}, {n: v for n, v in GOOD.items() if n != one.metric}):
        found = judge(metrics, L2).verdict
        assert isinstance(found, Inconclusive)
        assert (found.what, found.needed) == (one.metric, one.threshold)


def test_a_failure_counts_before_what_cannot_be_read() -> None:
    assert isinstance(judge({**GOOD, "pbo": 0.6, "trades": math.nan}, L2).verdict, Failed)


def test_between_pass_and_fail_a_failure_is_marginal() -> None:
    cases = [({"oos_sharpe": 0.7}, True), ({"oos_sharpe": 0.4}, False), ({"oos_sharpe": 0.7, "pbo": 0.6}, False)]
    cases += [({"max_drawdown": 0.3, "trades": 60}, True), ({"max_drawdown": 0.45}, False)]
    for change, marginal in cases:
        verdict = judge({**GOOD, **change}, L2).verdict
        assert isinstance(verdict, Failed)
        assert verdict.marginal is marginal


def test_the_critic_is_asked_and_does_not_fail_it() -> None:
    found = judge({**GOOD, "oos_is": 0.6, "oos_sharpe": 3.5, "regimes": math.nan}, L2)
    assert found.passed
    assert [row.gate.metric for row in found.for_the_critic] == ["oos_is", "oos_sharpe", "regimes"]
    assert found.warnings == ()
    assert [row.gate.metric for row in judge({**GOOD, "pbo": 0.3}, L2).warnings] == ["pbo"]


def test_rows_are_plain() -> None:
    told = judge({**GOOD, "pbo": math.nan, "oos_sharpe": 0.7}, L2).told()
    assert json.loads(json.dumps(told)) == told
    assert told[0]["outcome"] == "failed"
    assert told[0]["marginal"] is True
    assert told[1] | {"source": ""} == {
        "metric": "pbo", "value": None, "comparison": "<", "threshold": 0.5, "kind": "gate",
        "outcome": "inconclusive", "marginal": False, "source": "",
    }  # fmt: skip
