"""Of several faults the one that explains the others is told."""

from __future__ import annotations

import pytest

from quorum.validation.gates import Gate, judge
from quorum.validation.ladder import Failed, Inconclusive, Passed
from quorum.validation.ladder.judging import verdict_of, warnings_of
from quorum.validation.ladder.table import FULL, QUICK, SANITY

SOUND = {
    "sharpe": 1.2,
    "profit_factor": 1.5,
    "trades": 120.0,
    "win_rate": 0.5,
    "max_drawdown": 0.1,
    "edge_over_cost": 5.0,
    "kept_by_variants": 0.9,
    "gross_sharpe": 1.5,
    "gross_p": 0.9,
    "missing": 0.0,
    "outliers": 0.0,
    "stale": 0.0,
}


def quick(**changed: float) -> Failed | Inconclusive | Passed:
    metrics = {**SOUND, **changed}
    return verdict_of(judge(metrics, QUICK), metrics)


def failed(**changed: float) -> tuple[str, str, bool]:
    verdict = quick(**changed)
    assert isinstance(verdict, Failed)
    return verdict.reason, verdict.metric, verdict.retryable


def test_what_meets_every_gate_passes() -> None:
    assert quick() == Passed()


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"sharpe": 0.4}, ("sharpe_below_threshold", "sharpe", True)),
        ({"profit_factor": 0.9}, ("sharpe_below_threshold", "profit_factor", True)),
        ({"trades": 12.0}, ("signal_frequency_low", "trades", True)),
        ({"trades": 12.0, "sharpe": -2.0}, ("signal_frequency_low", "trades", True)),
        ({"sharpe": 0.4, "missing": 0.03}, ("data_quality_warning", "missing", True)),
        ({"sharpe": 0.4, "outliers": 0.01}, ("data_quality_warning", "outliers", True)),
        ({"sharpe": 0.4, "stale": 0.05}, ("data_quality_warning", "stale", True)),
        ({"sharpe": -2.0, "gross_p": 0.01}, ("fundamental_strategy_flaw", "gross_p", False)),
        ({"sharpe": 0.1, "edge_over_cost": 1.2}, ("signal_frequency_high", "sharpe", True)),
        (
            {"sharpe": 0.1, "edge_over_cost": 1.2, "gross_sharpe": 0.3},
            ("sharpe_below_threshold", "sharpe", True),
        ),
        ({"sharpe": -0.3, "edge_over_cost": 0.5, "gross_sharpe": 0.3}, ("signal_frequency_high", "sharpe", True)),
        ({"sharpe": -1.0, "edge_over_cost": -3.0}, ("sharpe_below_threshold", "sharpe", True)),
    ],
)
def test_one_fault_explains_the_others(changed: dict[str, float], told: tuple[str, str, bool]) -> None:
    assert failed(**changed) == told


def test_the_sentence_names_every_gate_that_does_not_hold() -> None:
    verdict = quick(sharpe=0.4, profit_factor=0.9)
    assert isinstance(verdict, Failed)
    assert "sharpe is 0.4, above 0.5 is asked for; profit_factor is 0.9" in verdict.why


def test_bad_data_that_does_no_harm_is_a_warning_only() -> None:
    metrics = {**SOUND, "missing": 0.03}
    judged = judge(metrics, QUICK)
    assert verdict_of(judged, metrics) == Passed()
    assert warnings_of(judged) == ("missing is 0.03, at most 0.01 is asked for",)


def test_what_cannot_be_read_is_inconclusive_and_never_passes() -> None:
    verdict = quick(profit_factor=float("nan"))
    assert isinstance(verdict, Inconclusive)
    assert (verdict.what, verdict.needed) == ("profit_factor", 1.0)


@pytest.mark.parametrize(
    ("metric", "value", "reason"),
    [
        ("leaks", 1.0, "fundamental_strategy_flaw"),
        ("flaws", 2.0, "fundamental_strategy_flaw"),
        ("examined", 0.0, "timeout"),
        ("signals", 10.0, "signal_frequency_low"),
        ("wrong_sign_p", 0.01, "hypothesis_contradiction"),
    ],
)
def test_each_gate_of_l0_has_its_reason(metric: str, value: float, reason: str) -> None:
    metrics = {"leaks": 0.0, "flaws": 0.0, "examined": 1.0, "signals": 40.0, "wrong_sign_p": 0.5, metric: value}
    verdict = verdict_of(judge(metrics, SANITY), metrics)
    assert isinstance(verdict, Failed)
    assert verdict.reason == reason


def test_a_leak_comes_before_all_else() -> None:
    metrics = {"leaks": 1.0, "flaws": 0.0, "examined": 1.0, "signals": 0.0, "wrong_sign_p": 0.001, "missing": 0.5}
    verdict = verdict_of(judge(metrics, SANITY), metrics)
    assert isinstance(verdict, Failed)
    assert (verdict.reason, verdict.metric) == ("fundamental_strategy_flaw", "leaks")


def _full(**changed: float) -> Failed | Inconclusive | Passed:
    fine = {gate.metric: _fine(gate) for gate in FULL if gate.weight == "gate"}
    metrics = {**fine, "gross_p": 0.9, "missing": 0.0, "outliers": 0.0, "stale": 0.0, **changed}
    return verdict_of(judge(metrics, FULL), metrics)


def _fine(gate: Gate) -> float:
    return gate.threshold + 1.0 if gate.comparison in (">", ">=") else gate.threshold - 0.1


def test_between_pass_and_fail_it_is_marginal() -> None:
    between, beyond = _full(oos_sharpe=0.7), _full(oos_sharpe=0.4)
    assert isinstance(between, Failed)
    assert between.marginal
    assert isinstance(beyond, Failed)
    assert not beyond.marginal


def test_a_fault_beyond_doubt_comes_before_one_at_the_margin() -> None:
    verdict = _full(trades=90.0, oos_sharpe=-1.0)
    assert isinstance(verdict, Failed)
    assert (verdict.reason, verdict.metric) == ("sharpe_below_threshold", "oos_sharpe")


def test_a_drawdown_alone_is_too_much_leverage() -> None:
    verdict = _full(max_drawdown=0.5)
    assert isinstance(verdict, Failed)
    assert verdict.reason == "max_drawdown_extreme"
