"""The venue in a process of its own: whichever side is killed, one order, and both sides agree afterwards."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from adapters.processes import TESTS
from durability.driver import Point
from durability.laws import assert_traded_once
from durability.market import ACCOUNT, Aftermath, Occasion, aftermath, close, cycle, journal, own_process
from quorum.domain import OrderStatus

FAST = ("after-venue-order-1",)
VENUE = [
    Point(effect, number, when)
    for effect, number in (("venue-order", 1), ("venue-fill", 1), ("venue-fill", 2))
    for when in ("before", "torn", "after")
]
OURS = [Point(effect, 1, when) for effect in ("sent", "submit", "booking") for when in ("before", "after")]


def marked(points: list[Point], fast: tuple[str, ...] = ()) -> list[object]:
    return [pytest.param(p, id=str(p), marks=() if str(p) in fast else pytest.mark.slow) for p in points]


@pytest.fixture
def mine(occasion: Occasion, tmp_path: Path) -> Occasion:
    mine = occasion.copy(tmp_path / "home")
    own_process(mine.home)
    return mine


@contextmanager
def process(command: list[str], ready: str) -> Iterator[subprocess.Popen[str]]:
    """A child that has said that it is ready; it is killed at the end where it still lives."""
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdout=pipe, stderr=subprocess.STDOUT, text=True, cwd=TESTS) as child:
        try:
            assert child.stdout
            assert ready in (told := child.stdout.readline()), told
            yield child
        finally:
            child.kill()


def mortal_venue(occasion: Occasion, point: Point) -> list[str]:
    command = [sys.executable, "-m", "durability.driver", "serve", str(occasion.home)]
    return [*command, point.effect, str(point.number), point.when]


def venue(occasion: Occasion) -> list[str]:
    return [sys.executable, "-m", "quorum", "broker", "serve", "--account", ACCOUNT, "--home", str(occasion.home)]


@pytest.mark.parametrize("point", marked(VENUE, FAST))
def test_a_venue_that_was_killed_and_started_again_has_one_order(
    point: Point, mine: Occasion, undisturbed: Aftermath
) -> None:
    desk = mine.desk()
    with process(mortal_venue(mine, point), "ready") as child:
        cycle(mine, desk)
        assert child.wait(10) == -signal.SIGKILL
    acknowledged = journal(mine.home)
    (order,) = desk.orders.of(ACCOUNT)
    second = point.number == 2  # the first request was answered, and booked
    assert order.status is (OrderStatus.PARTIALLY_FILLED if second else OrderStatus.UNKNOWN)
    assert mine.desk().orders.of(ACCOUNT, only_open=True) == [order]
    with process(venue(mine), "listens at"):
        cycle(mine, desk)
        first = aftermath(mine, desk)
        assert_traded_once(first)
        assert {e["id"] for e in acknowledged if e["kind"] == "order"} <= set(first.orders)
        assert {e["fill"] for e in acknowledged if e["kind"] == "fill"} <= set(first.venue_fills)
        close(mine, desk)
        last = aftermath(mine, desk)
        assert_traded_once(last)
    assert last.book == undisturbed.book


@pytest.mark.parametrize("point", marked(OURS))
def test_a_client_that_was_killed_while_the_venue_lives_has_one_order(
    point: Point, mine: Occasion, undisturbed: Aftermath
) -> None:
    command = [sys.executable, "-m", "durability.driver", "run", str(mine.home), str(mine.as_of)]
    with process(venue(mine), "listens at"):
        done = subprocess.run([*command, point.effect, str(point.number), point.when], cwd=TESTS, check=False)
        assert done.returncode == -signal.SIGKILL
        desk = mine.desk()
        cycle(mine, desk)
        assert_traded_once(aftermath(mine, desk))
        close(mine, desk)
        last = aftermath(mine, desk)
        assert_traded_once(last)
    assert last.book == undisturbed.book


@pytest.mark.slow
def test_without_a_venue_an_order_waits_unknown_and_its_reserve_is_held(mine: Occasion, undisturbed: Aftermath) -> None:
    desk = mine.desk()
    for _ in range(2):
        cycle(mine, desk)
        (order,) = desk.orders.of(ACCOUNT)
        assert order.status is OrderStatus.UNKNOWN
        with desk.accounts.transaction(ACCOUNT) as transaction:
            assert sum(transaction.book().reserved.values()) == order.intent.reserve
    with process(venue(mine), "listens at"):
        cycle(mine, desk)
        close(mine, desk)
        assert aftermath(mine, desk).book == undisturbed.book
