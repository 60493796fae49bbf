"""Close-all in the books: what strategies hold against each other is crossed, and everything balances."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from quorum.bootstrap import cancel_everywhere, open_desk
from quorum.desk import Desk, books
from quorum.desk.trading.reconciling import reconcile
from quorum.simulator import Address
from simulator.sim_markets import venue
from surfaces.cli.emergencies import NAMES, D, against, buys, close, held
from surfaces.cli.test_broker_at_alpaca import workspace


@pytest.fixture
def exchange() -> Iterator[tuple[Address, httpx.Client]]:
    """Alpaca simulated."""
    with venue(start=time.time_ns(), speed=1.0) as found:
        yield found


@pytest.fixture
def desk(tmp_path: Path, exchange: tuple[Address, httpx.Client]) -> Desk:
    """A desk whose account is there."""
    opened = open_desk(workspace(tmp_path, exchange[0]))
    opened.account_for("USD", "shares")
    return opened


@contextmanager
def locked(home: Path) -> Iterator[None]:
    """Somebody has begun to write into the store and does not end."""
    connection = sqlite3.connect(home / "desk.db", isolation_level=None)
    try:
        connection.execute("begin immediate")
        yield
    finally:
        connection.close()


@contextmanager
def away(home: Path) -> Iterator[None]:
    """The store is not where it was."""
    (home / "desk.db").rename(home / "away.db")
    yield
    (home / "away.db").rename(home / "desk.db")


def assert_all_is_flat(desk: Desk) -> None:
    """Nobody holds anything by the books, the desk itself neither, and they balance."""
    with desk.accounts.transaction("shares") as transaction:
        assert transaction.book().quantity("AAPL") == 0
    report = books(desk, "shares")
    assert report.balanced, (report.differences, report.audit.faults)


@pytest.mark.parametrize("more", [None, "3", "8"])
def test_what_strategies_hold_against_each_other_is_crossed_and_all_is_flat(desk: Desk, more: str | None) -> None:
    against(desk, "5")
    if more is not None:
        buys(desk, {NAMES[1]: more})
    told = close(desk)
    assert (told["failed"], told["notes"]) == ([], [])
    assert [line["quantity"] for line in told["closed"]] == ([] if more is None else [more])
    assert held(desk) == {}
    report = books(desk, "shares")
    assert report.balanced, (report.differences, report.audit.faults)


def test_orders_that_leave_by_the_file_are_of_the_strategies_too(desk: Desk) -> None:
    buys(desk, {NAMES[0]: "2", NAMES[1]: "3"})
    with locked(desk.workspace.home):
        told = close(desk)
    assert told["failed"] == []
    assert reconcile(desk, "shares").clean
    assert held(desk) == {}
    report = books(desk, "shares")
    assert report.balanced, (report.differences, report.audit.faults)


def test_orders_that_left_when_nobody_could_ask_whose_they_were_are_of_those_who_held_it_all(desk: Desk) -> None:
    buys(desk, {NAMES[0]: "2", NAMES[1]: "3"})
    with away(desk.workspace.home):
        told = close(desk)
    assert told["failed"] == []
    assert "without the store: " in told["notes"][0]
    assert reconcile(desk, "shares").clean
    assert held(desk) == {}
    assert books(desk, "shares").balanced


@pytest.mark.parametrize("mine", ["4", "0.7"])
def test_what_left_when_nobody_could_ask_is_shared_by_strategies_and_the_desk(desk: Desk, mine: str) -> None:
    buys(desk, {NAMES[0]: "2", NAMES[1]: "3.1", "": mine})
    with away(desk.workspace.home):
        told = close(desk)
    assert [line["quantity"] for line in told["closed"]] == [str(D("5.1") + D(mine))]
    assert reconcile(desk, "shares").clean
    assert held(desk) == {}
    assert_all_is_flat(desk)


def test_what_strategies_hold_against_each_other_is_crossed_when_the_store_is_back(desk: Desk) -> None:
    against(desk, "5")
    buys(desk, {NAMES[1]: "8", "": "1"})
    with away(desk.workspace.home):
        assert close(desk)["failed"] == []
    assert reconcile(desk, "shares").clean
    assert held(desk) == {}
    assert_all_is_flat(desk)


def test_orders_that_left_one_after_the_other_are_shared_to_the_last_unit(
    desk: Desk, exchange: tuple[Address, httpx.Client]
) -> None:
    buys(desk, {NAMES[0]: "2", NAMES[1]: "3.1", "": "0.7"})
    thin = {"symbol": "AAPL", "last": 100, "bid_size": 3}
    exchange[1].post("/sim/prices", json=thin).raise_for_status()
    with away(desk.workspace.home):
        first = close(desk, 1.0)
        assert len(cancel_everywhere(desk.workspace.home, None)["cancelled"]) == 1
        exchange[1].post("/sim/prices", json={"symbol": "AAPL", "last": 99}).raise_for_status()
        second = close(desk)
    assert [line["quantity"] for line in (*first["closed"], *second["closed"])] == ["3", "2.8"]
    assert reconcile(desk, "shares").clean
    assert held(desk) == {}
    assert_all_is_flat(desk)
