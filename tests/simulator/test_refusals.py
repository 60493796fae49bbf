"""What the exchange refuses, with the reason and the facts, and what that leaves behind."""

from __future__ import annotations

from typing import Any

import pytest

from quorum.domain import Side
from quorum.simulator.core import Exchange, Kind, Life, Reason, Refused, Terms, changed
from simulator.sim_markets import D, opened, ticket, top

BUY, SELL = Side.BUY, Side.SELL


def market() -> Exchange:
    exchange, _ = opened()
    exchange.quote("AAPL", top(exchange, "100.00"))
    exchange.quote("BTC/USD", top(exchange, "50000.00", "5"))
    return exchange


@pytest.mark.parametrize(
    ("terms", "reason"),
    [
        ({"quantity": "NaN"}, Reason.QUANTITY),
        ({"quantity": "-1"}, Reason.QUANTITY),
        ({"quantity": "0"}, Reason.QUANTITY),
        ({"quantity": "1e40"}, Reason.UNCLEAR),
        ({"quantity": "1e-10"}, Reason.UNCLEAR),
        ({"limit": "Infinity"}, Reason.UNCLEAR),
        ({"symbol": "NOPE"}, Reason.UNKNOWN_SYMBOL),
        ({"limit": "99.001"}, Reason.TICK),
        ({"limit": "-5"}, Reason.UNCLEAR),
        ({"stop": "99"}, Reason.UNCLEAR),
        ({"kind": Kind.STOP}, Reason.UNCLEAR),
        ({"notional": "100"}, Reason.QUANTITY),
        ({"quantity": "100000"}, Reason.NO_FUNDS),
        ({"symbol": "BTC/USD", "quantity": "2.5"}, Reason.NO_FUNDS),
        ({"symbol": "BTC/USD", "quantity": "0.00001"}, Reason.TOO_SMALL),
        ({"symbol": "BTC/USD", "quantity": "1", "side": SELL}, Reason.NO_SHARES),
        ({"quantity": "1.5", "side": SELL}, Reason.NO_SHORTS),
    ],
)
def test_a_senseless_order_is_refused_by_name_and_leaves_only_a_line(terms: dict[str, Any], reason: Reason) -> None:
    exchange = market()
    asked = {"name": "a", "side": BUY, "quantity": "10", **terms}
    with pytest.raises(Refused) as refusal:
        exchange.place(ticket(**asked))
    assert refusal.value.reason is reason
    assert not exchange.floor.orders
    assert exchange.journal.lines()[-1]["kind"] == "declined"


def test_an_id_is_taken_once_and_for_ever() -> None:
    exchange = market()
    order = exchange.place(ticket("a", BUY, "1", limit="90.00"))
    exchange.cancel(order.order_id)
    with pytest.raises(Refused, match="client_order_id must be unique"):
        exchange.place(ticket("a", BUY, "1"))


def test_shares_that_are_promised_cannot_be_sold_again() -> None:
    exchange = market()
    exchange.place(ticket("a", BUY, "10"))
    exchange.match("AAPL")
    held = exchange.place(ticket("b", SELL, "7", limit="120.00"))
    with pytest.raises(Refused) as refusal:
        exchange.place(ticket("c", SELL, "4"))
    assert refusal.value.reason is Reason.NO_SHARES
    assert refusal.value.facts["available"] == "3"
    assert refusal.value.facts["held_for_orders"] == "7"
    assert refusal.value.facts["related_orders"] == held.order_id


def test_open_buys_reserve_buying_power() -> None:
    exchange = market()
    exchange.terms = Terms(D(1))
    exchange.place(ticket("a", BUY, "900", limit="90.00"))
    with pytest.raises(Refused) as refusal:
        exchange.place(ticket("b", BUY, "200", limit="99.00"))
    assert refusal.value.facts == {"buying_power": "19000.00", "cost_basis": "19800.00"}


def test_a_cash_account_sells_nothing_short_and_a_margin_account_does() -> None:
    exchange = market()
    exchange.place(ticket("a", SELL, "10"))
    exchange.match("AAPL")
    assert exchange.floor.held("AAPL") == -10
    exchange.terms = Terms(D(1))
    exchange.place(ticket("b", BUY, "10"))
    exchange.match("AAPL")
    with pytest.raises(Refused, match="not allowed to short"):
        exchange.place(ticket("c", SELL, "1"))


@pytest.mark.parametrize(
    ("first", "second", "refused"),
    [
        ({"limit": "90.00"}, {"limit": "95.00"}, False),
        ({"limit": "95.00"}, {"limit": "95.00"}, True),
        ({"limit": "90.00"}, {"kind": Kind.STOP, "stop": "80.00"}, True),
        ({"limit": "90.00"}, {}, True),
    ],
)
def test_no_order_may_trade_with_one_of_the_same_account(
    first: dict[str, Any], second: dict[str, Any], refused: bool
) -> None:
    exchange = market()
    standing = exchange.place(ticket("a", BUY, "1", **first))
    second_order = ticket("b", SELL, "1", **second)
    if not refused:
        exchange.place(second_order)
        return
    with pytest.raises(Refused) as refusal:
        exchange.place(second_order)
    assert refusal.value.facts["existing_order_id"] == standing.order_id


def test_a_replacement_takes_the_rest_and_a_refused_one_changes_nothing() -> None:
    exchange = market()
    exchange.terms = Terms(D(1))
    exchange.quote("AAPL", top(exchange, "100.00", "4"))
    old = exchange.place(ticket("a", BUY, "10", limit="100.01"))
    exchange.match("AAPL")
    with pytest.raises(Refused):
        exchange.replace(old.order_id, changed(exchange.floor.orders[old.order_id], "b", {"quantity": D(99_999)}))
    assert not exchange.floor.orders[old.order_id].state.ended
    new = exchange.replace(old.order_id, changed(exchange.floor.orders[old.order_id], "c", {"limit": D("99.00")}))
    assert (new.quantity, new.ticket.limit, new.replaces) == (6, D("99.00"), old.order_id)
    gone = exchange.floor.orders[old.order_id]
    assert (gone.state.value, gone.replaced_by, gone.filled) == ("replaced", new.order_id, 4)
    with pytest.raises(Refused, match="already in"):
        exchange.cancel(old.order_id)


def test_a_day_order_in_the_day_of_always_ends_at_midnight() -> None:
    exchange, clock = opened()
    order = exchange.place(ticket("a", BUY, "1", limit="50.00", life=Life.DAY))
    clock.advance_to((order.expires or 0) - 1)
    exchange.expire()
    assert order.order_id in exchange.floor.working
    clock.advance_to(order.expires or 0)
    exchange.expire()
    assert exchange.floor.orders[order.order_id].state.value == "expired"
