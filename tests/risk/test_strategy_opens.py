"""A strategy that opens against what the account holds for others: its own limits bind, the account's do not."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings

from domain.words import proposal
from quorum.domain import Approved, Purpose, RiskVerdict, Shrunk, Side, Vetoed
from quorum.risk import RiskLimits, Wide, assess
from risk.books import OPEN, REDUCTIONS, SYMBOL, Case, book, instrument, passed
from risk.test_around import around

RUINED = replace(OPEN, max_deployed=Decimal("0.0001"), max_position=Decimal("0.0001"), allow_short=False)
TEN = Decimal(10)


def asked(quantity: str, held: str, limits: RiskLimits = RUINED, **near: Any) -> RiskVerdict:
    """STR-002 sells in an account that holds 10 at 100, worth 10,000 with its cash of 9,000."""
    values = {"strategy": "STR-002", "strategy_held": Decimal(held), "strategies": {"STR-002": Decimal(0)}, **near}
    wish = proposal(purpose=Purpose.TARGET, side=Side.SELL, quantity=Decimal(quantity))
    return assess(wish, book(held="10", cash="9000"), limits, instrument(), around(**values))


def test_it_passes_as_a_reduction_where_its_own_limits_leave_room_whatever_the_account_s_say() -> None:
    verdict = asked("4", "0", last={}, day_equity=Decimal(10**6))
    assert isinstance(verdict, Approved)
    assert [check.name for check in verdict.checks] == ["holding"]


def test_its_own_limit_cuts_it_to_the_last_lot() -> None:
    verdict = asked("4", "-1", replace(RUINED, max_strategy=Decimal("0.03")), strategies={"STR-002": Decimal(100)})
    assert isinstance(verdict, Shrunk)
    assert (verdict.quantity, verdict.binding) == (Decimal(2), ("max_strategy",))
    assert {"holding", "halt", "strategy_red_at", "max_strategy"} <= {check.name for check in verdict.checks}


@pytest.mark.parametrize(
    ("near", "says"),
    [
        ({"strategy_drawdown": Decimal("0.1")}, "(strategy_red_at)"),
        ({"halts": ("strategy STR-002: fallen",)}, "halted: strategy STR-002: fallen (halt)"),
        ({"strategies": {"STR-002": Decimal(4000)}}, "max_strategy"),
        ({"wide": Wide({"max_strategy": Decimal("0.1")}, strategies={"STR-002": Decimal(1000)})}, "desk_max_strategy"),
        ({"wide": Wide({}, unrated={"EUR": "there is no rate of EUR"})}, "no rate of EUR"),
    ],
)
def test_what_its_own_limits_forbid_is_vetoed_by_name(near: dict[str, Any], says: str) -> None:
    verdict = asked("4", "0", **near)
    assert isinstance(verdict, Vetoed)
    assert says in " ".join(verdict.reasons)
    assert passed(asked("4", "4", **near)) == 4, "what lets go of its own holding is never stopped"


def test_what_no_open_order_closes_yet_bounds_it_too() -> None:
    wish = proposal(purpose=Purpose.TARGET, side=Side.SELL, quantity=TEN)
    near = around(strategy="STR-002", strategy_held=Decimal(0))
    held = book(held="10", cash="9000", closing={SYMBOL: Decimal(7)})
    tight = replace(RUINED, max_strategy=Decimal("0.02"))
    assert passed(assess(wish, held, RUINED, instrument(), near)) == 3
    assert passed(assess(wish, held, tight, instrument(), near)) == 2
    least = replace(tight, min_order_notional=Decimal(500))
    assert assess(wish, held, least, instrument(), near).checks[-1].name == "min_order_notional"
    assert passed(assess(wish, held, least, instrument(), near)) == 0
    gone = replace(held, closing={SYMBOL: TEN})
    assert assess(wish, gone, RUINED, instrument(), near).checks[0].allowed == 0


@settings(max_examples=150)
@given(REDUCTIONS)
def test_it_only_shrinks_and_an_order_that_lets_go_is_judged_as_before(case: Case) -> None:
    near = around(strategy="STR-002", strategies={"STR-002": Decimal(100)})
    plain = assess(*case)
    sign = Decimal(case.wish.side.sign)
    opening = assess(*case, replace(near, strategy_held=sign * 0))
    assert passed(opening) <= passed(plain)
    assert opening == plain or case.wish.purpose is not Purpose.REDUCTION
    assert assess(*case, replace(near, strategy_held=-sign)) == plain
    assert assess(*case, near) == plain


def test_one_that_lets_go_where_the_account_opens_has_the_account_s_limits_alone() -> None:
    tight = replace(OPEN, max_strategy=Decimal("0.0001"))
    wish = proposal(purpose=Purpose.TARGET, side=Side.BUY, quantity=TEN)
    near = {"strategy": "STR-002", "strategies": {"STR-002": Decimal(1000)}, "strategy_drawdown": Decimal("0.5")}
    for held, quantity in (("-10", 10), ("-9", 0), ("0", 0), ("10", 0)):
        around_it = around(**near, strategy_held=Decimal(held))
        assert passed(assess(wish, book(held="10", cash="9000"), tight, instrument(), around_it)) == quantity
    short_of_room = replace(tight, max_position=Decimal("0.15"))
    around_it = around(**near, strategy_held=Decimal(-10))
    verdict = assess(wish, book(held="10", cash="9000"), short_of_room, instrument(), around_it)
    assert isinstance(verdict, Shrunk)
    assert verdict.binding == ("max_position",)
