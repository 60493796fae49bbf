"""An intent is sent at most once whatever the venue answers, and its fills are booked once."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from domain.words import NOW
from execution.books import Books
from execution.scripted import Scripted, never, refused, says, unknown, unreachable
from execution.venues import CASH, listed, printed
from quorum.domain import (
    MINUTE,
    BrokerError,
    Halt,
    IllegalMove,
    OrderStatus,
    Part,
    Purpose,
    Scope,
    Severity,
    Side,
    Transaction,
)
from quorum.execution import BrokerOrder, Sender, SimulatedBroker, VenueCosts, differences
from quorum.execution.fakes import ListedHalts, ListedPrices, MemoryJournal, NoHalts

S = OrderStatus


def test_a_committed_intent_is_sent_once_and_its_answer_booked(books: Books) -> None:
    order, broker = books.commit(), Scripted(says(S.FILLED, "4", "6"))
    done = books.sender(broker).send(order)
    assert (done.status, done.filled) == (S.FILLED, Decimal(10))
    assert books.statuses() == [S.SENT, S.PARTIALLY_FILLED, S.FILLED]
    assert books.book().cash == 9_000
    assert books.sender(broker).send(done) == done
    assert (broker.submitted, broker.asked) == (["Q1"], [])


def test_sent_is_on_record_before_the_venue_hears_of_it(books: Books) -> None:
    seen: list[OrderStatus] = []

    def look(identity: str) -> BrokerOrder:
        seen.append(books.get().status)
        return BrokerOrder(identity, S.ACCEPTED)

    assert books.sender(Scripted(look)).send(books.commit()).status is S.ACCEPTED
    assert seen == [S.SENT]


def test_past_its_expiry_nothing_is_sent(books: Books) -> None:
    order = books.commit()
    books.clock.advance_to(order.intent.expires_at + 1)
    assert books.sender(Scripted(never)).send(order).status is S.EXPIRED
    assert books.statuses() == [S.EXPIRED]
    assert books.book().reserved == {}


def test_at_its_expiry_it_is_still_sent(books: Books) -> None:
    order = books.commit()
    books.clock.advance_to(order.intent.expires_at)
    assert books.sender(Scripted(says(S.ACCEPTED))).send(order).status is S.ACCEPTED


def test_a_refusal_ends_it_with_its_reason_and_frees_the_reserve(books: Books) -> None:
    order = books.sender(Scripted(refused)).send(books.commit())
    assert order.status is S.REJECTED
    assert books.orders.events_of("Q1")[-1]["detail"] == "not enough cash for Q1"
    assert books.book().reserved == {}


def test_no_answer_is_unknown_keeps_the_reserve_and_is_never_sent_again(books: Books) -> None:
    broker = Scripted(unreachable, unreachable)
    order = books.sender(broker).send(books.commit())
    assert (order.status, books.book().reserved) == (S.UNKNOWN, {"BTCUSDT": Decimal(1010)})
    for _ in range(2):
        order = books.sender(broker).send(books.get())
        assert order.status is S.UNKNOWN
    assert broker.submitted == ["Q1"]
    assert books.statuses() == [S.SENT, S.UNKNOWN]
    broker.on_order = says(S.PARTIALLY_FILLED, "3")
    order = books.sender(broker).follow(order)
    assert (order.status, order.filled) == (S.PARTIALLY_FILLED, Decimal(3))
    assert books.book().reserved == {"BTCUSDT": Decimal(707)}


def test_what_never_arrived_frees_its_reserve_and_ends(books: Books) -> None:
    broker = Scripted(unreachable, unknown)
    order = books.sender(broker).send(books.commit())
    order = books.sender(broker).follow(order)
    assert (order.status, books.book().reserved) == (S.NEVER_ARRIVED, {})
    assert books.sender(broker).send(order) == order
    assert (broker.submitted, broker.asked) == (["Q1"], ["Q1"])


@pytest.mark.parametrize("asked_as", [S.ACCEPTED, S.PARTIALLY_FILLED])
def test_a_venue_that_forgets_what_it_had_accepted_is_an_error(books: Books, asked_as: OrderStatus) -> None:
    sizes = ["1"] if asked_as is S.PARTIALLY_FILLED else []
    broker = Scripted(says(asked_as, *sizes), unknown)
    order = books.sender(broker).send(books.commit())
    with pytest.raises(BrokerError, match="the venue no longer knows order Q1; compare account and venue"):
        books.sender(broker).follow(order)
    assert books.get() == order


def test_an_unreachable_venue_changes_nothing(books: Books) -> None:
    broker = Scripted(says(S.ACCEPTED), unreachable)
    order = books.sender(broker).send(books.commit())
    before = books.rows()
    assert books.sender(broker).follow(order) == order
    assert books.rows() == before


def test_news_is_booked_once_however_often_it_is_told(books: Books) -> None:
    broker = Scripted(says(S.ACCEPTED), says(S.PARTIALLY_FILLED, "4"))
    order = books.sender(broker).send(books.commit())
    for _ in range(3):
        order = books.sender(broker).follow(order)
    broker.on_order = says(S.EXPIRED, "4", "1", detail="its time is over")
    for _ in range(3):
        order = books.sender(broker).follow(order)
    assert (order.status, order.filled) == (S.EXPIRED, Decimal(5))
    assert books.statuses() == [S.SENT, S.ACCEPTED, S.PARTIALLY_FILLED, S.PARTIALLY_FILLED, S.EXPIRED]
    assert books.orders.events_of("Q1")[-1]["detail"] == "its time is over"
    assert [f.quantity for f in books.fills()] == [4, 1]


def test_a_crash_between_two_fills_is_made_good(books: Books) -> None:
    order = books.commit()
    venue = Scripted(says(S.FILLED, "1", "2", "7"), says(S.FILLED, "1", "2", "7"))
    committed: list[int] = []

    class Dying:
        """The account's transactions, of which the process survives three."""

        def transaction(self, account: str) -> AbstractContextManager[Transaction]:
            if len(committed) == 3:
                raise KeyboardInterrupt
            committed.append(1)
            return books.work.transaction(account)

    with pytest.raises(KeyboardInterrupt):
        Sender(venue, Dying(), books.clock, NoHalts()).send(order)
    assert (books.get().status, books.get().filled) == (S.PARTIALLY_FILLED, Decimal(3))
    assert books.sender(venue).follow(books.get()).status is S.FILLED
    assert [f.quantity for f in books.fills()] == [1, 2, 7]
    assert venue.submitted == ["Q1"]


def test_a_crash_after_sent_is_settled_by_asking(books: Books) -> None:
    def crash(identity: str) -> BrokerOrder:
        raise KeyboardInterrupt

    for number, answer, end in ((1, unknown, S.NEVER_ARRIVED), (2, says(S.FILLED, "10"), S.FILLED)):
        broker = Scripted(crash, answer)
        with pytest.raises(KeyboardInterrupt):
            books.sender(broker).send(books.commit(number))
        assert books.get(number).status is S.SENT
        assert books.sender(broker).send(books.get(number)).status is end
        assert len(broker.submitted) == 1


CONTRADICTIONS = [
    (says(S.FILLED), "filled with 0 more filled, 0 of 10"),
    (says(S.FILLED, "9"), "filled with 0 more filled, 9 of 10"),
    (says(S.PARTIALLY_FILLED), "partially_filled with 0 more filled, 0 of 10"),
    (says(S.FILLED, "11"), "11 filled of 10"),
    (says(S.FILLED, "6", "6"), "12 filled of 10"),
    (says(S.REJECTED, "1"), "partially_filled cannot become rejected"),
]


def test_a_venue_that_contradicts_itself_is_an_error_and_what_it_proves_is_booked(books: Books) -> None:
    for number, (answer, message) in enumerate(CONTRADICTIONS):
        with pytest.raises(IllegalMove, match=f"order Q{number}: {message}"):
            books.sender(Scripted(answer)).send(books.commit(number))
        assert not books.get(number).status.terminal
    assert [sum(f.quantity for f in books.fills(n)) for n in range(len(CONTRADICTIONS))] == [0, 9, 0, 0, 6, 1]


def test_a_late_fill_of_an_order_that_ended_here_is_booked_and_leaves_its_end(books: Books) -> None:
    stale = books.sender(Scripted(says(S.ACCEPTED))).send(books.commit())
    books.sender(Scripted(never, says(S.CANCELLED))).follow(stale)
    late = books.sender(Scripted(never, says(S.CANCELLED, "2"))).follow(stale)
    assert (late.status, late.filled, late.remaining) == (S.CANCELLED, Decimal(2), 0)
    assert books.book().quantity("BTCUSDT") == 2
    assert books.book().reserved == {}
    assert books.audit().balanced
    with pytest.raises(IllegalMove, match="order Q1: 13 filled of 10"):
        books.sender(Scripted(never, says(S.CANCELLED, "2", "11"))).follow(stale)


def test_an_order_that_was_not_sent_is_not_asked_about(books: Books) -> None:
    order, broker = books.commit(), Scripted(never)
    assert books.sender(broker).follow(order) == order
    assert broker.asked == []


def test_with_a_real_venue_books_and_venue_are_equal_at_every_step(books: Books) -> None:
    prints = [printed(n, str(100 + n), "20") for n in range(10)]
    costs = VenueCosts(Decimal(10), Decimal(2), Decimal("0.1"))
    venue = SimulatedBroker(MemoryJournal(), ListedPrices(prints), books.clock, costs, CASH, listed)
    buy = books.commit(1, collar=Decimal(105))
    for minute in range(8):
        books.clock.advance_to(NOW + minute * MINUTE)
        buy = books.sender(venue).send(replace(buy))
        assert differences(books.book(), venue.account()) == ()
    assert buy.filled == 10
    sell = books.commit(2, side=Side.SELL, quantity=Decimal(10), collar=Decimal(90))
    sell = books.sender(venue).send(sell)
    books.clock.advance_to(sell.intent.expires_at + 1)
    sell = books.sender(venue).follow(sell)
    assert (sell.status, sell.filled) == (S.EXPIRED, Decimal(6))
    assert differences(books.book(), venue.account()) == ()
    assert books.book().positions["BTCUSDT"].quantity == 4


HALTS = [
    Halt(Scope.DESK, "", Severity.BLACK, "enough", "ann", NOW),
    Halt(Scope.ACCOUNT, "paper", Severity.RED, "enough", "ann", NOW),
    Halt(Scope.SYMBOL, "BTCUSDT", Severity.RED, "enough", "ann", NOW),
    Halt(Scope.STRATEGY, "STR-001", Severity.RED, "enough", "ann", NOW),
]


@pytest.mark.parametrize("halt", HALTS, ids=lambda halt: halt.name)
def test_what_is_halted_does_not_leave_and_reserves_nothing_and_a_reduction_does(books: Books, halt: Halt) -> None:
    mine = (Part("STR-001", Decimal(10)),)
    broker = Scripted(says(S.ACCEPTED))
    sender = Sender(broker, books.work, books.clock, ListedHalts(halt))
    ended = sender.send(books.commit(1, parts=mine))
    assert (ended.status, broker.submitted) == (S.CANCELLED, [])
    assert books.statuses() == [S.SENT, S.CANCELLED]
    assert "is halted" in books.orders.events_of("Q1")[-1]["detail"]
    assert books.book().reserved == {}
    assert sender.send(books.commit(2, parts=mine, purpose=Purpose.REDUCTION)).status is S.ACCEPTED
    others = Sender(broker, books.work, books.clock, ListedHalts(replace(halt, of=f"{halt.of}X") if halt.of else halt))
    assert others.send(books.commit(3, parts=mine)).status is (S.ACCEPTED if halt.of else S.CANCELLED)
    assert books.audit().balanced


def test_a_halt_that_comes_while_the_order_is_claimed_still_stops_it(books: Books) -> None:
    halts = ListedHalts()

    class Work:
        def transaction(self, account: str) -> Any:
            halts.halts[:] = HALTS[:1]
            return books.work.transaction(account)

    broker = Scripted(says(S.ACCEPTED))
    assert Sender(broker, Work(), books.clock, halts).send(books.commit()).status is S.CANCELLED
    assert broker.submitted == []


def test_cancelling_ends_what_never_left_and_asks_the_venue_for_the_rest(books: Books) -> None:
    waiting = books.commit(1)
    assert books.sender(Scripted(says(S.ACCEPTED))).cancel(waiting, "no more").status is S.CANCELLED
    assert books.statuses(1) == [S.CANCELLED]
    venue = SimulatedBroker(
        MemoryJournal(), ListedPrices([printed(0, "100", "20")]), books.clock, VenueCosts(), CASH, listed
    )
    sender = books.sender(venue)
    resting = sender.send(books.commit(2))
    assert resting.status is S.PARTIALLY_FILLED
    ended = sender.cancel(resting, "no more")
    assert (ended.status, ended.filled) == (S.CANCELLED, resting.filled)
    assert sender.cancel(ended, "again") == ended
    assert books.book().reserved == {}
    unknown = books.sender(Scripted(unreachable)).send(books.commit(3))
    assert unknown.status is S.UNKNOWN
    assert sender.cancel(unknown, "no more").status is S.NEVER_ARRIVED
