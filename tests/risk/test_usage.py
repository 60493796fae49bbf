"""How much of each limit is used, what is near, and what may still be lost."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given

from domain.words import proposal
from quorum.domain import ExitPlan
from quorum.risk import RiskLimits, Use, assess, checks_used, limits_used, risk_budget, warnings
from risk.books import OPENINGS, SYMBOL, Case, book, instrument
from risk.test_around import around
from risk.test_overrides import override

LIMITS = RiskLimits()
NEAR = around(
    day_equity=Decimal(10_250),
    week_equity=Decimal(9_900),
    peak_equity=Decimal(10_900),
    open_risk=Decimal(20),
    strategy="STR-001",
    strategies={"STR-001": Decimal(3_300), "STR-002": Decimal(0)},
    sectors={"coins": frozenset({SYMBOL, "ETHUSDT"})},
    clusters={"cluster 1": frozenset({"STR-001", "STR-002"})},
)


def test_golden_what_is_used_of_each_limit() -> None:
    held = book(held="30", cash="7000", reserved={"ETHUSDT": Decimal(300)})
    uses = {(use.limit, use.subject): use for use in limits_used(held, LIMITS, NEAR)}
    assert {key: (use.used, use.allowed) for key, use in uses.items() if use.unit == "USDT"} == {
        ("max_position", SYMBOL): (3_000, 4_000),
        ("max_position", "ETHUSDT"): (300, 4_000),
        ("max_deployed", ""): (3_300, 6_000),
        ("cash", ""): (300, 7_000),
        ("max_total_loss", ""): (0, 2_000),
        ("max_day_loss", ""): (250, Decimal("307.5")),
        ("max_week_loss", ""): (-100, 495),
        ("risk_budget", ""): (20, Decimal("57.5")),
        ("max_leverage", ""): (3_300, 30_000),
        ("max_strategy", "STR-001"): (3_300, 4_000),
        ("max_strategy", "STR-002"): (0, 4_000),
        ("max_sector", "coins"): (3_300, 4_000),
        ("max_cluster", "cluster 1"): (3_300, 3_000),
    }
    assert uses["halve_at", ""].share == pytest.approx(Decimal(900) / 10_900 / Decimal("0.1"))
    told = [(use.limit, use.subject) for use in warnings(list(uses.values()))]
    assert told == [
        ("max_cluster", "cluster 1"),
        ("halve_at", ""),
        ("max_strategy", "STR-001"),
        ("max_sector", "coins"),
        ("max_day_loss", ""),
    ]


def test_an_override_is_in_what_is_allowed() -> None:
    held = book(held="30", cash="7000")
    near = replace(NEAR, overrides=(override(),))
    uses = {(use.limit, use.subject): use.allowed for use in limits_used(held, LIMITS, near)}
    assert uses["max_position", SYMBOL] == 9_000
    assert uses["max_deployed", ""] == 6_000


@given(OPENINGS)
def test_what_a_book_knows_by_itself_needs_nothing_around(case: Case) -> None:
    uses = limits_used(case.book, case.limits)
    assert {use.limit for use in uses} >= {"max_deployed", "cash", "max_total_loss"}
    assert all(use.share is None or use.share >= 0 for use in uses)


def test_a_warning_begins_at_four_fifths() -> None:
    uses = [Use("a", "", "USDT", Decimal(100), Decimal(used)) for used in ("79.99", "80", "120")]
    assert [use.used for use in warnings(uses)] == [120, 80]
    assert Use("a", "", "USDT", Decimal(0), Decimal(0)).share is None
    assert Use("a", "", "USDT", Decimal(-5), Decimal(1)).share == 1
    assert Use("a", "", "USDT", Decimal(5), Decimal(-1)).share == 0


def test_the_checks_of_a_verdict_warn_as_they_stood_before_it() -> None:
    held = book(held="34", cash="5000")
    near = replace(NEAR, day_equity=Decimal(8_600), week_equity=Decimal(8_600), peak_equity=Decimal(8_600))
    verdict = assess(proposal(quantity=Decimal(1), exit=ExitPlan(Decimal(99))), held, LIMITS, instrument(), near)
    near_ones = {use.limit: use.share for use in warnings(checks_used(verdict.checks, LIMITS))}
    assert set(near_ones) == {"max_position", "max_total_loss", "max_strategy", "max_sector", "max_cluster"}
    assert near_ones["max_total_loss"] == Decimal("0.8")


def test_golden_the_budget_of_a_day() -> None:
    budget = risk_budget(book(), LIMITS, NEAR)
    assert (budget.day, budget.week, budget.total) == ((Decimal("307.5"), 250), (495, -100), (2_000, 0))
    assert (budget.left, budget.free, budget.per_trade, budget.trades) == (Decimal("57.5"), Decimal("37.5"), 50, 0)
    calm = risk_budget(book(), LIMITS, around())
    assert (calm.left, calm.trades) == (300, 6)
    lost = risk_budget(book(cash="7000"), LIMITS, around())
    assert (lost.left, lost.free, lost.trades) == (0, 0, 0)
    assert risk_budget(book(cash="-5"), LIMITS, around()).trades == 0
