"""Risk only ever makes a trade smaller, and no trade that it lets pass can break a limit."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from domain.words import proposal
from quorum.domain import NO_EXIT, Approved, ExitPlan, Position, Purpose, Shrunk, Side, Vetoed
from quorum.risk import RiskLimits, assess, collar
from risk.books import OPEN, OPENINGS, SYMBOL, Case, book, instrument, passed, stopped, worth

ROOMS = ["max_position", "max_deployed"]


def breaks(case: Case, quantity: Decimal) -> set[str]:
    """The limits that an order of `quantity` at its worst price would break, told from the book alone."""
    wish, limits, size, now = case.wish, case.limits, Fraction(quantity), worth(case.book)
    equity, cost = max(now.equity, Fraction(0)), size * Fraction(max(collar(wish, limits, case.instrument), wish.price))
    ratio = wish.reward_risk or 0
    smallest = max(limits.min_order_notional, case.instrument.min_notional)
    stop = wish.exit.stop
    lost = None if stop is None else size * wish.side.sign * Fraction(wish.price - stop)
    broken = {
        "max_total_loss": now.equity <= Fraction(case.book.funded) * (1 - Fraction(limits.max_total_loss)),
        "allow_short": wish.side is Side.SELL and not limits.allow_short,
        "min_reward_risk": wish.purpose is Purpose.SIGNAL and (stop is None or ratio < limits.min_reward_risk),
        "max_position": now.exposure[SYMBOL] + cost > equity * Fraction(limits.max_position),
        "max_deployed": sum(now.exposure.values()) + cost > equity * Fraction(limits.max_deployed),
        "cash": wish.side is Side.BUY and now.reserved + cost > Fraction(case.book.cash),
        "risk_per_trade": lost is not None and (lost <= 0 or lost > equity * Fraction(limits.risk_per_trade)),
        "min_order_notional": size * Fraction(wish.price) < Fraction(smallest),
    }
    return {name for name, is_broken in broken.items() if is_broken}


@settings(max_examples=600)
@given(OPENINGS)
def test_no_order_that_passes_breaks_a_limit_and_none_was_cut_for_nothing(case: Case) -> None:
    verdict = assess(*case)
    quantity, lot = passed(verdict), case.instrument.lot
    assert 0 <= quantity <= case.wish.quantity
    assert Fraction(quantity / lot).denominator == 1
    if quantity:
        assert breaks(case, quantity) == set()
    if case.wish.purpose is not Purpose.REDUCTION and quantity + lot <= case.wish.quantity:
        assert breaks(case, quantity + lot) != set()
    assert isinstance(verdict, Approved) == (0 < quantity == case.wish.quantity)
    assert isinstance(verdict, Vetoed) == (quantity == 0)


@settings(max_examples=300)
@given(OPENINGS)
def test_every_limit_that_applies_is_on_record_and_those_that_cut_are_named(case: Case) -> None:
    wish = case.wish
    assume(wish.purpose is not Purpose.REDUCTION and wish.quantity > 0)
    verdict = assess(*case)
    assert {check.name for check in verdict.checks} == {
        *("max_total_loss", "min_order_notional", *ROOMS),
        *(["allow_short"] if wish.side is Side.SELL else ["cash"]),
        *(["min_reward_risk"] if wish.purpose is Purpose.SIGNAL else []),
        *(["risk_per_trade"] if wish.exit.stop is not None else []),
    }
    assert {check.asked for check in verdict.checks} == {wish.quantity}
    assert all(0 <= check.allowed <= wish.quantity for check in verdict.checks)
    failed = {check.name for check in verdict.checks if not check.passed}
    if isinstance(verdict, Shrunk):
        assert set(verdict.binding) == (failed or {"lot"})
        assert (verdict.asked, len(verdict.binding)) == (wish.quantity, len(set(verdict.binding)))
    elif isinstance(verdict, Vetoed):
        assert verdict.reasons
        for reason in verdict.reasons:
            assert len(reason.splitlines()) == 1
            assert any(name in reason for name in failed)
    else:
        assert failed == set()


@settings(max_examples=150)
@given(st.lists(st.integers(1, 50_000), min_size=2, max_size=6), OPENINGS)
def test_one_after_the_other_with_their_reserves_they_stay_within_the_limits(sizes: list[int], case: Case) -> None:
    now = case.book
    for units in sizes:
        wish = replace(case.wish, purpose=Purpose.PLAN, quantity=Decimal(units).scaleb(-3), exit=NO_EXIT)
        size = passed(assess(wish, now, case.limits, case.instrument))
        cost = size * max(collar(wish, case.limits, case.instrument), wish.price)
        now = replace(now, reserved={**now.reserved, SYMBOL: now.reserved.get(SYMBOL, Decimal(0)) + cost})
        if size:
            after = worth(now)
            assert after.exposure[SYMBOL] <= after.equity * Fraction(case.limits.max_position)
            assert sum(after.exposure.values()) <= after.equity * Fraction(case.limits.max_deployed)
            assert wish.side is Side.SELL or after.reserved <= Fraction(now.cash)


def test_golden_the_tightest_limit_decides_at_the_collar() -> None:
    limits = RiskLimits()
    verdict = assess(proposal(quantity=Decimal(100)), book(), limits, instrument())
    assert isinstance(verdict, Shrunk)
    assert verdict.quantity == Decimal("39.603")  # 40 % of 10,000 at 101
    assert set(verdict.binding) == {"max_position", "max_deployed", "cash"}
    assert {check.name: f"{check.used:.2f} of {check.limit:.2f} {check.unit}" for check in verdict.checks} == {
        "max_position": "0.00 of 4000.00 USDT",
        "max_deployed": "0.00 of 6000.00 USDT",
        "cash": "0.00 of 10000.00 USDT",
        "max_total_loss": "10000.00 of 8000.00 USDT",
        "min_order_notional": "3960.30 of 10.00 USDT",
    }


def test_golden_holdings_and_open_orders_use_up_room() -> None:
    other = {"ETHUSDT": Position("ETHUSDT", Decimal(-20), Decimal(-2000))}
    held = book(
        cash="11000",
        positions={SYMBOL: Position(SYMBOL, Decimal(10), Decimal(900)), **other},
        reserved={SYMBOL: Decimal(500), "AAPL": Decimal(250)},
        marks={SYMBOL: Decimal(100), "ETHUSDT": Decimal(100)},
    )
    verdict = assess(proposal(quantity=Decimal(50)), held, RiskLimits(), instrument())
    used = {check.name: check.used for check in verdict.checks}
    assert held.equity == 10_000
    assert used["max_position"] == 1500
    assert used["max_deployed"] == 3750
    assert used["cash"] == 750
    assert passed(verdict) == Decimal("22.277")  # (6,000 - 3,750) / 101


@pytest.mark.parametrize(
    ("equity", "opens"), [("8000.01", True), ("8000", False), ("7999.99", False), ("0", False), ("-5", False)]
)
def test_at_the_total_loss_nothing_opens(equity: str, opens: bool) -> None:
    verdict = assess(proposal(quantity=Decimal(1)), book(cash=equity), RiskLimits(), instrument())
    assert isinstance(verdict, Approved) == opens
    if isinstance(verdict, Vetoed):
        assert f"equity {equity}" in verdict.reasons[0]
        assert "(max_total_loss)" in verdict.reasons[0]
    (room,) = [check for check in verdict.checks if check.name == "max_position"]
    assert room.limit == max(Decimal(equity), Decimal(0)) * Decimal("0.4")


@pytest.mark.parametrize("purpose", [Purpose.SIGNAL, Purpose.TARGET, Purpose.PLAN])
@pytest.mark.parametrize(
    ("plan", "worth_it"),
    [
        (stopped("99", "101.5"), True),
        (stopped("99", "101.49"), False),
        (ExitPlan(None, (Decimal(120),)), False),
        (stopped("99"), False),
        (ExitPlan(), False),
        (stopped("99", "98"), False),
    ],
)
def test_a_stop_and_its_reward_are_asked_of_signals_only(purpose: Purpose, plan: ExitPlan, worth_it: bool) -> None:
    wish = proposal(quantity=Decimal(1), purpose=purpose, exit=plan)
    verdict = assess(wish, book(), RiskLimits(), instrument())
    assert isinstance(verdict, Approved) == (worth_it or purpose is not Purpose.SIGNAL)
    if isinstance(verdict, Vetoed):
        assert "min_reward_risk" in verdict.reasons[0]


@pytest.mark.parametrize(("side", "stop"), [(Side.BUY, "100"), (Side.BUY, "105"), (Side.SELL, "95")])
def test_a_stop_that_is_not_behind_the_price_protects_nothing(side: Side, stop: str) -> None:
    for purpose in (Purpose.SIGNAL, Purpose.TARGET, Purpose.PLAN):
        wish = proposal(side=side, quantity=Decimal(1), purpose=purpose, exit=stopped(stop, "120"))
        verdict = assess(wish, book(), OPEN, instrument())
        assert isinstance(verdict, Vetoed)
        assert any("(risk_per_trade)" in reason for reason in verdict.reasons)


def test_what_a_stop_may_lose_bounds_the_quantity() -> None:
    wish = proposal(quantity=Decimal(30), exit=stopped("98"))
    verdict = assess(wish, book(), RiskLimits(), instrument())
    assert isinstance(verdict, Shrunk)
    assert verdict.quantity == 25
    assert verdict.binding == ("risk_per_trade",)


def test_short_selling_needs_leave() -> None:
    wish = proposal(side=Side.SELL, quantity=Decimal(5))
    refused = assess(wish, book(), RiskLimits(), instrument())
    assert isinstance(refused, Vetoed)
    assert refused.reasons == ("the book may not sell short (allow_short is false)",)
    assert isinstance(assess(wish, book(), RiskLimits(allow_short=True), instrument()), Approved)


@pytest.mark.parametrize(
    ("asked", "lot", "smallest", "quantity"),
    [
        ("0.1", "0.001", "0", "0.1"),
        ("0.0999", "0.0001", "0", "0"),
        ("1", "0.001", "100", "1"),
        ("0.999", "0.001", "100", "0"),
        ("0.9", "1", "0", "0"),
        ("7.9", "1", "0", "7"),
        ("7.9", "0.25", "0", "7.75"),
        ("7.9", "3", "0", "6"),
    ],
)
def test_whole_lots_of_at_least_the_smallest_order(asked: str, lot: str, smallest: str, quantity: str) -> None:
    grid = instrument(lot=lot, smallest=smallest)
    verdict = assess(proposal(quantity=Decimal(asked)), book(), RiskLimits(), grid)
    assert passed(verdict) == Decimal(quantity)
    if isinstance(verdict, Vetoed):
        assert "(min_order_notional)" in verdict.reasons[0]
    if isinstance(verdict, Shrunk):
        assert verdict.binding == ("lot",)


def test_no_room_is_rounded_up_to_a_lot_that_does_not_fit() -> None:
    wide = replace(OPEN, max_position=Decimal(2), max_deployed=Decimal(2), price_collar_bps=Decimal(0))
    wish = proposal(quantity=Decimal(3), price=Decimal(50))
    for cash, fits in (("74." + "9" * 26, "0"), ("75", "1.5")):
        verdict = assess(wish, book(cash=cash, funded=Decimal(1)), wide, instrument(lot="1.5"))
        assert passed(verdict) == Decimal(fits)


def test_nothing_asked_is_nothing_approved_and_no_limit_is_blamed() -> None:
    for held in ("0", "5", "-5"):
        verdict = assess(proposal(quantity=Decimal(0)), book(held=held), RiskLimits(), instrument())
        assert verdict == Vetoed(("nothing is asked for: 0 BTCUSDT",), ())
