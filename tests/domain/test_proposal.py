"""A wish to trade makes sense, and says what it risks and what for."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given

from domain.words import PRICES, decimals, proposal
from quorum.domain import NO_EXIT, Check, ExitPlan, Purpose, Quote, Side, UsageError


def exits(stop: str | None, *targets: str) -> ExitPlan:
    return ExitPlan(None if stop is None else Decimal(stop), tuple(map(Decimal, targets)))


@pytest.mark.parametrize(
    ("quantity", "price"), [("-1", "1"), ("1", "0"), ("1", "-1"), ("NaN", "1"), ("1", "NaN"), ("Infinity", "1")]
)
def test_a_wish_for_less_than_nothing_or_for_nothing_s_price_is_refused(quantity: str, price: str) -> None:
    with pytest.raises(UsageError, match="makes no sense"):
        proposal(quantity=Decimal(quantity), price=Decimal(price))


@pytest.mark.parametrize(
    ("side", "plan", "risk", "ratio"),
    [
        (Side.BUY, exits("95", "110", "120"), "5", "2"),
        (Side.SELL, exits("105", "90"), "5", "2"),
        (Side.BUY, exits("96", "102"), "4", "0.5"),
        (Side.BUY, exits("95", "90"), "5", "-2"),
        (Side.BUY, exits("105", "110"), "-5", None),
        (Side.SELL, exits("95", "90"), "-5", None),
        (Side.BUY, exits("100", "110"), "0", None),
        (Side.BUY, exits("95"), "5", None),
        (Side.BUY, exits(None, "110"), None, None),
        (Side.SELL, NO_EXIT, None, None),
    ],
)
def test_reward_over_risk_is_measured_on_the_side_of_the_trade(
    side: Side, plan: ExitPlan, risk: str | None, ratio: str | None
) -> None:
    wish = proposal(side=side, exit=plan)
    assert wish.risk == (None if risk is None else Decimal(risk))
    assert wish.reward_risk == (None if ratio is None else Decimal(ratio))


def test_there_are_four_purposes() -> None:
    assert sorted(Purpose) == ["plan", "reduction", "signal", "target"]


@given(decimals(0, 10**9, 2), decimals(0, 10**9, 2))
def test_a_check_passes_when_all_that_is_asked_is_allowed(asked: Decimal, allowed: Decimal) -> None:
    assert Check("cash", "USD", Decimal(1), Decimal(0), asked, allowed).passed == (asked <= allowed)


@given(PRICES, PRICES)
def test_the_mid_lies_between_bid_and_ask(bid: Decimal, ask: Decimal) -> None:
    low, high = sorted((bid, ask))
    assert low <= Quote("BTCUSDT", 0, low, high).mid <= high


def test_sides_are_opposite() -> None:
    assert (Side.BUY.sign, Side.SELL.sign) == (1, -1)
    assert proposal().notional == 1000
