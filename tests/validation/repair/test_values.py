"""Fixes change nothing by themselves; roles say what a parameter is for; luck is taken off a bought pass."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quorum.domain import DataError
from quorum.signals import WITHOUT_MODEL as RULES
from quorum.signals import SpecStrategy, find_strategy, read_spec
from quorum.validation.ladder import Category, Failed, Tier
from quorum.validation.repair import (
    Change,
    Fix,
    GivenUp,
    Nothing,
    Proposal,
    Remedy,
    RetryRules,
    applied,
    bought,
    only_deflated,
    read_case,
    read_proposal,
    told_proposal,
)
from quorum.validation.repair.case import case_of
from quorum.validation.repair.fix import adopted
from quorum.validation.repair.roles import Role, of_role, roles_of
from validation.repair.failing import IDEA, SPEC, failed, failing, fix, result, row, trial


@pytest.mark.parametrize(
    "proposal",
    [
        Fix("a", "b", "c", {"params": {"fast": 3}}, {"days": 5}, (Change("params.fast", 5, 3),), 7),
        Nothing("a", "why", 2),
        GivenUp("a", "why"),
    ],
)
def test_a_proposal_is_read_from_what_it_tells(proposal: Proposal) -> None:
    assert read_proposal(told_proposal(proposal)) == proposal


@pytest.mark.parametrize(
    "values", [None, {}, {"proposal": "dance"}, {"proposal": "fix"}, {**told_proposal(fix()), "idea": {"origin": "me"}}]
)
def test_what_is_no_proposal_is_refused(values: object) -> None:
    with pytest.raises(DataError):
        read_proposal(values)


def test_a_fix_makes_another_idea() -> None:
    changed = applied(IDEA, Fix("a", "b", "c", {"symbols": ["BUSDT", "AUSDT"], "timeframe": "4h"}))
    assert (changed.symbols, changed.timeframe, changed.params) == (("BUSDT", "AUSDT"), "4h", IDEA.params)
    assert IDEA.symbols == ("AUSDT",)
    assert adopted(IDEA, Fix("a", "b", "c", {}, {"venue": "v"})).venue == "v"


def test_a_case_is_read_from_what_it_tells() -> None:
    case = case_of(failing(), "ml-engineer", ("optimize_params",), ("x",))
    assert read_case(case.told()) == case


def test_roles_of_a_spec_come_from_where_its_parameters_stand() -> None:
    strategy = SpecStrategy(read_spec({**SPEC, "long": "score < -entry and hour == days"}))
    assert roles_of(strategy) == {
        "window": Role.WINDOW,
        "entry": Role.THRESHOLD,
        "size": Role.SIZE,
        "days": Role.HOLD,
    }
    assert [p.name for p in of_role(strategy, Role.HOLD, Role.WINDOW)] == ["days", "window"]


def test_roles_of_code_come_from_names() -> None:
    found = roles_of(find_strategy("momentum", RULES))
    assert found == {
        "lookback": Role.WINDOW,
        "skip": Role.WINDOW,
        "threshold": Role.THRESHOLD,
        "short": Role.OTHER,
    }
    assert roles_of(find_strategy("volatility", RULES))["target_vol"] is Role.SIZE
    assert "short" not in [p.name for p in of_role(find_strategy("momentum", RULES), *Role)]


def test_rules_override_rows_of_the_table() -> None:
    rules = RetryRules(
        remedies={
            "timeout": Remedy("ml-engineer", "optimize_params"),
            "win_rate_suspicious": Remedy("signal-generator", "add_confirmation", retry=False),
            "asset_delisted": Remedy("quant-analyst", "review_hypothesis"),
        },
        fatal=frozenset({"max_drawdown_extreme"}),
    )
    assert (rules.reason("timeout").agent, rules.reason("timeout").action) == ("ml-engineer", "optimize_params")
    assert rules.reason("win_rate_suspicious").category is Category.FATAL
    assert rules.reason("max_drawdown_extreme").category is Category.FATAL
    assert rules.reason("asset_delisted").retryable
    assert rules.retries("L1", "timeout")
    assert not rules.retries("L0", "timeout")
    assert not rules.retries("L1", "max_drawdown_extreme")
    assert not RetryRules(enabled=False).retries("L1", "timeout")


@given(st.floats(0.51, 4.0), st.integers(1, 6))
def test_more_looks_leave_less_of_a_ratio(sharpe: float, looks: int) -> None:
    now, more = bought(result(sharpe=sharpe), looks), bought(result(sharpe=sharpe), looks + 1)
    assert now is None or more is not None
    if isinstance(more, Failed):
        assert more.reason == "bought_by_trying"
        assert not more.retryable
    assert bought(result(sharpe=sharpe), 1) is None


def test_the_first_fix_costs_half_a_ratio_of_a_year() -> None:
    assert bought(result(sharpe=1.0), 2) is not None
    assert bought(result(sharpe=1.1), 2) is None
    found = bought(result(sharpe=0.6), 2)
    assert found is not None
    assert found.why.startswith("only trying bought the pass: sharpe is 0.08 (0.60 in 2 looks at the same 365 days")


def test_a_tier_that_deflates_has_done_so_by_itself() -> None:
    rows = [row("oos_sharpe", 1.2), row("deflated_sharpe", 0.96, 0.95)]
    passed = result(tier=Tier.L2, rows=rows)
    assert bought(passed, 3) is None
    good = [trial(1, mean=0.003), *(trial(k) for k in range(2, 5))]
    assert bought(passed, 3, [[trial(9)], good]) is None
    assert bought(passed, 3, [[trial(9)], [trial(1)]]) is not None


def test_only_a_lone_deflated_ratio_was_bought() -> None:
    short = [row("oos_sharpe", 1.2), row("deflated_sharpe", 0.9, 0.95, ok=False)]
    assert only_deflated(result(failed(), rows=short)) is not None
    assert only_deflated(result(failed(), rows=[*short, row("pbo", 0.9, ok=False)])) is None
    assert only_deflated(result(rows=short)) is None
