"""Orders meet the market by price and time, never beyond their limits, and money is neither made nor lost."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quorum.domain import SECOND, ZERO, Side
from quorum.simulator.core import Exchange, Kind, Life, MemoryJournal, Refused, State, Traded, replayed
from quorum.simulator.core.floor import Floor
from simulator.sim_markets import D, opened, ticket, top

BUY, SELL = Side.BUY, Side.SELL
moves = st.one_of(
    st.tuples(st.just("quote"), st.integers(9_000, 11_000), st.integers(0, 60)),
    st.tuples(st.just("order"), st.sampled_from([BUY, SELL]), st.integers(1, 120), st.integers(9_000, 11_000)),
    st.tuples(
        st.just("stop"),
        st.sampled_from([BUY, SELL]),
        st.integers(1, 50),
        st.integers(9_000, 11_000),
        st.sampled_from(list(Life)),
    ),
    st.tuples(st.just("now"), st.sampled_from([BUY, SELL]), st.integers(1, 80), st.sampled_from(list(Life))),
    st.tuples(st.just("cancel"), st.integers(0, 20)),
    st.tuples(st.just("time"), st.integers(1, 100_000)),
    st.tuples(st.just("halt"), st.booleans()),
    st.tuples(st.just("hand"), st.integers(-20, 20)),
)


def cents(value: int) -> str:
    return f"{value // 100}.{value % 100:02d}"


def do(exchange: Exchange, clock: Any, number: int, move: tuple[Any, ...]) -> None:
    """One move; what the exchange refuses changes nothing."""
    kind, *rest = move
    try:
        if kind == "quote":
            exchange.quote("AAPL", top(exchange, cents(rest[0]), str(rest[1])))
        elif kind == "time":
            clock.advance_to(clock.now() + rest[0] * SECOND)
            exchange.expire()
        elif kind == "halt":
            exchange.suspend("AAPL", rest[0])
        elif kind == "hand":
            exchange.adjust("AAPL", D(rest[0] or 1), "by hand")
        elif kind == "cancel":
            exchange.cancel(list(exchange.floor.orders)[rest[0] % max(len(exchange.floor.orders), 1)])
        else:
            exchange.place(_asked(number, kind, rest))
            exchange.match("AAPL")
    except (Refused, IndexError):
        pass


def _asked(number: int, kind: str, rest: list[Any]) -> Any:
    name, side, quantity = f"c{number}", rest[0], str(rest[1])
    if kind == "order":
        return ticket(name, side, quantity, limit=cents(rest[2]))
    if kind == "stop":
        return ticket(name, side, quantity, kind=Kind.STOP_LIMIT, limit=cents(rest[2]), stop="100.00", life=rest[3])
    return ticket(name, side, quantity, life=rest[2])


@settings(max_examples=60)
@given(st.lists(moves, min_size=5, max_size=40))
def test_money_and_shares_are_conserved_and_the_journal_makes_the_same_state(script: list[tuple[Any, ...]]) -> None:
    journal = MemoryJournal()
    exchange, clock = opened(journal)
    exchange.quote("AAPL", top(exchange, "100.00", "50"))
    for number, move in enumerate(script):
        do(exchange, clock, number, move)
    floor = exchange.floor
    paid = sum((f.side.sign * f.quantity * f.price for f in floor.fills), ZERO)
    hands = [line for line in journal.lines() if line["kind"] == "adjusted"]
    assert floor.cash["USD"] == D(100_000) - paid
    bought = sum((f.side.sign * f.quantity for f in floor.fills), ZERO)
    assert floor.held("AAPL") == bought + sum((D(h["quantity"]) for h in hands), ZERO)
    for order in floor.orders.values():
        fills = [f for f in floor.fills if f.order_id == order.order_id]
        assert sum((f.quantity for f in fills), ZERO) == order.filled <= (order.quantity or ZERO)
        assert all(_within(order.ticket.limit, f) for f in fills)
        assert (order.order_id in floor.working) != order.state.ended
    again = Floor()
    replayed(journal, again.apply)
    assert again == floor


def _within(limit: Decimal | None, fill: Traded) -> bool:
    return limit is None or (fill.price - limit) * fill.side.sign <= 0


@settings(max_examples=40)
@given(st.lists(st.tuples(st.integers(9_990, 10_010), st.integers(1, 30)), min_size=2, max_size=12), st.integers(1, 90))
def test_price_comes_before_time(asked: list[tuple[int, int]], shown: int) -> None:
    exchange, _ = opened()
    exchange.quote("AAPL", top(exchange, "105.00"))
    for number, (price, quantity) in enumerate(asked):
        exchange.place(ticket(f"c{number}", BUY, str(quantity), limit=cents(price)))
    exchange.quote("AAPL", top(exchange, "99.00", str(shown)))
    orders = list(exchange.floor.orders.values())
    served = sorted(orders, key=lambda o: (-(o.ticket.limit or ZERO), o.number))
    left = D(shown)
    for order in served:
        assert order.filled == min(left, order.ticket.quantity or ZERO)
        left -= order.filled


def test_a_large_order_fills_in_parts_as_the_market_shows_more() -> None:
    exchange, _ = opened()
    exchange.quote("AAPL", top(exchange, "100.00", "30"))
    order_id = exchange.place(ticket("a", BUY, "70")).order_id
    exchange.match("AAPL")
    exchange.match("AAPL")
    assert exchange.floor.orders[order_id].filled == 30, "what was shown is gone"
    exchange.quote("AAPL", top(exchange, "100.00", "30"))
    exchange.quote("AAPL", top(exchange, "100.00", "30"))
    assert exchange.floor.orders[order_id].state is State.FILLED
    assert [f.quantity for f in exchange.floor.fills] == [30, 30, 10]


@pytest.mark.parametrize(
    ("life", "filled", "state"),
    [(Life.IOC, 30, State.CANCELED), (Life.FOK, 0, State.CANCELED), (Life.GTC, 30, State.PARTIAL)],
)
def test_what_cannot_wait_takes_what_there_is(life: Life, filled: int, state: State) -> None:
    exchange, _ = opened()
    exchange.quote("AAPL", top(exchange, "100.00", "30"))
    placed = exchange.place(ticket("a", BUY, "50", limit="101.00", life=life))
    exchange.match("AAPL")
    order = exchange.floor.orders[placed.order_id]
    assert (order.filled, order.state) == (filled, state)


def test_a_stop_waits_for_its_trade_and_then_takes_the_touch() -> None:
    exchange, _ = opened()
    exchange.quote("AAPL", top(exchange, "100.00"))
    exchange.place(ticket("hold", BUY, "10"))
    exchange.match("AAPL")
    stop = exchange.place(ticket("stop", SELL, "10", kind=Kind.STOP, stop="98.00")).order_id
    exchange.quote("AAPL", top(exchange, "98.01"))
    assert exchange.floor.orders[stop].filled == 0
    exchange.quote("AAPL", top(exchange, "97.50"))
    assert exchange.floor.orders[stop].average_price == D("97.49")
    assert exchange.floor.held("AAPL") == 0


def test_a_stop_limit_does_not_chase_the_market() -> None:
    exchange, _ = opened()
    exchange.quote("AAPL", top(exchange, "100.00"))
    placed = exchange.place(ticket("a", BUY, "10", kind=Kind.STOP_LIMIT, stop="101.00", limit="101.50"))
    exchange.quote("AAPL", top(exchange, "103.00"))
    assert exchange.floor.orders[placed.order_id].triggered
    exchange.quote("AAPL", top(exchange, "101.40"))
    assert exchange.floor.orders[placed.order_id].average_price == D("101.41")


def test_a_halted_or_withheld_symbol_does_not_trade_and_goes_on_afterwards() -> None:
    exchange, _ = opened()
    exchange.quote("AAPL", top(exchange, "100.00"))
    exchange.suspend("AAPL", True)
    exchange.place(ticket("a", BUY, "10"))
    exchange.quote("AAPL", top(exchange, "100.00"))
    assert not exchange.floor.fills
    exchange.withheld.add("AAPL")
    exchange.suspend("AAPL", False)
    assert not exchange.floor.fills
    exchange.withheld.clear()
    exchange.match("AAPL")
    assert len(exchange.floor.fills) == 1


def test_a_buyer_of_coins_pays_the_fee_in_coins_and_a_seller_in_dollars() -> None:
    exchange, _ = opened()
    exchange.quote("BTC/USD", top(exchange, "50000.00", "5"))
    exchange.place(ticket("a", BUY, "1", symbol="BTC/USD"))
    exchange.match("BTC/USD")
    assert exchange.floor.held("BTC/USD") == D("0.9975")
    assert exchange.floor.cash["USD"] == D("49999.99")
    exchange.place(ticket("b", SELL, "0.9975", symbol="BTC/USD"))
    exchange.match("BTC/USD")
    assert exchange.floor.held("BTC/USD") == 0
    value = D("0.9975") * D("49999.99")
    assert exchange.floor.cash["USD"] == D("49999.99") + value - (value * D("0.0025")).quantize(D("1e-9"), "ROUND_UP")


def test_a_notional_becomes_a_quantity_at_the_first_price() -> None:
    exchange, _ = opened()
    exchange.quote("AAPL", top(exchange, "100.00"))
    asked = ticket("a", BUY, "1", notional="250", life=Life.DAY)
    placed = exchange.place(replace(asked, quantity=None))
    assert placed.quantity is None
    exchange.match("AAPL")
    assert exchange.floor.held("AAPL") == D("2.499750024")
