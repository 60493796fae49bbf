"""What may be deployed beside what: correlation, room, leverage, capacity, and harder worlds."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from desk.deploying.test_baseline import baseline_of
from quorum.desk.deploying import Assessment, Neighbour, RiskTerms, Subject, assess_deployment
from quorum.risk import RiskLimits
from quorum.validation.ladder import Failed, Inconclusive, Passed

SOUND = {"return_at_twice_costs": 0.5, "sharpe_a_bar_late": 1.0}
PLACE = ("paper", "crypto")
TERMS = RiskTerms()


def drawn(seed: int, days: int = 300) -> Any:
    return np.random.default_rng(seed).normal(0.001, 0.008, days)


OWN = baseline_of(drawn(1))


def subject(**more: Any) -> Subject:
    given: dict[str, Any] = {"metrics": SOUND, "exposure": 1.0, "capital": 100_000.0, "capacity": 1e9} | more
    return Subject("STR-009", OWN, **given)


def beside(seed: int, allocation: float = 0.1, likeness: float = 0.0, days: int = 300) -> Neighbour:
    """A deployed strategy whose days are like ours by so much."""
    own, other = np.array(OWN.returns)[:days], drawn(seed, days)
    mixed = likeness * own + math.sqrt(1 - likeness**2) * other
    return Neighbour(f"STR-{seed:03d}", allocation, baseline_of(mixed))


def assessed(*others: Neighbour, asked: float | None = None, **more: Any) -> Assessment:
    return assess_deployment(subject(**more), others, TERMS, PLACE, asked)


def row(found: Assessment, name: str) -> Any:
    return next(check for check in found.checks if check.what == name)


def test_alone_it_may_have_the_most_of_one_strategy() -> None:
    found = assessed()
    assert (found.verdict, found.allocation) == (Passed(), 0.30)


def test_one_that_moves_with_a_deployed_one_fails() -> None:
    found = assessed(beside(2, likeness=0.9))
    assert isinstance(found.verdict, Failed)
    assert (found.verdict.reason, found.verdict.metric) == ("correlated_with_deployed", "correlation")
    assert found.verdict.value == pytest.approx(0.9, abs=0.05)
    assert "STR-002" in found.verdict.why
    assert not found.verdict.retryable


def test_too_few_common_days_leave_it_open() -> None:
    found = assessed(replace_days(beside(3), 59))
    assert isinstance(found.verdict, Inconclusive)
    assert found.likenesses[0].days == 59
    assert assessed(replace_days(beside(3), 60)).verdict == Passed()


def replace_days(one: Neighbour, common: int) -> Neighbour:
    """The neighbour's days moved so that only so many are common."""
    later = OWN.days[-1] + 1 - common
    return one._replace(baseline=replace(one.baseline, days=tuple(later + d for d in one.baseline.days)))


def test_what_moves_together_shares_its_room() -> None:
    alike = assessed(beside(4, 0.2, likeness=0.6))
    assert (alike.verdict, alike.allocation) == (Passed(), 0.10)
    assert assessed(beside(4, 0.2, likeness=0.0)).allocation == 0.30


def test_all_together_have_no_more_than_the_book_gives() -> None:
    found = assessed(beside(5, 0.25), beside(6, 0.2))
    assert found.allocation == pytest.approx(0.15)
    full = assessed(beside(5, 0.3), beside(6, 0.3))
    assert isinstance(full.verdict, Inconclusive)
    assert full.allocation == 0.0


def test_what_is_asked_for_has_to_fit() -> None:
    assert assessed(asked=0.2).allocation == 0.2
    more = assessed(asked=0.31)
    assert isinstance(more.verdict, Inconclusive)
    assert more.allocation == 0.0


def test_a_provisional_pass_stays_open_until_the_whole_window_was_run() -> None:
    found = assessed(provisional=("L2",))
    assert isinstance(found.verdict, Inconclusive)
    assert found.verdict.what == "provisional"
    assert row(found, "provisional").detail.startswith("L2 was passed on fewer days")
    twin = assessed(beside(2, likeness=0.9), provisional=("L2",))
    assert isinstance(twin.verdict, Failed)


def test_leverage_and_harder_worlds_end_it() -> None:
    for more, metric in [
        ({"exposure": 3.1}, "leverage"),
        ({"metrics": {**SOUND, "return_at_twice_costs": -0.1}}, "return_at_twice_costs"),
        ({"metrics": {**SOUND, "sharpe_a_bar_late": -0.1}}, "sharpe_a_bar_late"),
    ]:
        found = assessed(**more).verdict
        assert isinstance(found, Failed)
        assert (found.reason, found.metric) == ("risk_limit_exceeded", metric)
    assert isinstance(assessed(metrics={}).verdict, Inconclusive)


def test_capacity_limits_the_allocation_where_it_is_known() -> None:
    assert assessed(capacity=5_000.0).allocation == 0.05
    unknown = assessed(capacity=math.nan)
    assert unknown.allocation == 0.30
    assert "no volume" in unknown.notes[0]


def test_a_wild_strategy_gets_less() -> None:
    wild = replace(subject(), baseline=baseline_of(3.0 * drawn(1)))
    found = assess_deployment(wild, (), TERMS, PLACE)
    fall = 0.10 / row(found, "drawdown_budget").value
    assert found.allocation == pytest.approx(0.10 / fall, abs=0.01)
    assert found.allocation < 0.30


def test_a_stricter_book_holds() -> None:
    from decimal import Decimal

    assert TERMS.within(RiskLimits(max_deployed=Decimal("0.4"))).max_deployed == 0.4
    assert TERMS.within(RiskLimits(max_deployed=Decimal(1))).max_deployed == 0.6


@settings(max_examples=40)
@given(st.lists(st.floats(0.01, 0.3), max_size=4), st.one_of(st.none(), st.floats(0.01, 0.5)))
def test_no_limit_is_ever_exceeded(allocations: list[float], asked: float | None) -> None:
    others = [_OTHERS[i]._replace(allocation=a) for i, a in enumerate(allocations)]
    found = assess_deployment(subject(), others, TERMS, PLACE, asked)
    if isinstance(found.verdict, Passed):
        assert 0.01 - 1e-9 <= found.allocation <= TERMS.max_allocation
        assert sum(allocations) + found.allocation <= TERMS.max_deployed + 1e-9
    assert found.told()["target_allocation"] == found.allocation


_OTHERS = [beside(10 + i) for i in range(4)]
