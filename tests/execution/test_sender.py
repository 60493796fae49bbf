"""An intent is sent at most once, whatever is answered, by whomever, and however late; and its fills are booked once."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path

import pytest

from domain.words import NOW, fill
from execution.books import Books, books_at
from execution.venues import CASH, FREE, listed, printed
from quorum.domain import (
    MINUTE,
    BrokerError,
    BrokerUnreachable,
    IllegalMove,
    Order,
    OrderIntent,
    OrderStatus,
    QuorumError,
    Side,
    VirtualClock,
)
from quorum.execution import BrokerAccount, BrokerOrder, SimulatedBroker, VenueCosts, differences, follow, send
from quorum.execution.fakes import ListedPrices, MemoryJournal

S = OrderStatus
Answer = Callable[[str], BrokerOrder | None]


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("books")
    books_at(folder).database.close()
    return folder


@pytest.fixture
def books(template: Path, tmp_path: Path) -> Iterator[Books]:
    """Fresh books; whatever a test does, they balance at its end and nothing that ended holds a reserve."""
    shutil.copytree(template, tmp_path, dirs_exist_ok=True)
    books = books_at(tmp_path)
    yield books
    report, now = books.audit(), books.book()
    live = sum((o.reserved for o in books.orders.of("paper") if not o.status.terminal), Decimal(0))
    books.database.close()
    assert report.faults == ()
    assert sum(now.reserved.values(), Decimal(0)) + sum(now.closing.values(), Decimal(0)) * 101 == live


@dataclass
class Scripted:
    """A broker that answers what is written, and remembers what it was asked."""

    on_submit: Answer
    on_order: Answer = field(default=lambda _: None)
    submitted: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    def submit(self, intent: OrderIntent) -> BrokerOrder:
        self.submitted.append(intent.client_order_id)
        answer = self.on_submit(intent.client_order_id)
        assert answer is not None
        return answer

    def order(self, client_order_id: str) -> BrokerOrder | None:
        self.asked.append(client_order_id)
        return self.on_order(client_order_id)

    def cancel(self, client_order_id: str) -> BrokerOrder:
        raise BrokerError(f"there is no order {client_order_id} to cancel")

    def account(self) -> BrokerAccount:
        return BrokerAccount({}, {})


def says(status: OrderStatus, *sizes: str, detail: str = "") -> Answer:
    """An answer with a fill at 100 for every size, a minute apart."""

    def answer(identity: str) -> BrokerOrder:
        parts = [
            fill(Side.BUY, size, "100", fill_id=f"{identity}-{n}", client_order_id=identity, time=NOW + n * MINUTE)
            for n, size in enumerate(sizes, 1)
        ]
        return BrokerOrder(identity, status, tuple(parts), detail)

    return answer


def fails(error: QuorumError) -> Answer:
    def answer(identity: str) -> BrokerOrder:
        raise error

    return answer


def never(identity: str) -> BrokerOrder:
    raise AssertionError(f"{identity} was sent")


def unknown(identity: str) -> None:
    return None


UNREACHABLE = BrokerUnreachable("no answer", "wait")
REFUSED = BrokerError("not enough cash")


def test_a_committed_intent_is_sent_once_and_its_answer_booked(books: Books) -> None:
    order, broker = books.commit(), Scripted(says(S.FILLED, "4", "6"))
    done = send(broker, books.work, books.clock, order)
    assert (done.status, done.filled) == (S.FILLED, 10)
    assert books.statuses() == [S.SENT, S.PARTIALLY_FILLED, S.FILLED]
    assert books.book().cash == 9_000
    assert send(broker, books.work, books.clock, done) == done
    assert (broker.submitted, broker.asked) == (["Q1"], [])


def test_sent_is_on_record_before_the_venue_hears_of_it(books: Books) -> None:
    seen: list[OrderStatus] = []

    def look(identity: str) -> BrokerOrder:
        seen.append(books.get().status)
        return BrokerOrder(identity, S.ACCEPTED)

    assert send(Scripted(look), books.work, books.clock, books.commit()).status is S.ACCEPTED
    assert seen == [S.SENT]


def test_past_its_expiry_nothing_is_sent(books: Books) -> None:
    order = books.commit()
    books.clock.advance_to(order.intent.expires_at + 1)
    assert send(Scripted(never), books.work, books.clock, order).status is S.EXPIRED
    assert books.statuses() == [S.EXPIRED]
    assert books.book().reserved == {}


def test_at_its_expiry_it_is_still_sent(books: Books) -> None:
    order = books.commit()
    books.clock.advance_to(order.intent.expires_at)
    assert send(Scripted(says(S.ACCEPTED)), books.work, books.clock, order).status is S.ACCEPTED


def test_a_refusal_ends_it_with_its_reason_and_frees_the_reserve(books: Books) -> None:
    order = send(Scripted(fails(REFUSED)), books.work, books.clock, books.commit())
    assert order.status is S.REJECTED
    assert books.orders.events_of("Q1")[-1]["detail"] == "not enough cash"
    assert books.book().reserved == {}


def test_no_answer_is_unknown_keeps_the_reserve_and_is_never_sent_again(books: Books) -> None:
    broker = Scripted(fails(UNREACHABLE), fails(UNREACHABLE))
    order = send(broker, books.work, books.clock, books.commit())
    assert (order.status, books.book().reserved) == (S.UNKNOWN, {"BTCUSDT": Decimal(1010)})
    for _ in range(2):
        order = send(broker, books.work, books.clock, books.get())
        assert order.status is S.UNKNOWN
    assert broker.submitted == ["Q1"]
    assert books.statuses() == [S.SENT, S.UNKNOWN]
    broker.on_order = says(S.PARTIALLY_FILLED, "3")
    order = follow(broker, books.work, books.clock, order)
    assert (order.status, order.filled) == (S.PARTIALLY_FILLED, 3)
    assert books.book().reserved == {"BTCUSDT": Decimal(707)}


def test_what_never_arrived_frees_its_reserve_and_ends(books: Books) -> None:
    broker = Scripted(fails(UNREACHABLE), unknown)
    order = send(broker, books.work, books.clock, books.commit())
    order = follow(broker, books.work, books.clock, order)
    assert (order.status, books.book().reserved) == (S.NEVER_ARRIVED, {})
    assert send(broker, books.work, books.clock, order) == order
    assert (broker.submitted, broker.asked) == (["Q1"], ["Q1"])


@pytest.mark.parametrize("asked_as", [S.ACCEPTED, S.PARTIALLY_FILLED])
def test_a_venue_that_forgets_what_it_had_accepted_is_an_error(books: Books, asked_as: OrderStatus) -> None:
    sizes = ["1"] if asked_as is S.PARTIALLY_FILLED else []
    broker = Scripted(says(asked_as, *sizes), unknown)
    order = send(broker, books.work, books.clock, books.commit())
    with pytest.raises(BrokerError, match="the venue no longer knows order Q1; compare account and venue"):
        follow(broker, books.work, books.clock, order)
    assert books.get() == order


def test_an_unreachable_venue_changes_nothing(books: Books) -> None:
    broker = Scripted(says(S.ACCEPTED), fails(UNREACHABLE))
    order = send(broker, books.work, books.clock, books.commit())
    before = books.rows()
    assert follow(broker, books.work, books.clock, order) == order
    assert books.rows() == before


def test_news_is_booked_once_however_often_it_is_told(books: Books) -> None:
    broker = Scripted(says(S.ACCEPTED), says(S.PARTIALLY_FILLED, "4"))
    order = send(broker, books.work, books.clock, books.commit())
    for _ in range(3):
        order = follow(broker, books.work, books.clock, order)
    broker.on_order = says(S.EXPIRED, "4", "1", detail="its time is over")
    for _ in range(3):
        order = follow(broker, books.work, books.clock, order)
    assert (order.status, order.filled) == (S.EXPIRED, 5)
    assert books.statuses() == [S.SENT, S.ACCEPTED, S.PARTIALLY_FILLED, S.PARTIALLY_FILLED, S.EXPIRED]
    assert books.orders.events_of("Q1")[-1]["detail"] == "its time is over"
    assert [f.quantity for f in books.fills()] == [4, 1]


def test_a_second_sender_with_the_same_intent_sends_nothing(books: Books) -> None:
    stale, broker = books.commit(), Scripted(says(S.ACCEPTED), says(S.ACCEPTED))
    send(broker, books.work, books.clock, stale)
    assert send(broker, books.work, books.clock, stale).status is S.ACCEPTED
    assert broker.submitted == ["Q1"]


def test_two_senders_at_the_same_moment_send_once(books: Books) -> None:
    stale, inner = books.commit(), Scripted(never)

    def submit(identity: str) -> BrokerOrder:
        assert send(inner, books.work, books.clock, stale).status is S.SENT
        return BrokerOrder(identity, S.ACCEPTED)

    assert send(Scripted(submit), books.work, books.clock, stale).status is S.ACCEPTED
    assert (inner.submitted, inner.asked) == ([], [])


def test_a_late_second_sender_does_not_expire_what_is_being_sent(books: Books) -> None:
    stale = books.commit()

    def submit(identity: str) -> BrokerOrder:
        books.clock.advance_to(stale.intent.expires_at + 1)
        assert send(Scripted(never), books.work, books.clock, stale).status is S.SENT
        return says(S.FILLED, "10")(identity)  # type: ignore[return-value]  # this one always answers

    assert send(Scripted(submit), books.work, books.clock, stale).status is S.FILLED
    assert books.book().cash == 9_000


def test_one_who_asks_in_between_makes_the_sender_s_request_never_arrive(books: Books) -> None:
    stale = books.commit()
    venue = SimulatedBroker(MemoryJournal(), ListedPrices([printed(0, "100")]), books.clock, FREE, CASH, listed)

    class Slow(Scripted):
        def submit(self, intent: OrderIntent) -> BrokerOrder:
            assert follow(venue, books.work, books.clock, books.get()).status is S.NEVER_ARRIVED
            return venue.submit(intent)

    assert send(Slow(never), books.work, books.clock, stale).status is S.NEVER_ARRIVED
    assert books.statuses() == [S.SENT, S.NEVER_ARRIVED]
    assert venue.account().positions == {}


@pytest.mark.parametrize(
    ("told", "then"),
    [
        (says(S.ACCEPTED), says(S.ACCEPTED)),
        (says(S.PARTIALLY_FILLED, "4"), says(S.ACCEPTED)),
        (says(S.PARTIALLY_FILLED, "4", "3"), says(S.PARTIALLY_FILLED, "4")),
        (says(S.FILLED, "4", "6"), says(S.ACCEPTED)),
        (says(S.FILLED, "4", "6"), says(S.PARTIALLY_FILLED, "4")),
        (says(S.FILLED, "10"), says(S.FILLED, "10")),
        (says(S.EXPIRED, "4"), says(S.PARTIALLY_FILLED, "4")),
        (says(S.EXPIRED), says(S.ACCEPTED)),
        (says(S.CANCELLED), says(S.CANCELLED)),
        (says(S.REJECTED), says(S.REJECTED)),
        (says(S.ACCEPTED), fails(UNREACHABLE)),
        (says(S.PARTIALLY_FILLED, "4"), fails(UNREACHABLE)),
        (says(S.FILLED, "10"), fails(UNREACHABLE)),
        (unknown, fails(REFUSED)),
    ],
)
@pytest.mark.parametrize("first", ["send", "follow"])
def test_an_answer_that_another_process_has_overtaken_is_no_news(
    books: Books, told: Answer, then: Answer, first: str
) -> None:
    """Between the question and the booking of its answer (`then`), another process books a newer one (`told`)."""
    other = Scripted(never, told)
    order, overtaken = books.commit(), list[Order]()

    def late(identity: str) -> BrokerOrder | None:
        overtaken.append(follow(other, books.work, books.clock, books.get()))
        return then(identity)

    if first == "follow":
        order = send(Scripted(fails(UNREACHABLE)), books.work, books.clock, order)
        if then(order.intent.client_order_id) if then not in () and told is not unknown else False:
            order = follow(Scripted(never, late), books.work, books.clock, order)
    else:
        order = send(Scripted(late), books.work, books.clock, order)
    if overtaken:
        assert books.get() == overtaken[0]


def test_followers_at_the_same_time_book_everything_once(books: Books) -> None:
    prints = [printed(n / 10, "100", "10") for n in range(1, 21)]
    costs = VenueCosts(Decimal(10), Decimal(2), Decimal("0.05"))
    journal = MemoryJournal()

    def door() -> SimulatedBroker:
        return SimulatedBroker(journal.opened_again(), ListedPrices(prints), books.clock, costs, CASH, listed)

    order = send(door(), books.work, books.clock, books.commit())
    done, barrier = list[Order](), threading.Barrier(3)

    def chase() -> None:
        seen = order
        barrier.wait()
        while not seen.status.terminal:
            seen = follow(door(), books.work, books.clock, seen)
        done.append(seen)

    threads = [threading.Thread(target=chase) for _ in range(2)]
    for thread in threads:
        thread.start()
    barrier.wait()
    for step in range(1, 21):
        books.clock.advance_to(NOW + step * MINUTE // 10)
    for thread in threads:
        thread.join()
    assert [o.filled for o in done] == [10, 10]
    assert len(books.fills()) == 20
    assert differences(books.book(), door().account()) == ()


def test_a_crash_between_two_fills_is_made_good(books: Books) -> None:
    order = books.commit()
    venue = Scripted(says(S.FILLED, "1", "2", "7"), says(S.FILLED, "1", "2", "7"))
    committed = list[int]()

    class Dying:
        """The account's transactions, of which the process survives three."""

        def transaction(self, account: str) -> object:
            if len(committed) == 3:
                raise KeyboardInterrupt
            committed.append(1)
            return books.work.transaction(account)

    with pytest.raises(KeyboardInterrupt):
        send(venue, Dying(), books.clock, order)  # type: ignore[arg-type]  # it is the same, until it dies
    assert (books.get().status, books.get().filled) == (S.PARTIALLY_FILLED, 3)
    assert follow(venue, books.work, books.clock, books.get()).status is S.FILLED
    assert [f.quantity for f in books.fills()] == [1, 2, 7]
    assert venue.submitted == ["Q1"]


def test_a_crash_after_sent_is_settled_by_asking(books: Books) -> None:
    def crash(identity: str) -> BrokerOrder:
        raise KeyboardInterrupt

    for number, answer, end in ((1, unknown, S.NEVER_ARRIVED), (2, says(S.FILLED, "10"), S.FILLED)):
        broker = Scripted(crash, answer)
        with pytest.raises(KeyboardInterrupt):
            send(broker, books.work, books.clock, books.commit(number))
        assert books.get(number).status is S.SENT
        assert send(broker, books.work, books.clock, books.get(number)).status is end
        assert len(broker.submitted) == 1


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (says(S.FILLED), "filled with 0 more filled, 0 of 10"),
        (says(S.FILLED, "9"), "filled with 0 more filled, 9 of 10"),
        (says(S.PARTIALLY_FILLED), "partially_filled with 0 more filled, 0 of 10"),
        (says(S.FILLED, "11"), "11 filled of 10"),
        (says(S.FILLED, "6", "6"), "12 filled of 10"),
        (says(S.REJECTED, "1"), "partially_filled cannot become rejected"),
    ],
)
def test_a_venue_that_contradicts_itself_is_an_error_and_what_it_proves_is_booked(
    books: Books, answer: Answer, message: str
) -> None:
    with pytest.raises(IllegalMove, match=f"order Q1: {message}"):
        send(Scripted(answer), books.work, books.clock, books.commit())
    assert not books.get().status.terminal


def test_a_late_fill_of_an_order_that_ended_here_is_an_error_and_not_forgotten_quietly(books: Books) -> None:
    stale = send(Scripted(says(S.ACCEPTED)), books.work, books.clock, books.commit())
    follow(Scripted(never, says(S.CANCELLED)), books.work, books.clock, stale)
    with pytest.raises(IllegalMove, match="order Q1: cancelled cannot become partially_filled"):
        follow(Scripted(never, says(S.CANCELLED, "2")), books.work, books.clock, stale)


def test_an_order_that_was_not_sent_is_not_asked_about(books: Books) -> None:
    order, broker = books.commit(), Scripted(never)
    assert follow(broker, books.work, books.clock, order) == order
    assert broker.asked == []


def test_with_a_real_venue_books_and_venue_are_equal_at_every_step(books: Books) -> None:
    prints = [printed(n, str(100 + n), "20") for n in range(10)]
    costs = VenueCosts(Decimal(10), Decimal(2), Decimal("0.1"))
    venue = SimulatedBroker(MemoryJournal(), ListedPrices(prints), books.clock, costs, CASH, listed)
    buy = books.commit(1, collar=Decimal(105))
    for minute in range(8):
        books.clock.advance_to(NOW + minute * MINUTE)
        buy = send(venue, books.work, books.clock, replace(buy))
        assert differences(books.book(), venue.account()) == ()
    assert buy.filled == 10
    sell = books.commit(2, side=Side.SELL, quantity=Decimal(10), collar=Decimal(90))
    late = VirtualClock(sell.intent.expires_at + 1)
    sell = send(venue, books.work, books.clock, sell)
    books.clock.advance_to(late.now())
    sell = follow(venue, books.work, books.clock, sell)
    assert (sell.status, sell.filled) == (S.EXPIRED, 6)
    assert differences(books.book(), venue.account()) == ()
    assert books.book().positions["BTCUSDT"].quantity == 4
