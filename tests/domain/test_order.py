"""An order moves as its table says and no other way, and is never filled beyond what was asked."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.words import decimals, intent
from quorum.domain import MOVES, IllegalMove, Order, OrderStatus

S = OrderStatus
FILLS = {S.PARTIALLY_FILLED: Decimal(1), S.FILLED: Decimal(6)}
ENDS = {S.FILLED, S.CANCELLED, S.REJECTED, S.EXPIRED, S.NEVER_ARRIVED}


def at(status: OrderStatus) -> Order:
    """An order of 10 in `status`, with as much filled as belongs to it."""
    filled = {S.PARTIALLY_FILLED: Decimal(4), S.FILLED: Decimal(10)}.get(status, Decimal(0))
    return Order(intent(), status, filled)


@pytest.mark.parametrize("after", OrderStatus)
@pytest.mark.parametrize("before", OrderStatus)
def test_every_pair_moves_exactly_when_the_table_has_it(before: OrderStatus, after: OrderStatus) -> None:
    order = at(before)
    more = order.intent.quantity - order.filled if after is S.FILLED else FILLS.get(after, Decimal(0))
    if after in MOVES[before]:
        moved = order.move(after, more)
        assert moved == replace(order, status=after, filled=order.filled + more)
    else:
        with pytest.raises(IllegalMove, match=f"^order Q1: {before} cannot become {after}$"):
            order.move(after, more)


def test_the_table_knows_every_status_and_says_which_are_the_end() -> None:
    assert set(MOVES) == set(OrderStatus)
    assert {status for status in OrderStatus if status.terminal} == ENDS


def reach(status: OrderStatus) -> set[OrderStatus]:
    found, fresh = {status}, {status}
    while fresh:
        fresh = {after for before in fresh for after in MOVES[before]} - found
        found |= fresh
    return found


def test_every_order_can_end_and_none_can_be_sent_again() -> None:
    for status in set(OrderStatus) - ENDS:
        assert reach(status) & ENDS
    assert reach(S.INTENDED) == set(OrderStatus)
    for status in set(OrderStatus) - {S.INTENDED}:
        assert not reach(status) & ({S.INTENDED, S.SENT} - {status})


def test_what_the_venue_has_can_not_be_said_to_have_never_arrived_and_what_traded_not_to_be_rejected() -> None:
    for status in (S.ACCEPTED, S.PARTIALLY_FILLED):
        assert not reach(status) & {S.UNKNOWN, S.NEVER_ARRIVED}
    assert S.REJECTED not in reach(S.PARTIALLY_FILLED)
    assert not MOVES[S.INTENDED] & {S.UNKNOWN, S.ACCEPTED, S.REJECTED, S.NEVER_ARRIVED, *FILLS}


@pytest.mark.parametrize(
    ("status", "filled", "message"),
    [
        (S.FILLED, "10.00000001", "10.00000001 filled of 10"),
        (S.PARTIALLY_FILLED, "11", "11 filled of 10"),
        (S.FILLED, "0", "filled with 0 more filled, 0 of 10"),
        (S.FILLED, "9.99999999", "filled with 9.99999999 more filled, 9.99999999 of 10"),
        (S.PARTIALLY_FILLED, "10", "partially_filled with 10 more filled, 10 of 10"),
        (S.PARTIALLY_FILLED, "0", "partially_filled with 0 more filled, 0 of 10"),
        (S.PARTIALLY_FILLED, "-1", "partially_filled with -1 more filled, -1 of 10"),
        (S.CANCELLED, "-1", "cancelled with -1 more filled, -1 of 10"),
        (S.CANCELLED, "1", "cancelled with 1 more filled, 1 of 10"),
        (S.EXPIRED, "10", "expired with 10 more filled, 10 of 10"),
    ],
)
def test_fills_come_with_their_status_and_never_beyond_the_quantity(
    status: OrderStatus, filled: str, message: str
) -> None:
    with pytest.raises(IllegalMove) as refusal:
        at(S.SENT).move(status, Decimal(filled))
    assert str(refusal.value) == f"order Q1: {message}"


@given(st.lists(st.tuples(st.sampled_from(OrderStatus), st.just(Decimal(0)) | decimals(-100, 1200, 2)), max_size=8))
def test_whatever_is_tried_an_order_keeps_its_promises(tries: list[tuple[OrderStatus, Decimal]]) -> None:
    order = Order(intent())
    for status, filled in [(S.SENT, Decimal(0)), *tries]:
        before = order
        try:
            order = order.move(status, filled)
        except IllegalMove:
            continue
        assert not before.status.terminal
        assert before.filled <= order.filled <= order.intent.quantity
        assert (order.status is S.FILLED) == (order.filled == order.intent.quantity)
        ended = order.status.terminal
        left = Decimal(0) if ended else order.intent.quantity - order.filled
        assert order.remaining == left
        assert Fraction(order.reserved) == Fraction(order.intent.reserve) * Fraction(left) / 10
