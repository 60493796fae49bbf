"""Whatever goes wrong on the way to Alpaca: no order twice, no fill lost, and what is unknown stays unknown."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from decimal import Decimal
from pathlib import Path

import pytest

from adapters.alpaca.alpaca_desk import Desk, desk_at, wish
from execution.books import Books, books_at
from quorum.domain import BrokerError, BrokerUnreachable, OrderKind, OrderStatus, OrderTerms, Side
from quorum.execution import BrokerOrder
from quorum.simulator.faults import AFTER, BEFORE, FaultKind
from simulator.sim_markets import NOON, fault

K, S = FaultKind, OrderStatus
REQUESTS = sorted(BEFORE | AFTER, key=lambda kind: kind.value)
REFUSED = {K.RATE_LIMIT, K.BANNED}
QUICK = {K.RATE_LIMIT: 0.0, K.BANNED: 0.0}


def planted(kind: FaultKind, on: str, **terms: object) -> list[object]:
    seconds = {"seconds": QUICK[kind]} if kind in QUICK else {}
    return [fault(kind.value, on=on, **seconds, **terms)]


def known_at_last(desk: Desk, sent: int) -> BrokerOrder | None:
    """What the broker says once it is sure."""
    desk.later(20)
    for _ in range(30):
        try:
            return desk.broker.order("Q1", sent)
        except BrokerUnreachable:
            time.sleep(0.005)
    desk.later(80)
    return desk.broker.order("Q1", sent)


@pytest.mark.parametrize("kind", REQUESTS)
def test_an_order_is_placed_once_or_not_at_all_and_we_know_which(kind: FaultKind) -> None:
    with desk_at(*planted(kind, "POST /v2/orders"), timeout=0.3) as desk:  # type: ignore[arg-type]
        sent, refused = desk.clock.now(), False
        try:
            desk.broker.submit(wish())
        except BrokerUnreachable:
            pass
        except BrokerError:
            refused = True
        assert refused == (kind in REFUSED)
        found = known_at_last(desk, sent)
        accepted, traded = desk.happened("accepted"), desk.happened("traded")
        assert len(accepted) == (found is not None) <= 1
        if found is not None:
            assert found.status is S.FILLED
            assert [str(fill.price) for fill in found.fills] == [row["price"] for row in traded]
        assert desk.door().order("Q1") == found


def test_a_read_that_fails_once_is_asked_again() -> None:
    with desk_at(timeout=0.2) as desk:
        desk.broker.submit(wish())
        for kind in set(REQUESTS) - {K.BANNED}:
            seconds = QUICK.get(kind, 3)
            desk.planted(*({"fault": kind.value, "on": on, "seconds": seconds} for on in ("GET /v2/account*", "GET *")))
            assert desk.broker.account().positions == {"AAPL": Decimal(10)}, kind
            found = desk.door().order("Q1")
            assert found is not None
            assert found.status is S.FILLED, kind


def test_a_cancel_is_done_or_can_be_asked_again() -> None:
    with desk_at(timeout=0.3) as desk:
        for number, kind in enumerate(REQUESTS):
            name = f"Q{number}"
            acts = ((desk.broker.cancel, (name,)), (desk.broker.cancel_all, ()))
            act, told = acts[number % 2]
            desk.broker.submit(wish(number, collar=Decimal(90), terms=OrderTerms(OrderKind.LIMIT)))
            desk.planted({"fault": kind.value, "on": "DELETE *", "seconds": QUICK.get(kind, 3)})
            with suppress(BrokerError):
                act(*told)
            act(*told)
            found = desk.broker.order(name)
            assert found is not None
            assert found.status is S.CANCELLED, kind
            assert len(desk.happened("ended")) == number + 1


def test_a_venue_that_stays_away_is_unreachable_for_every_verb() -> None:
    with desk_at(fault("html", times=0)) as desk:
        verbs: tuple[Callable[[], object], ...] = (
            lambda: desk.broker.submit(wish()),
            lambda: desk.broker.order("Q1"),
            desk.broker.open_orders,
            lambda: desk.broker.cancel("Q1"),
            desk.broker.cancel_all,
            desk.broker.account,
        )
        for verb in verbs:
            with pytest.raises(BrokerUnreachable, match="502"):
                verb()
        assert desk.happened("accepted") == []


def test_fills_that_come_out_of_order_are_booked_once_and_in_order() -> None:
    with desk_at() as desk:
        desk.priced("AAPL", 100, ask_size=3)
        desk.broker.submit(wish(quantity="9"))
        for price in ("100.2", "100.4"):
            desk.later(1)
            desk.priced("AAPL", float(price), ask_size=3)
        done = desk.broker.order("Q1")
        assert done is not None
        assert [str(fill.price) for fill in done.fills] == ["100.01", "100.21", "100.41"]
        assert done == desk.broker.order("Q1") == desk.door().order("Q1")


@pytest.fixture
def books(tmp_path: Path) -> Iterator[Books]:
    """Fresh books with 10,000 dollars on the account `shares`."""
    books = books_at(tmp_path)
    yield books
    books.database.close()


@pytest.mark.parametrize("kind", [K.ERROR_AFTER, K.RESET_AFTER, K.HIDDEN, K.LATE, K.RESET])
def test_sent_through_a_fault_the_books_say_what_the_venue_did(kind: FaultKind, books: Books) -> None:
    with desk_at(*planted(kind, "POST /v2/orders"), timeout=0.3) as desk:  # type: ignore[arg-type]
        books.clock.advance_to(NOON)
        wanted = {"account": "shares", "symbol": "AAPL", "side": Side.BUY, "quantity": Decimal(10)}
        prices = {"price": Decimal(100), "collar": Decimal(101), "reserve": Decimal(1010)}
        order = books.commit(1, **wanted, **prices, created_at=NOON, expires_at=NOON + 3600 * 10**9)
        sender = books.sender(desk.broker.on(books.clock))
        order = sender.send(order)
        assert order.status is S.UNKNOWN
        for _ in range(40):
            desk.later(5)
            books.clock.advance_to(books.clock.now() + 5 * 10**9)
            time.sleep(0.003)
            order = sender.follow(order)
            if order.status.terminal:
                break
        traded = desk.happened("traded")
        assert order.status is (S.FILLED if traded else S.NEVER_ARRIVED)
        assert [str(fill.quantity) for fill in books.fills()] == [row["quantity"] for row in traded]
        assert len(desk.happened("accepted")) == bool(traded)
        assert books.audit().faults == ()
