"""A database that was away is told of once it answers: since when, for how long, and why."""

from __future__ import annotations

import pytest

from quorum.desk.notices import Outage
from quorum.desk.notices.fakes import MemoryOutbox
from quorum.domain import SECOND, DataError, StoreError, VirtualClock, parse_instant

START = parse_instant("2024-06-03T12:00:00Z")


class Store:
    """Acts that a database takes, or refuses."""

    refuses: Exception | None = None

    def act(self) -> None:
        if self.refuses is not None:
            raise self.refuses


def test_an_outage_is_told_of_at_its_end_and_once() -> None:
    clock, store = VirtualClock(START), Store()
    outbox = MemoryOutbox(clock)
    outage = Outage(outbox, clock)
    acts = [outage.over(store.act), outage.over(store.act)]
    acts[0]()
    assert outbox.listed() == []
    store.refuses = StoreError("the database is locked", "wait")
    for _ in range(3):
        for act in acts:
            with pytest.raises(StoreError, match="is locked"):
                act()
        clock.advance_to(clock.now() + 10 * SECOND)
    assert outbox.listed() == []
    store.refuses = None
    for act in acts * 2:
        act()
    back, away = (told.notice.occurrence for told in outbox.listed())
    assert (away.event, back.event) == ("store_unreachable", "store_back")
    assert away.summary == "the database did not answer from 2024-06-03T12:00:00Z on: the database is locked; wait"
    assert back.summary == "the database answers again, after 30 s"
    assert away.details["seconds"] == 30.0


def test_what_is_no_outage_is_none() -> None:
    clock, store = VirtualClock(START), Store()
    outbox = MemoryOutbox(clock)
    act = Outage(outbox, clock).over(store.act)
    store.refuses = DataError("there is a gap")
    with pytest.raises(DataError):
        act()
    store.refuses = None
    act()
    assert outbox.listed() == []


def test_an_outage_begins_with_the_act_that_waited_for_it() -> None:
    clock = VirtualClock(START)
    outbox, waits = MemoryOutbox(clock), [True]

    def act() -> None:
        if waits:
            clock.advance_to(clock.now() + 10 * SECOND)  # as long as a lock is waited for
            raise StoreError("the database is locked", "wait")

    watched = Outage(outbox, clock).over(act)
    with pytest.raises(StoreError):
        watched()
    waits.clear()
    watched()
    assert outbox.listed()[0].notice.occurrence.details["seconds"] == 10.0
