"""Books and venue are equal to the last unit, or every line on which they are not is named."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.words import AMOUNTS, BOOKS, NOW, PRICES, SYMBOLS, amounts_of, intent
from quorum.domain import MINUTE, Book, Order, OrderStatus, Position, Side, UsageError
from quorum.execution import BrokerAccount, BrokerOrder, differences
from quorum.execution.reconcile import (
    Ours,
    Policy,
    PositionGap,
    Step,
    Theirs,
    entry_of_adoption,
    resolutions,
)

UNIT = Decimal("0.00000001")
MINE = Book("paper", "USDT", 1, Decimal("9000.00"), Decimal(10_000), {"BTCUSDT": Position("BTCUSDT", Decimal("0.500"))})


def venue(cash: dict[str, str], **positions: str) -> BrokerAccount:
    return BrokerAccount(
        {name: Decimal(amount) for name, amount in cash.items()},
        {symbol: Decimal(quantity) for symbol, quantity in positions.items()},
    )


def test_equal_amounts_are_equal_however_they_are_written() -> None:
    assert differences(MINE, venue({"USDT": "9000", "EUR": "0"}, BTCUSDT="0.5", ETHUSDT="0")) == ()


def test_golden_every_line_that_differs_is_named() -> None:
    assert differences(MINE, venue({"USDT": "9000.00000001", "BNB": "3"}, ETHUSDT="-2")) == (
        "cash BNB: 0 here, 3 at the venue",
        "cash USDT: 9000.00 here, 9000.00000001 at the venue",
        "BTCUSDT: 0.500 here, 0 at the venue",
        "ETHUSDT: 0 here, -2 at the venue",
    )
    assert differences(MINE, venue({}, BTCUSDT="0.5")) == ("cash USDT: 9000.00 here, 0 at the venue",)


@settings(max_examples=50)
@given(BOOKS, amounts_of(AMOUNTS))
def test_the_lines_that_differ_are_exactly_those_named(book: Book, theirs: dict[str, Decimal]) -> None:
    found = differences(book, BrokerAccount({book.currency: book.cash}, theirs))
    wrong = [s for s in sorted(SYMBOLS) if book.quantity(s) != theirs.get(s, 0)]
    assert [line.partition(":")[0] for line in found] == wrong
    same = {symbol: position.quantity for symbol, position in book.positions.items()}
    assert differences(book, BrokerAccount({book.currency: book.cash}, same)) == ()
    assert len(differences(replace(book, cash=book.cash + UNIT), BrokerAccount({book.currency: book.cash}, same))) == 1


def ours(book: Book = MINE, *orders: Order, **more: Any) -> Ours:
    """Our side at NOW, its open orders known by their ids."""
    known = {order.intent.client_order_id: order for order in orders}
    return Ours(book, NOW, tuple(o for o in orders if not o.status.terminal), known, **more)


def sent(status: OrderStatus, quantity: str = "0.5", **changed: Any) -> Order:
    """An order for so much, sent a minute ago."""
    return Order(intent(quantity=Decimal(quantity), reserve=Decimal(600), **changed), status, sent=NOW - MINUTE)


def steps(mine: Ours, venue_: Theirs, policy: Policy | None = None) -> list[tuple[str, Step]]:
    """Kind and step of every difference."""
    found = resolutions(mine, venue_, policy or Policy())
    return [(type(one.difference).__name__, one.step) for one in found]


AGREED = venue({"USDT": "9000"}, BTCUSDT="0.5")
MORE = venue({"USDT": "8950"}, BTCUSDT="1")
OPEN = BrokerOrder("Q1", OrderStatus.ACCEPTED, (), "", "BTCUSDT", Decimal("0.5"))


@pytest.mark.parametrize("step", [Step.LEAVE, Step.CANCEL, Step.HALT])
def test_an_order_that_nobody_here_sent_is_treated_by_the_policy(step: Step) -> None:
    assert steps(ours(), Theirs(AGREED, (OPEN,)), Policy(foreign_orders=step)) == [("ForeignOrder", step)]


def test_an_order_that_ended_here_is_cancelled_where_it_is_open() -> None:
    for status in (OrderStatus.NEVER_ARRIVED, OrderStatus.CANCELLED, OrderStatus.EXPIRED):
        assert steps(ours(MINE, sent(status)), Theirs(AGREED, (OPEN,))) == [("StrayOrder", Step.CANCEL)]
    assert steps(ours(MINE, sent(OrderStatus.ACCEPTED)), Theirs(AGREED, (OPEN,))) == []


def test_an_accepted_order_that_the_venue_forgot_halts() -> None:
    mine = ours(MINE, sent(OrderStatus.ACCEPTED), forgotten=frozenset({"Q1"}))
    assert steps(mine, Theirs(AGREED)) == [("LostOrder", Step.HALT)]


@pytest.mark.parametrize(
    ("status", "quantity", "age", "waits"),
    [
        (OrderStatus.UNKNOWN, "0.5", 1, True),
        (OrderStatus.SENT, "0.9", 1, True),
        (OrderStatus.UNKNOWN, "0.4", 1, False),
        (OrderStatus.UNKNOWN, "0.5", 3, False),
        (OrderStatus.ACCEPTED, "0.5", 1, False),
    ],
)
def test_an_order_without_an_answer_explains_what_it_could_have_done_for_a_while(
    status: OrderStatus, quantity: str, age: int, waits: bool
) -> None:
    order = replace(sent(status, quantity), sent=NOW - age * MINUTE)
    step = Step.WAIT if waits else Step.HALT
    cash = Step.WAIT if status is not OrderStatus.ACCEPTED and age == 1 else Step.HALT
    assert steps(ours(MINE, order), Theirs(MORE)) == [("CashGap", cash), ("PositionGap", step)]
    other = steps(ours(MINE, replace(order, intent=intent(side=Side.SELL))), Theirs(MORE))
    assert other == [("CashGap", Step.HALT), ("PositionGap", Step.HALT)]


def test_dust_and_rounding_are_left() -> None:
    policy = Policy(dust_lots=Decimal(1), cash_tolerance=Decimal("0.01"))
    mine = ours(lots={"BTCUSDT": Decimal("0.00001")})
    near, far = venue({"USDT": "9000.01"}, BTCUSDT="0.50001"), venue({"USDT": "8999.98"}, BTCUSDT="0.49998")
    assert steps(mine, Theirs(near), policy) == [("CashGap", Step.LEAVE), ("PositionGap", Step.LEAVE)]
    assert steps(mine, Theirs(far), policy) == [("CashGap", Step.HALT), ("PositionGap", Step.HALT)]


def test_a_holding_is_adopted_at_the_price_that_is_known_and_not_without_one() -> None:
    policy = Policy(foreign_positions=Step.ADOPT, cash=Step.ADOPT)

    def price(book: Book, theirs: BrokerAccount) -> tuple[Step, Decimal]:
        *_, of_position = resolutions(ours(book), Theirs(theirs), policy)
        return of_position.step, of_position.price

    bought = venue({"USDT": "8950"}, BTCUSDT="1.0")
    assert price(replace(MINE, marks={"BTCUSDT": Decimal(120)}), bought) == (Step.ADOPT, Decimal(120))
    dear = replace(MINE, positions={"BTCUSDT": Position("BTCUSDT", Decimal("0.5"), Decimal(55))})
    assert price(dear, bought) == (Step.ADOPT, Decimal(110))
    assert price(MINE, bought) == (Step.ADOPT, Decimal(100))
    given_away = venue({"USDT": "9000"}, BTCUSDT="1.0")
    assert price(MINE, given_away) == (Step.HALT, Decimal(0))
    for said in (bought, given_away):  # what the venue says of it goes before what its cash may mean
        told = replace(said, paid={"BTCUSDT": Decimal("97.5")})
        assert price(MINE, told) == (Step.ADOPT, Decimal("97.5"))


def test_a_policy_that_makes_no_sense_is_refused() -> None:
    for wrong in ({"foreign_orders": Step.ADOPT}, {"foreign_positions": Step.CANCEL}, {"cash": Step.LEAVE}):
        with pytest.raises(UsageError, match=next(iter(wrong))):
            Policy(**wrong)  # type: ignore[arg-type]


@settings(max_examples=50)
@given(AMOUNTS.filter(bool), st.sampled_from(["BTCUSDT", "AAPL"]), PRICES)
def test_an_adoption_is_an_entry_that_leaves_the_venue_s_holding(more: Decimal, symbol: str, price: Decimal) -> None:
    gap = PositionGap(symbol, Decimal(3), Decimal(3) + more)
    entry = entry_of_adoption("paper", gap, price, (NOW, "adopted-1"))
    moved = {(p.ledger_account, p.commodity): p.amount for p in entry.postings}
    assert (moved["assets:holding", symbol], entry.kind) == (more, "adoption")
    assert "assets:cash" not in {p.ledger_account for p in entry.postings}


def test_a_sale_without_an_answer_explains_cash_at_a_price_better_than_its_collar() -> None:
    sale = replace(
        sent(OrderStatus.UNKNOWN), intent=intent(side=Side.SELL, quantity=Decimal("0.5"), reserve=Decimal(50))
    )
    marked = replace(MINE, marks={"BTCUSDT": Decimal(200)})
    for cash, step in (("9110", Step.WAIT), ("9150", Step.WAIT), ("9151", Step.HALT), ("8900", Step.HALT)):
        assert steps(ours(marked, sale), Theirs(venue({"USDT": cash}, BTCUSDT="0"))) == [
            ("CashGap", step),
            ("PositionGap", Step.WAIT),
        ]
    bought = venue({"USDT": "8398"}, BTCUSDT="1")
    assert steps(ours(MINE, sent(OrderStatus.UNKNOWN)), Theirs(bought))[0] == ("CashGap", Step.WAIT), "with its fee"
