"""Close-all in the books: what strategies hold against each other is crossed, and everything balances."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from quorum.bootstrap import close_everywhere, open_desk
from quorum.desk import Desk, books
from quorum.desk.trading.reconciling import reconcile
from quorum.domain import OrderStatus, OrderTerms, Part
from quorum.execution import Cross
from simulator.sim_markets import venue
from surfaces.cli.senders import wanted
from surfaces.cli.test_broker_at_alpaca import workspace

D = Decimal
WORD, NAMES, PRICE = ("Ann", "a test"), ("STR-001", "STR-002"), D(100)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """A desk whose account is at a simulated Alpaca."""
    with venue(start=time.time_ns(), speed=1.0) as (address, _):
        opened = open_desk(workspace(tmp_path, address))
        opened.account_for("USD", "shares")
        yield opened


def buys(desk: Desk, parts: Mapping[str, str]) -> None:
    """The account buys at the market for strategies."""
    whose = tuple(Part(name, D(quantity)) for name, quantity in parts.items())
    order = wanted(desk, "a test", "101", OrderTerms(), whose)
    sender = desk.sender("shares")
    assert sender.follow(sender.send(order)).status is OrderStatus.FILLED


def against(desk: Desk, quantity: str) -> None:
    """The first strategy holds it, the second owes it, the account has nothing of it."""
    with desk.accounts.transaction("shares") as transaction:
        transaction.book({"AAPL": PRICE})
        assert transaction.cross("AAPL", Cross(*NAMES, D(quantity)), PRICE, (desk.clock.now(), "a test"))


def held(desk: Desk) -> dict[str, Decimal]:
    with desk.accounts.transaction("shares") as transaction:
        return {name: position.quantity for (name, _), position in transaction.holdings().items() if position.quantity}


def close(desk: Desk, deadline: float = 5.0) -> dict[str, Any]:
    return close_everywhere(desk.workspace.home, None, WORD, D("0.1"), deadline, follow=False)


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
