"""The venue in its own process: a refusal is only what the venue refused; anything else is no answer."""

from __future__ import annotations

import json
import os
import socket
import stat
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from time import sleep
from typing import Any

import pytest

from adapters.stores import NOW, SYMBOL, funded, intent, ordered
from quorum.adapters.process import BrokerServer, FileJournal, RemoteBroker, RequestClock, socket_path
from quorum.domain import (
    MINUTE,
    BrokerError,
    BrokerUnreachable,
    Clock,
    Instrument,
    Money,
    OrderStatus,
    StoreError,
    Trade,
    VirtualClock,
    plain,
)
from quorum.execution import Sender, SimulatedBroker, VenueCosts
from quorum.execution.fakes import ListedPrices, MemoryJournal, NoHalts

PRINTS = ListedPrices(Trade(SYMBOL, NOW + i * MINUTE, Decimal(100), Decimal(10)) for i in range(5))
INSTRUMENT = Instrument(SYMBOL, "made-up", "BTC", "USDT", Decimal("0.01"), Decimal("0.001"))


class FullJournal(MemoryJournal):
    """A journal whose disk has no room for events of one kind, while `full`."""

    def __init__(self, kind: str) -> None:
        super().__init__()
        self.kind, self.full = kind, True

    def append(self, event: Mapping[str, Any]) -> None:
        if self.full and event["kind"] == self.kind:
            raise StoreError("journal: disk is full", "free some space")
        super().append(event)


def broker(journal: Any, clock: Clock) -> SimulatedBroker:
    return SimulatedBroker(journal, PRINTS, clock, VenueCosts(), Money(Decimal(10_000), "USDT"), lambda _: INSTRUMENT)


@contextmanager
def served(path: Path, journal: Any) -> Iterator[None]:
    """The venue, answering in a thread."""
    clock = RequestClock(0)
    with BrokerServer(path, broker(journal, clock), clock) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture
def door() -> Iterator[Path]:
    """Where the venue listens; pytest's own folders are too deep for a socket."""
    with TemporaryDirectory(prefix="q-") as folder:
        yield Path(folder) / "s"


@pytest.mark.parametrize("kind", ["order", "fill"])
def test_a_venue_without_space_gives_no_answer_and_the_order_ends_as_it_should(
    tmp_path: Path, door: Path, kind: str
) -> None:
    """A refusal would end the order in our books, while the venue has it and fills it later."""
    store, clock, journal = funded(tmp_path), VirtualClock(NOW), FullJournal(kind)
    remote = RemoteBroker(door, clock)
    with store.accounts.transaction("paper") as transaction:
        ordered(transaction, 1, "1.5")
    with served(door, journal):
        order = Sender(remote, store.accounts, clock, NoHalts()).send(store.orders.get("Q1"))
        assert order.status is OrderStatus.UNKNOWN
        assert store.orders.events_of("Q1")[-1]["detail"].startswith(
            "the simulated venue failed: journal: disk is full"
        )
        journal.full = False
        order = Sender(remote, store.accounts, clock, NoHalts()).follow(order)
        clock.advance_to(NOW + 2 * MINUTE)
        order = Sender(remote, store.accounts, clock, NoHalts()).follow(order)
        venue = remote.account()
    expected = {"order": (OrderStatus.NEVER_ARRIVED, {}), "fill": (OrderStatus.FILLED, {SYMBOL: Decimal("1.5")})}
    assert (order.status, dict(venue.positions)) == expected[kind]
    with store.accounts.transaction("paper") as transaction:
        assert transaction.book().cash == venue.cash["USDT"]
    assert store.audit().balanced
    store.database.close()


def test_a_refusal_of_the_venue_is_a_refusal_here(door: Path) -> None:
    remote = RemoteBroker(door, VirtualClock(NOW))
    with served(door, MemoryJournal()):
        assert remote.order("Q1") is None
        with pytest.raises(BrokerError, match="order Q1 was given up before it arrived") as caught:
            remote.submit(intent(1, "DEC-20240603-001"))
        with pytest.raises(BrokerError, match="there is no order Q2 to cancel"):
            remote.cancel("Q2")
    assert not isinstance(caught.value, BrokerUnreachable)


def test_each_request_is_answered_at_its_own_instant(door: Path) -> None:
    clock = VirtualClock(NOW)
    remote = RemoteBroker(door, clock)
    with served(door, MemoryJournal()):
        assert remote.submit(intent(1, "DEC-20240603-001")).fills[0].time == NOW
        earlier = RemoteBroker(door, VirtualClock(NOW - MINUTE))  # another process, whose clock is behind
        assert earlier.submit(intent(2, "DEC-20240603-001")).fills == ()
        order = remote.order("Q2")
        assert order
        assert [f.quantity for f in order.fills] == [1]


def test_a_request_that_was_cut_short_is_none(door: Path, capfd: pytest.CaptureFixture[str]) -> None:
    request = {"verb": "submit", "intent": plain(intent(1, "DEC-20240603-001")), "now": NOW}
    journal = MemoryJournal()
    with served(door, journal):
        for text in (json.dumps(request), json.dumps(request)[:-9], ""):
            with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as line:
                line.connect(str(door))
                line.sendall(text.encode())  # and gone, without the end of the line
        assert RemoteBroker(door, VirtualClock(NOW)).account().positions == {}
    assert [event["kind"] for event in journal.unread()] == []
    assert capfd.readouterr().err == ""


def test_a_client_that_does_not_wait_for_its_answer_leaves_an_order_and_no_noise(
    door: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    request = {"verb": "submit", "intent": plain(intent(1, "DEC-20240603-001")), "now": NOW}
    with served(door, MemoryJournal()):
        for _ in range(20):
            with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as line:
                line.connect(str(door))
                line.sendall(json.dumps(request).encode() + b"\n")
        remote = RemoteBroker(door, VirtualClock(NOW))
        while not remote.account().positions:
            sleep(0.001)
        assert remote.account().positions == {SYMBOL: 1}
    assert capfd.readouterr().err == ""


def test_clients_at_once_are_answered_one_by_one(door: Path) -> None:
    journal = MemoryJournal()
    remote = RemoteBroker(door, VirtualClock(NOW))

    def buy(first: int) -> None:
        for number in range(first, first + 3):
            remote.submit(intent(number, "DEC-20240603-001", "0.01"))
            remote.submit(intent(7, "DEC-20240603-001", "0.01"))

    with served(door, journal):
        threads = [threading.Thread(target=buy, args=(first,)) for first in range(100, 1_300, 100)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert remote.account().positions == {SYMBOL: Decimal("0.37")}


def test_nobody_listens_and_nobody_answers_are_both_no_answer(door: Path) -> None:
    remote = RemoteBroker(door, VirtualClock(NOW), timeout=0.1)
    with pytest.raises(BrokerUnreachable, match=r"gave no answer .*; start it with `quorum broker serve`$"):
        remote.account()
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as deaf:
        deaf.bind(str(door))
        with pytest.raises(BrokerUnreachable):
            remote.account()
        deaf.listen()
        with pytest.raises(BrokerUnreachable, match="timed out"):
            remote.account()


def test_the_door_is_its_owner_s_alone_and_one_that_a_kill_left_is_replaced(door: Path) -> None:
    for _ in range(2):
        with served(door, MemoryJournal()):
            assert stat.S_IMODE(os.stat(door).st_mode) == 0o600
        assert door.exists()


def test_a_workspace_has_one_door_and_its_name_is_short_enough(tmp_path: Path) -> None:
    deep = tmp_path / ("x" * 200) / "workspace"
    assert socket_path(deep) == socket_path(deep / ".." / "workspace") != socket_path(tmp_path)
    assert len(str(socket_path(deep)).encode()) < 100


def test_a_line_that_a_kill_cut_short_leaves_nothing_behind(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    path.write_bytes(b'{"kind":"whole"}\n{"kind":"cut","text":"' + b"x" * 200)
    for number in range(2):
        journal = FileJournal(path)
        with journal.exclusive():
            assert len(journal.unread()) == 1 + number
            journal.append({"kind": "short"})
    assert path.read_bytes() == b'{"kind":"whole"}\n' + b'{"kind":"short"}\n' * 2


def test_a_journal_that_nobody_holds_any_more_gives_its_file_back(tmp_path: Path) -> None:
    journal = FileJournal(tmp_path / "journal.jsonl")
    before = len(os.listdir("/dev/fd"))
    for _ in range(5):
        with journal.exclusive():
            journal.append({"kind": "x"})
        journal = FileJournal(tmp_path / "journal.jsonl")
        with journal.exclusive():
            journal.unread()
    assert len(os.listdir("/dev/fd")) == before
    journal.close()
    journal.close()
    assert len(os.listdir("/dev/fd")) == before - 1
