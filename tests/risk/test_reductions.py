"""What takes risk off is never stopped, and never becomes risk the other way round."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.words import decimals, proposal
from quorum.domain import Approved, Purpose, Shrunk, Side, Vetoed
from quorum.risk import RiskLimits, assess
from risk.books import OPEN, REDUCTIONS, SYMBOL, Case, book, instrument, passed

USED_UP = RiskLimits(
    *(Decimal("0.0001"), Decimal("0.0001"), Decimal("0.0001"), Decimal("0.0001")),
    min_reward_risk=Decimal(100),
    min_order_notional=Decimal(10**9),
)


@settings(max_examples=300)
@given(REDUCTIONS)
def test_a_reduction_passes_up_to_what_no_open_order_closes_whatever_the_limits(case: Case) -> None:
    free = abs(case.book.quantity(SYMBOL)) - case.book.closing[SYMBOL]
    verdict = assess(*case)
    assert passed(verdict) == min(free, case.wish.quantity)
    assert [check.name for check in verdict.checks] == ["holding"]
    assert isinstance(verdict, Approved) == (free >= case.wish.quantity)
    ruined = case._replace(limits=USED_UP, book=replace(case.book, cash=Decimal(-(10**9)), funded=Decimal(10**9)))
    assert assess(*ruined) == verdict


@settings(max_examples=100)
@given(REDUCTIONS, st.lists(decimals(1, 400_000, 3), min_size=1, max_size=4))
def test_all_open_closings_together_never_turn_a_holding_around(case: Case, asked: list[Decimal]) -> None:
    held, closing = abs(case.book.quantity(SYMBOL)), case.book.closing[SYMBOL]
    for quantity in asked:
        now = replace(case.book, closing={SYMBOL: closing})
        closing += passed(assess(replace(case.wish, quantity=quantity), now, case.limits, case.instrument))
        assert closing <= held


@pytest.mark.parametrize("purpose", Purpose)
@pytest.mark.parametrize(("held", "side"), [("10", Side.SELL), ("-10", Side.BUY)])
def test_golden_the_holding_is_the_bound_of_every_purpose(purpose: Purpose, held: str, side: Side) -> None:
    for asked, already, quantity in (("4", "0", "4"), ("25", "0", "10"), ("25", "7.5", "2.5"), ("1", "10", "0")):
        now = book(held=held, closing={SYMBOL: Decimal(already)})
        verdict = assess(proposal(purpose=purpose, side=side, quantity=Decimal(asked)), now, USED_UP, instrument())
        assert passed(verdict) == Decimal(quantity)
        if isinstance(verdict, Shrunk):
            assert verdict.binding == ("holding",)
        if isinstance(verdict, Vetoed):
            assert verdict.reasons == ("open orders already close the whole holding of BTCUSDT",)


def test_a_reduction_of_nothing_opens_nothing() -> None:
    for held, side in (("0", Side.SELL), ("0", Side.BUY), ("5", Side.BUY), ("-5", Side.SELL)):
        wish = proposal(purpose=Purpose.REDUCTION, side=side)
        verdict = assess(wish, book(held=held), OPEN, instrument())
        assert verdict == Vetoed((f"there is no BTCUSDT to reduce by a {side}",), ())
