"""Close-all in the books: what strategies hold against each other is crossed, and everything balances."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from quorum.bootstrap import open_desk
from quorum.desk import Desk, books
from quorum.desk.trading.reconciling import reconcile
from simulator.sim_markets import venue
from surfaces.cli.emergencies import NAMES, against, buys, close, held
from surfaces.cli.test_broker_at_alpaca import workspace


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """A desk whose account is at a simulated Alpaca."""
    with venue(start=time.time_ns(), speed=1.0) as (address, _):
        opened = open_desk(workspace(tmp_path, address))
        opened.account_for("USD", "shares")
        yield opened


@contextmanager
def locked(home: Path) -> Iterator[None]:
    """Somebody has begun to write into the store and does not end."""
    connection = sqlite3.connect(home / "desk.db", isolation_level=None)
    try:
        connection.execute("begin immediate")
        yield
    finally:
        connection.close()


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
    home = desk.workspace.home
    (home / "desk.db").rename(home / "away.db")
    told = close(desk)
    assert told["failed"] == []
    assert "without the store: " in told["notes"][0]
    (home / "away.db").rename(home / "desk.db")
    assert reconcile(desk, "shares").clean
    assert held(desk) == {}
    assert books(desk, "shares").balanced
