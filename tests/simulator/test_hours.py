"""Sessions, half days and the windows of the opening and the close."""

from __future__ import annotations

import pytest

from quorum.domain import MINUTE, Side, iso, parse_instant
from quorum.simulator.core import Life, NewYork, Reason, Refused, State, is_open
from simulator.sim_markets import opened, ticket, top

BUY = Side.BUY


@pytest.fixture(scope="module")
def hours() -> NewYork:
    return NewYork()


@pytest.mark.parametrize(
    ("at", "runs", "opens", "closes"),
    [
        ("2026-11-20T14:29:59Z", False, "2026-11-20T14:30:00Z", "2026-11-20T21:00:00Z"),
        ("2026-11-20T14:30:00Z", True, "2026-11-20T14:30:00Z", "2026-11-20T21:00:00Z"),
        ("2026-11-20T21:00:00Z", False, "2026-11-23T14:30:00Z", "2026-11-23T21:00:00Z"),
        ("2026-11-26T15:00:00Z", False, "2026-11-27T14:30:00Z", "2026-11-27T18:00:00Z"),
        ("2026-07-06T14:00:00Z", True, "2026-07-06T13:30:00Z", "2026-07-06T20:00:00Z"),
    ],
)
def test_the_session_of_an_instant(hours: NewYork, at: str, runs: bool, opens: str, closes: str) -> None:
    moment = parse_instant(at)
    session = hours.session(moment)
    assert (is_open(hours, moment), iso(session.open), iso(session.close)) == (runs, opens, closes)


@pytest.mark.parametrize(
    ("at", "opening", "closing"),
    [
        ("2026-11-20T14:27:59Z", True, True),
        ("2026-11-20T14:28:00Z", False, True),
        ("2026-11-20T20:50:00Z", False, False),
        ("2026-11-20T23:59:59Z", False, False),
        ("2026-11-21T00:00:00Z", True, True),
    ],
)
def test_orders_for_the_opening_are_taken_from_the_evening_to_two_minutes_before(
    hours: NewYork, at: str, opening: bool, closing: bool
) -> None:
    moment = parse_instant(at)
    assert (hours.takes_opening(moment), hours.takes_closing(moment)) == (opening, closing)


def test_an_order_for_the_opening_fills_there_or_ends(hours: NewYork) -> None:
    exchange, clock = opened(hours=hours, at=parse_instant("2026-11-20T14:00:00Z"))
    exchange.quote("AAPL", top(exchange, "100.00", "6"))
    first = exchange.place(ticket("a", BUY, "10", life=Life.OPG)).order_id
    exchange.match("AAPL")
    assert not exchange.floor.fills
    clock.advance_to(parse_instant("2026-11-20T14:30:00Z"))
    exchange.quote("AAPL", top(exchange, "101.00", "6"))
    assert exchange.floor.orders[first].filled == 6
    with pytest.raises(Refused) as late:
        exchange.place(ticket("b", BUY, "1", life=Life.OPG))
    assert late.value.reason is Reason.WINDOW
    clock.advance_to(clock.now() + 2 * MINUTE)
    exchange.expire()
    assert exchange.floor.orders[first].state is State.CANCELED


def test_a_day_order_of_the_night_belongs_to_the_next_session(hours: NewYork) -> None:
    exchange, clock = opened(hours=hours, at=parse_instant("2026-11-25T22:00:00Z"))
    exchange.quote("AAPL", top(exchange, "100.00"))
    order = exchange.place(ticket("a", BUY, "10", life=Life.DAY))
    exchange.match("AAPL")
    assert not exchange.floor.fills
    assert iso(order.expires or 0) == "2026-11-27T18:00:00Z", "the day after Thanksgiving is half a day"
    clock.advance_to(parse_instant("2026-11-27T14:30:00Z"))
    exchange.match("AAPL")
    assert exchange.floor.held("AAPL") == 10


def test_a_pair_trades_when_new_york_sleeps(hours: NewYork) -> None:
    exchange, _ = opened(hours=hours, at=parse_instant("2026-11-21T12:00:00Z"))
    exchange.quote("BTC/USD", top(exchange, "50000.00", "2"))
    exchange.place(ticket("a", BUY, "1", symbol="BTC/USD"))
    exchange.match("BTC/USD")
    assert len(exchange.floor.fills) == 1
