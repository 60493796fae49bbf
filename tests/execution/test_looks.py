"""How often a venue is looked at changes nothing: an order meets every print once, and a look costs what is new."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from domain.words import NOW
from execution.venues import CASH, FREE, listed, wish
from quorum.domain import DAY, MINUTE, Hold, OrderIntent, OrderKind, OrderTerms, Side, Trade, VirtualClock
from quorum.execution import BrokerOrder, SimulatedBroker, VenueCosts
from quorum.execution.fakes import MemoryJournal
from quorum.execution.simulated import Range

D = Decimal
COSTS = VenueCosts(D(10), D(20), D("0.5"), D(5))
Bar = tuple[int, int, int, int]
"""Open, and how far up and down it went; volume, 0 for one that nobody knows."""


@dataclass
class Drawn:
    """Bars of a minute from NOW on, by their minute; `read` counts those that were told."""

    held: dict[int, Bar]
    edition: int = 0
    read: int = field(default=0, compare=False)

    def prints(self, symbol: str, since: int, until: int) -> Iterator[Trade]:
        return (trade for trade, _ in self.bars(since, until))

    def chart(self, symbol: str, since: int) -> Drawn:
        return self

    def bars(self, since: int, until: int) -> Iterator[tuple[Trade, Range | None]]:
        for minute, (start, up, down, volume) in sorted(self.held.items()):
            time = NOW + minute * MINUTE
            if since <= time <= until:
                self.read += 1
                bar = Range(time, D(start), D(start + up), D(start - down))
                yield Trade("BTCUSDT", time, D(start), D(volume)), bar if time + MINUTE <= until else None

    def came(self, minute: int, bar: Bar) -> None:
        """A bar that is new, or another one for its minute."""
        self.edition += bool(self.held) and minute <= max(self.held)
        self.held[minute] = bar


BARS = st.tuples(st.integers(95, 105), st.integers(0, 4), st.integers(0, 4), st.sampled_from([0, 4, 30]))
DAYS = st.lists(BARS, min_size=1, max_size=8).map(lambda bars: dict(enumerate(bars)))


@st.composite
def intents(draw: st.DrawFn) -> OrderIntent:
    kind = draw(st.sampled_from(OrderKind))
    holds = [Hold.GTC, Hold.DAY] if kind.waits else [Hold.GTC, Hold.DAY, Hold.IOC]
    trigger = D(draw(st.integers(94, 106))) if kind.waits else None
    terms = OrderTerms(kind, draw(st.sampled_from(holds)), trigger)
    expires = NOW + draw(st.sampled_from([3 * MINUTE, 6 * MINUTE + 1, DAY]))
    side, collar = draw(st.sampled_from(Side)), D(draw(st.integers(94, 106)))
    return wish(1, draw(st.sampled_from(["1", "10"])), side, collar=collar, terms=terms, expires_at=expires)


def opened(journal: MemoryJournal, drawn: Drawn, clock: VirtualClock) -> SimulatedBroker:
    return SimulatedBroker(journal, drawn, clock, COSTS, CASH, listed)


def looked(broker: SimulatedBroker) -> BrokerOrder:
    answer = broker.order("Q1")
    assert answer is not None
    return answer


@given(intents(), DAYS, st.integers(0, 90), st.lists(st.tuples(st.integers(0, 480), st.booleans()), max_size=12))
def test_who_looks_often_and_starts_again_sees_what_one_look_at_the_end_sees(
    intent: OrderIntent, bars: dict[int, Bar], late: int, looks: list[tuple[int, bool]]
) -> None:
    ends: list[BrokerOrder] = []
    for seconds in ([], sorted(looks)):
        journal, clock = MemoryJournal(), VirtualClock(NOW + late * MINUTE // 60)
        broker = opened(journal, Drawn(bars), clock)
        broker.submit(intent)
        for second, restarted in seconds:
            clock.advance_to(max(clock.now(), NOW + second * MINUTE // 60))
            broker = opened(journal.opened_again(), Drawn(bars), clock) if restarted else broker
            looked(broker)
        clock.advance_to(NOW + 9 * MINUTE)
        ends.append(looked(broker))
    assert ends[0] == ends[1]


@given(intents(), st.lists(st.tuples(st.integers(0, 8), BARS, st.booleans()), min_size=1, max_size=12))
def test_what_it_remembers_is_what_it_would_find_again_also_of_bars_that_come_late_or_change(
    intent: OrderIntent, news: list[tuple[int, Bar, bool]]
) -> None:
    drawn, clock, journals = Drawn({}), VirtualClock(NOW), (MemoryJournal(), MemoryJournal())
    keeps = opened(journals[0], drawn, clock)
    keeps.submit(intent)
    opened(journals[1], drawn, clock).submit(intent)
    for step, (minute, bar, look) in enumerate(news):
        drawn.came(minute, bar)
        clock.advance_to(NOW + (step + 1) * MINUTE)
        if look:
            assert looked(keeps) == looked(opened(journals[1].opened_again(), drawn, clock))


def resting(kind: OrderKind, collar: str, trigger: str | None = None, quantity: str = "1") -> OrderIntent:
    terms = OrderTerms(kind, Hold.GTC, None if trigger is None else D(trigger))
    return wish(1, quantity, collar=D(collar), terms=terms, expires_at=NOW + DAY)


def test_a_stop_limit_does_not_fill_at_prices_from_before_it_was_set_off() -> None:
    drawn, clock = Drawn({0: (100, 1, 1, 0), 1: (107, 1, 0, 0), 2: (108, 1, 0, 0)}), VirtualClock(NOW)
    journal = MemoryJournal()
    opened(journal, drawn, clock).submit(resting(OrderKind.STOP_LIMIT, "106", "105"))
    for seconds in (61, 62, 200, 201):
        clock.advance_to(NOW + seconds * MINUTE // 60)
        assert looked(opened(journal.opened_again(), drawn, clock)).fills == ()
    drawn.came(3, (106, 0, 0, 0))
    (fill,) = looked(opened(journal.opened_again(), drawn, clock)).fills
    assert (fill.time, fill.price) == (NOW + 3 * MINUTE, D(106))


def test_a_bar_gives_its_share_once_whenever_it_is_looked_at() -> None:
    for looks in ([9], [0, 9], [0, 1, 9]):
        drawn, clock, journal = Drawn({0: (100, 1, 1, 10), 1: (100, 1, 1, 10)}), VirtualClock(NOW), MemoryJournal()
        broker = SimulatedBroker(journal, drawn, clock, VenueCosts(D(0), D(0), D("0.5")), CASH, listed)
        broker.submit(resting(OrderKind.LIMIT, "100", quantity="20"))
        for minutes in looks:
            clock.advance_to(NOW + minutes * MINUTE)
            answer = looked(broker)
        assert [(fill.quantity, fill.time) for fill in answer.fills] == [(D(5), NOW), (D(5), NOW + MINUTE)]


def test_a_look_reads_what_is_new_alone() -> None:
    drawn, clock = Drawn(dict.fromkeys(range(500), (100, 1, 1, 0))), VirtualClock(NOW)
    broker = SimulatedBroker(MemoryJournal(), drawn, clock, FREE, CASH, listed)
    broker.submit(resting(OrderKind.LIMIT, "50"))
    clock.advance_to(NOW + 400 * MINUTE)
    looked(broker)
    drawn.read = 0
    for minute in (400, 401, 402):
        clock.advance_to(NOW + minute * MINUTE)
        looked(broker)
    assert drawn.read <= 6
    drawn.came(10, (40, 0, 0, 0))
    (fill,) = looked(broker).fills
    assert fill.time == NOW + 10 * MINUTE


def test_a_journal_from_before_events_had_their_moment_is_still_read() -> None:
    drawn, clock, journal = Drawn({0: (100, 1, 1, 0), 1: (107, 1, 0, 0)}), VirtualClock(NOW), MemoryJournal()
    opened(journal, drawn, clock).submit(resting(OrderKind.STOP_LIMIT, "106", "105"))
    journal.append({"kind": "set_off", "id": "Q1"})
    journal.append({"kind": "rested", "id": "Q1"})
    assert looked(opened(journal.opened_again(), drawn, clock)).fills
