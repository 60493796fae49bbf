"""The table of reasons: a row each, and what each metric that is asked for says when it does not hold."""

from __future__ import annotations

import pytest

from quorum.validation.gates import Weight
from quorum.validation.ladder import CAUSES, LADDER, REASONS, Category, Root, cause_of, reason_of, root_of

ROWS = [
    # name, category, agent, action, retryable, root
    ("signal_frequency_low", "SIGNAL_ISSUE", "signal-generator", "reduce_threshold", True, "parameter_sensitivity"),
    ("parameter_out_of_bounds", "PARAMETER_BOUNDS", "ml-engineer", "clip_to_bounds", True, "parameter_sensitivity"),
    ("sharpe_below_threshold", "SIGNAL_ISSUE", "ml-engineer", "optimize_params", True, "conceptual_flaw"),
    ("data_quality_warning", "DATA_QUALITY", "data-collector", "use_alternate_source", True, "data_insufficiency"),
    ("timeout", "TIMEOUT", "orchestrator", "reduce_data_window", True, "implementation_bug"),
    ("signal_frequency_high", "SIGNAL_ISSUE", "signal-generator", "raise_threshold", True, "cost_structure"),
    ("win_rate_suspicious", "SIGNAL_ISSUE", "signal-generator", "add_confirmation", True, "implementation_bug"),
    ("max_drawdown_extreme", "PARAMETER_BOUNDS", "ml-engineer", "reduce_leverage", True, "regime_nonstationarity"),
    ("fundamental_strategy_flaw", "FATAL", "quant-analyst", "reject", False, "conceptual_flaw"),
    ("data_unavailable", "FATAL", "data-collector", "reject", False, "data_insufficiency"),
    ("unsupported_asset_type", "FATAL", "quant-analyst", "reject", False, "conceptual_flaw"),
    ("hypothesis_contradiction", "FATAL", "quant-analyst", "reject", False, "conceptual_flaw"),
    ("asset_delisted", "FATAL", "data-collector", "reject", False, "data_insufficiency"),
    ("bought_by_trying", "FATAL", "quant-analyst", "reject", False, "conceptual_flaw"),
]
ROOTS = [
    ("sharpe_below_threshold", "return_at_twice_costs", Root.COST_STRUCTURE),
    ("sharpe_below_threshold", "stability", Root.PARAMETER_SENSITIVITY),
    ("sharpe_below_threshold", "profitable_regimes", Root.REGIME_NONSTATIONARITY),
    ("sharpe_below_threshold", "deflated_sharpe", Root.CONCEPTUAL_FLAW),
    ("fundamental_strategy_flaw", "leaks", Root.IMPLEMENTATION_BUG),
    ("fundamental_strategy_flaw", "gross_p", Root.CONCEPTUAL_FLAW),
    ("signal_frequency_high", "sharpe", Root.COST_STRUCTURE),
    ("data_quality_warning", "nobody knows it", Root.DATA_INSUFFICIENCY),
]


@pytest.mark.parametrize("row", ROWS, ids=[row[0] for row in ROWS])
def test_each_reason_says_who_mends_it_and_how(row: tuple[str, str, str, str, bool, str]) -> None:
    reason = reason_of(row[0])
    assert (reason.name, reason.category, reason.agent, reason.action, reason.retryable, reason.root) == row
    assert reason.sources


def test_no_reason_is_without_a_row() -> None:
    assert {row[0] for row in ROWS} == set(REASONS)


def test_an_unknown_reason_goes_straight_to_the_quant_analyst() -> None:
    reason = reason_of("solar_wind")
    assert (reason.agent, reason.action, reason.retryable) == ("quant-analyst", "review_hypothesis", True)


def test_every_metric_that_a_tier_asks_for_has_a_cause_in_the_table() -> None:
    asked = {gate.metric for rung in LADDER.rungs for gate in rung.gates}
    assert asked <= set(CAUSES)
    assert {cause.reason for cause in CAUSES.values()} <= set(REASONS)


@pytest.mark.parametrize("metric", sorted(CAUSES))
def test_each_metric_leads_to_its_reason(metric: str) -> None:
    assert cause_of(metric) is REASONS[CAUSES[metric].reason]


@pytest.mark.parametrize(("reason", "metric", "root"), ROOTS)
def test_the_root_is_more_exact_where_the_metric_is_known(reason: str, metric: str, root: Root) -> None:
    assert root_of(reason, metric) is root
    assert root_of(reason) is reason_of(reason).root


def test_every_cell_of_the_tiers_names_its_source() -> None:
    cells = [gate for rung in LADDER.rungs for gate in rung.gates]
    assert all(gate.source for gate in cells)
    assert all(any(gate.weight is Weight.GATE for gate in rung.gates) for rung in LADDER.rungs)


def test_only_fatal_reasons_are_not_retried() -> None:
    assert {r.name for r in REASONS.values() if not r.retryable} == {
        r.name for r in REASONS.values() if r.category is Category.FATAL
    }
