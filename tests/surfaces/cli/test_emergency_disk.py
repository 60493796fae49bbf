"""Emergencies on a disk that is full, or takes no file: what can be done is done, the rest is explained."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from resource import RLIMIT_FSIZE, getrlimit, setrlimit
from types import SimpleNamespace

import httpx
import pytest

from quorum.adapters.halts import HaltFile
from quorum.bootstrap import halt_trading, open_desk
from quorum.bootstrap.emergency import room
from quorum.desk import Desk
from quorum.desk.trading.reconciling import reconcile
from quorum.domain import Scope, Severity
from quorum.simulator import Address
from simulator.sim_markets import order, venue
from surfaces.cli.emergencies import NAMES, WORD, buys, close, held
from surfaces.cli.test_broker_at_alpaca import workspace

DESK = (Scope.DESK, "")


@pytest.fixture
def exchange() -> Iterator[tuple[Address, httpx.Client]]:
    """Alpaca simulated."""
    with venue(start=time.time_ns(), speed=1.0) as found:
        yield found


@pytest.fixture
def desk(tmp_path: Path, exchange: tuple[Address, httpx.Client]) -> Desk:
    """A desk whose account holds something there."""
    opened = open_desk(workspace(tmp_path, exchange[0]))
    opened.account_for("USD", "shares")
    buys(opened, {NAMES[0]: "2"})
    return opened


@contextmanager
def full_disk() -> Iterator[None]:
    """No file takes a byte."""
    before = getrlimit(RLIMIT_FSIZE)
    setrlimit(RLIMIT_FSIZE, (0, before[1]))
    try:
        yield
    finally:
        setrlimit(RLIMIT_FSIZE, before)


def test_on_a_full_disk_orders_are_cancelled_nothing_opens_and_what_is_left_is_explained(
    desk: Desk, exchange: tuple[Address, httpx.Client]
) -> None:
    home, client = desk.workspace.home, exchange[1]
    client.post("/v2/orders", json=order(type="limit", limit_price="1")).raise_for_status()
    file = HaltFile(home / "state" / "halts.json")
    with full_disk():
        halted = halt_trading(home, DESK, WORD, 3.0, follow=False)
        closed = close(desk, 1.0)
    assert len(halted["cancelled"]) == 1
    assert [(one["account"], one["what"]) for one in halted["failed"]] == [("account", "desk")]
    assert "it was cut short, which halts everything" in halted["failed"][0]["why"]
    assert [(halt.scope, halt.severity) for halt in file.standing()] == [(Scope.DESK, Severity.BLACK)]
    (left,) = [one for one in closed["failed"] if one["account"] == "shares"]
    assert left["what"] == "AAPL"
    assert "2 still held" in left["why"]
    assert "free some space" in left["why"]

    again = close(desk)
    assert (again["failed"], [one["quantity"] for one in again["closed"]]) == ([], ["2"])
    assert [halt.reason for halt in file.standing()] == [f"desk: {WORD[1]}"]
    assert reconcile(desk, "shares").clean
    assert held(desk) == {}


def test_what_was_laid_by_makes_room_and_is_laid_by_again(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    home = desk.workspace.home
    assert (home / room.PLACE).stat().st_size == room.SIZE
    with monkeypatch.context() as full:
        full.setattr("quorum.bootstrap.emergency.room.os.statvfs", lambda path: SimpleNamespace(f_bavail=1, f_frsize=1))
        told = halt_trading(home, DESK, WORD, follow=False)
    assert (told["failed"], told["notes"]) == ([], ["the disk is full: state/reserve made room on it"])
    assert not (home / room.PLACE).exists()
    open_desk(home)
    assert (home / room.PLACE).exists()


def test_a_halt_that_the_file_does_not_take_stands_in_the_store_and_one_of_neither_is_told(desk: Desk) -> None:
    home = desk.workspace.home
    lock = home / "state" / "halts.lock"
    lock.unlink(missing_ok=True)
    lock.mkdir()
    told = halt_trading(home, DESK, WORD, follow=False)
    assert told["failed"] == []
    assert told["notes"][0].startswith("the file did not take the halt, the store has it: ")
    assert [halt.reason for halt in desk.halts.standing()] == [WORD[1]]
    (home / "desk.db").rename(home / "away.db")
    told = halt_trading(home, DESK, WORD, follow=False)
    assert told["failed"][0]["why"].startswith("neither file nor store has the halt: ")
    told = close(desk)
    assert [one["quantity"] for one in told["closed"]] == ["2"]
