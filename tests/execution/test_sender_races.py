"""Several processes with one intent: it is sent once, and nobody's late news undoes what another one knows."""

from __future__ import annotations

import threading
from decimal import Decimal

from domain.words import NOW
from execution.books import Books
from execution.scripted import Answer, Scripted, never, refused, says, unknown, unreachable
from execution.venues import CASH, FREE, listed, printed
from quorum.domain import MINUTE, Order, OrderIntent, OrderStatus
from quorum.execution import BrokerOrder, SimulatedBroker, VenueCosts, differences
from quorum.execution.fakes import ListedPrices, MemoryJournal

S = OrderStatus


def test_a_second_sender_with_the_same_intent_sends_nothing(books: Books) -> None:
    stale, broker = books.commit(), Scripted(says(S.ACCEPTED), says(S.ACCEPTED))
    books.sender(broker).send(stale)
    assert books.sender(broker).send(stale).status is S.ACCEPTED
    assert broker.submitted == ["Q1"]


def test_two_senders_at_the_same_moment_send_once(books: Books) -> None:
    stale, inner = books.commit(), Scripted(never)

    def submit(identity: str) -> BrokerOrder:
        assert books.sender(inner).send(stale).status is S.SENT
        return BrokerOrder(identity, S.ACCEPTED)

    assert books.sender(Scripted(submit)).send(stale).status is S.ACCEPTED
    assert (inner.submitted, inner.asked) == ([], [])


def test_a_late_second_sender_does_not_expire_what_is_being_sent(books: Books) -> None:
    stale = books.commit()

    def submit(identity: str) -> BrokerOrder:
        books.clock.advance_to(stale.intent.expires_at + 1)
        assert books.sender(Scripted(never)).send(stale).status is S.SENT
        return BrokerOrder(identity, S.ACCEPTED)

    assert books.sender(Scripted(submit)).send(stale).status is S.ACCEPTED
    assert books.statuses() == [S.SENT, S.ACCEPTED]


def test_one_who_asks_in_between_makes_the_sender_s_request_never_arrive(books: Books) -> None:
    stale = books.commit()
    venue = SimulatedBroker(MemoryJournal(), ListedPrices([printed(0, "100")]), books.clock, FREE, CASH, listed)

    class Slow(Scripted):
        def submit(self, intent: OrderIntent) -> BrokerOrder:
            assert books.sender(venue).follow(books.get()).status is S.NEVER_ARRIVED
            return venue.submit(intent)

    assert books.sender(Slow(never)).send(stale).status is S.NEVER_ARRIVED
    assert books.statuses() == [S.SENT, S.NEVER_ARRIVED]
    assert venue.account().positions == {}


OVERTAKEN = [
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
    (unknown, unknown),
]
LOST = [
    (says(S.ACCEPTED), unreachable),
    (says(S.PARTIALLY_FILLED, "4"), unreachable),
    (says(S.FILLED, "10"), unreachable),
    (unknown, refused),
]


def overtaken(books: Books, number: int, newer: Answer, answer: Answer) -> tuple[Answer, list[Order]]:
    """An answer during which another process asks too, and books the `newer` one that it gets; what it then has."""
    found: list[Order] = []

    def late(identity: str) -> BrokerOrder | None:
        found.append(books.sender(Scripted(never, newer)).follow(books.get(number)))
        return answer(identity)

    return late, found


def test_the_sender_s_answer_is_no_news_when_another_process_knows_more(books: Books) -> None:
    for number, (newer, answer) in enumerate([*OVERTAKEN[:-1], *LOST]):
        late, found = overtaken(books, number, newer, answer)
        order = books.sender(Scripted(late)).send(books.commit(number))
        assert [books.get(number)] == [order] == found


def test_a_follower_s_answer_is_no_news_when_another_process_knows_more(books: Books) -> None:
    for number, (newer, answer) in enumerate(OVERTAKEN):
        stale = books.sender(Scripted(unreachable)).send(books.commit(number))
        late, found = overtaken(books, number, newer, answer)
        order = books.sender(Scripted(never, late)).follow(stale)
        assert [books.get(number)] == [order] == found


def test_followers_at_the_same_time_book_everything_once(books: Books) -> None:
    prints = [printed(n / 10, "100", "10") for n in range(1, 21)]
    costs = VenueCosts(Decimal(10), Decimal(2), Decimal("0.05"))
    journal = MemoryJournal()

    def door() -> SimulatedBroker:
        return SimulatedBroker(journal.opened_again(), ListedPrices(prints), books.clock, costs, CASH, listed)

    order = books.sender(door()).send(books.commit())
    done: list[Order] = []
    barrier = threading.Barrier(3)

    def chase() -> None:
        seen = order
        barrier.wait()
        while not seen.status.terminal:
            seen = books.sender(door()).follow(seen)
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
