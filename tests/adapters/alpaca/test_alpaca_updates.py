"""Trade updates: heard, lost, doubled, broken off and mute; the venue's clock and means."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

import pytest

from adapters.alpaca.alpaca_desk import Desk, desk_at, secrets, wish
from quorum.adapters.alpaca.trading import Clockwork, Line, Patience, TradeUpdates
from quorum.domain import HOUR, SECOND, VirtualClock, iso
from simulator.sim_markets import NOON

CALM = Patience(answer=2, first=0.02, longest=0.05)
QUICK = Patience(answer=2, silence=0.2, first=0.02, longest=0.05)


@dataclass
class Ear:
    """What a listener was told; `news` is what its next looks say."""

    heard: list[str] = field(default_factory=list)
    told: list[str] = field(default_factory=list)
    looks: int = 0
    news: bool = False

    def look(self) -> bool:
        self.looks += 1
        return self.news


@contextmanager
def listening(desk: Desk, patience: Patience = CALM) -> Iterator[tuple[Ear, TradeUpdates]]:
    ear = Ear()
    keys = secrets(desk.address)
    with TradeUpdates(desk.address.url, keys, ear.heard.append, ear.look, patience, ear.told.append) as updates:
        until(lambda: updates.listening and ear.looks > 0)
        yield ear, updates


def until(found: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not found():
        assert time.monotonic() < end
        time.sleep(0.005)


def test_every_update_names_its_order_and_the_first_look_comes_before(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with desk_at() as desk, listening(desk) as (ear, updates):
        assert (ear.heard, ear.looks, updates.connections) == ([], 1, 1)
        desk.broker.submit(wish())
        until(lambda: ear.heard == ["Q1"] * 3)
        shown = f"{caplog.text} {ear.told} {updates!r}"
        assert desk.address.keys.secret not in shown
        assert desk.address.keys.key not in shown


@pytest.mark.parametrize(
    ("kind", "heard"), [("duplicate", 4), ("reorder", 3), ("lose", 2), ("bad_frame", 3), ("torn_frame", 2)]
)
def test_updates_that_are_lost_doubled_or_broken_change_nothing_but_when_we_look(kind: str, heard: int) -> None:
    with desk_at() as desk, listening(desk) as (ear, updates):
        desk.planted({"fault": kind, "on": "trade_updates"})
        desk.broker.submit(wish())
        until(lambda: len(ear.heard) == heard)
        assert set(ear.heard) == {"Q1"}
        if kind.endswith("frame"):
            until(lambda: ear.looks == 2)
        assert updates.connections == 1


@pytest.mark.parametrize("kind", ["close", "cut"])
def test_a_stream_that_ends_is_opened_again_and_what_was_missed_is_asked_for(kind: str) -> None:
    with desk_at() as desk, listening(desk) as (ear, updates):
        desk.planted({"fault": kind, "on": "trade_updates"})
        desk.broker.submit(wish())
        until(lambda: updates.connections == 2 and ear.looks == 2)
        assert "the stream broke off" in ear.told[0]
        desk.broker.submit(wish(2))
        until(lambda: ear.heard[-2:] == ["Q2", "Q2"])


def test_a_stream_that_is_open_and_mute_is_found_by_looking() -> None:
    with desk_at() as desk, listening(desk, QUICK) as (ear, updates):
        until(lambda: ear.looks >= 3)
        assert updates.connections == 1
        desk.planted({"fault": "stall", "on": "trade_updates", "seconds": 3600})
        desk.broker.submit(wish())
        ear.news = True
        until(lambda: updates.connections == 2)
        assert "mute" in ear.told[0]


def test_keys_that_are_refused_are_told_and_tried_again() -> None:
    with desk_at() as desk:
        wrong = (secrets(desk.address)[0], secrets(desk.address)[0])
        ear = Ear()
        with TradeUpdates(desk.address.url, wrong, ear.heard.append, ear.look, QUICK, ear.told.append) as updates:
            until(lambda: len(ear.told) > 1)
            assert not updates.listening
        assert "the keys were refused" in ear.told[0]
        assert ear.looks == 0
        assert desk.address.keys.key not in str(ear.told)


def test_the_venue_says_when_it_is_open_and_what_may_be_bought() -> None:
    with desk_at(hours="calendar") as desk:
        clock = VirtualClock(NOON)
        works = Clockwork(Line(desk.address.url, secrets(desk.address), clock), clock)
        assert works.market_open()
        assert [works.trades(symbol) for symbol in ("AAPL", "BTC/USD", "NOPE", "NOPE/USD")] == [
            True,
            True,
            False,
            False,
        ]
        assert iso(works.next_open()) == "2026-11-23T14:30:00Z"
        assert iso(works.hours().next_close) == "2026-11-20T21:00:00Z"
        assert abs(works.skew()) < SECOND
        clock.advance_to(NOON + 4 * HOUR)
        desk.later(4 * 3600)
        assert not works.market_open()
        assert [works.takes_opening(NOON + hours * HOUR) for hours in (0, 6, 8, 20)] == [False, False, True, True]
        days = works.sessions(date(2026, 11, 24), date(2026, 11, 30))
        assert [(day.date, iso(day.open)[11:16], iso(day.close)[11:16]) for day in days] == [
            ("2026-11-24", "14:30", "21:00"),
            ("2026-11-25", "14:30", "21:00"),
            ("2026-11-27", "14:30", "18:00"),
            ("2026-11-30", "14:30", "21:00"),
        ]
        assert works.buying_power() == Decimal(200_000)
