"""Positions are closed once, whatever the venue refuses or loses, or it is said why not."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from decimal import Decimal
from pathlib import Path
from random import Random

import pytest

from domain.words import intent
from execution.stopping.small import Small, Told, empty, leaving
from quorum.adapters.halts import WrittenOrders
from quorum.domain import (
    BrokerUnreachable,
    Order,
    OrderIntent,
    OrderStatus,
    Side,
    StoreError,
    SystemClock,
    Transaction,
)
from quorum.execution import BrokerOrder
from quorum.execution.stopping import Close, close_positions, written


def soon(seconds: float = 10.0) -> float:
    return time.monotonic() + seconds


@pytest.fixture
def file(tmp_path: Path) -> WrittenOrders:
    return WrittenOrders(tmp_path / "state" / "emergency.jsonl", SystemClock(), empty)


class Mute(Small):
    """A venue that says what is held, and nothing of orders that are placed."""

    def submit(self, intent: OrderIntent) -> BrokerOrder:
        self.asked.append("submit")
        raise BrokerUnreachable("the venue gave no answer", "wait")

    def order(self, client_order_id: str, sent: int | None = None) -> BrokerOrder | None:
        self.asked.append("order")
        raise BrokerUnreachable("the venue gave no answer", "wait")


class Unsure(Small):
    """A venue that does not know yet what became of one order."""

    def order(self, client_order_id: str, sent: int | None = None) -> BrokerOrder | None:
        if client_order_id == "QLOST":
            raise BrokerUnreachable("the venue has no such order yet", "ask again")
        return super().order(client_order_id, sent)


class Dying:
    """A store that takes the intent and is gone when it is to be sent."""

    def __init__(self, alive: WrittenOrders) -> None:
        self.alive, self.count = alive, 0

    @contextmanager
    def transaction(self, account: str) -> Iterator[Transaction]:
        self.count += 1
        if self.count > 1:
            raise StoreError("the server was stopped", "try again")
        with self.alive.transaction(account) as transaction:
            yield transaction


class Locked:
    """A store in which nobody can write."""

    def __init__(self) -> None:
        self.asked = 0

    def transaction(self, account: str) -> AbstractContextManager[Transaction]:
        self.asked += 1
        return self._refused()

    @contextmanager
    def _refused(self) -> Iterator[Transaction]:
        raise StoreError("database desk.db: database is locked", "try again")
        yield


@pytest.mark.parametrize("seed", range(12))
def test_it_ends_flat_and_never_beyond(file: WrittenOrders, seed: int) -> None:
    venue = Small(held={"BTCUSDT": Decimal("1.5"), "ETHUSDT": Decimal(7)}, chance=Random(seed))
    venue.rests("stop", "-1.5")
    done = close_positions(venue, leaving(venue, (file,)), soon())
    assert done.failed == {}
    assert (set(venue.held.values()), venue.lowest) == ({Decimal(0)}, Decimal(0))
    assert {symbol: close.quantity for symbol, close in done.closed.items()} == {
        "BTCUSDT": Decimal("1.5"),
        "ETHUSDT": Decimal(7),
    }


def test_shorts_are_bought_back_and_dust_is_named(file: WrittenOrders) -> None:
    venue = Small(held={"BTCUSDT": Decimal("-2"), "ETHUSDT": Decimal("0.0004")})
    done = close_positions(venue, leaving(venue, (file,)), soon())
    assert done.closed == {"BTCUSDT": Close(Decimal(-2), 1)}
    assert done.dust == {"ETHUSDT": Decimal("0.0004")}
    assert done.failed == {}


def test_an_order_without_an_answer_is_asked_about_and_not_sent_again(file: WrittenOrders) -> None:
    venue = Mute(held={"BTCUSDT": Decimal(1)})
    done = close_positions(venue, leaving(venue, (file,)), soon(0.3))
    assert venue.asked.count("submit") == 1
    assert venue.asked.count("order") > 1
    assert "is without an answer since" in done.failed["BTCUSDT"]


@pytest.mark.parametrize(("side", "sent"), [(Side.SELL, 0), (Side.BUY, 1)])
def test_beside_an_order_that_may_close_it_yet_nothing_is_sent(file: WrittenOrders, side: Side, sent: int) -> None:
    venue = Unsure(held={"BTCUSDT": Decimal(1)})
    lost = Order(intent(client_order_id="QLOST", symbol="BTCUSDT", side=side), OrderStatus.UNKNOWN, sent=1)
    done = close_positions(venue, leaving(venue, (file,), Told(orders=[lost])), soon(0.3))
    assert venue.asked.count("submit") == sent
    assert "is without an answer" in done.failed["QLOST"]
    assert ("BTCUSDT" in done.failed) is (sent == 0)


def test_what_strategies_hold_against_each_other_is_crossed_before_the_rest_is_sold(file: WrittenOrders) -> None:
    venue, ours = Small(held={"BTCUSDT": Decimal(1)}), Told()
    close_positions(venue, leaving(venue, (file,), ours), soon())
    assert ours.crossed == ["BTCUSDT"]


def test_a_store_that_goes_away_before_an_order_left_costs_nothing(file: WrittenOrders) -> None:
    venue = Small(held={"BTCUSDT": Decimal(1)})
    done = close_positions(venue, leaving(venue, (Dying(file), file)), soon())
    assert (done.failed, venue.held, venue.asked.count("submit")) == ({}, {"BTCUSDT": Decimal(0)}, 1)


def test_a_store_that_is_locked_is_asked_once_and_the_orders_leave_by_the_file(file: WrittenOrders) -> None:
    store, venue = Locked(), Small(held={"BTCUSDT": Decimal(1), "ETHUSDT": Decimal(2)})
    done = close_positions(venue, leaving(venue, (store, file)), soon())
    assert done.failed == {}
    assert store.asked == 1
    assert set(done.closed) == {"BTCUSDT", "ETHUSDT"}


def test_what_strategies_hold_leaves_as_their_parts_before_the_rest(file: WrittenOrders, tmp_path: Path) -> None:
    venue = Small(held={"BTCUSDT": Decimal(5)})
    shares = {"STR-001": Decimal(1), "STR-002": Decimal(2)}

    def held(symbol: str) -> dict[str, Decimal]:
        return shares if venue.held[symbol] == 5 else {}

    done = close_positions(venue, leaving(venue, (file,), Told(held)), soon())
    assert done.closed == {"BTCUSDT": Close(Decimal(5), 2)}
    lines = (tmp_path / "state" / "emergency.jsonl").read_bytes().splitlines(keepends=True)
    orders = [one.order for one in written(lines)]
    assert [{p.strategy_id: p.quantity for p in order.intent.parts} for order in orders] == [
        {"STR-001": Decimal(-1), "STR-002": Decimal(-2)},
        {},
    ]


def test_an_order_that_stays_open_is_told(file: WrittenOrders) -> None:
    venue = Small(held={"BTCUSDT": Decimal(1)}, sticky={"stop"})
    venue.rests("stop", "-1")
    done = close_positions(venue, leaving(venue, (file,)), soon(0.3))
    assert "cannot be cancelled now" in done.failed["stop"]
    assert "still held" in done.failed["BTCUSDT"]
