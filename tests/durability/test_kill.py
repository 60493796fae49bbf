"""A paper cycle that is killed at any of its effects, and run again, trades exactly once and loses nothing."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest

from adapters.processes import TESTS
from durability.driver import Point
from durability.laws import assert_traded_once
from durability.market import ACCOUNT, Aftermath, Occasion, aftermath, close, cycle, journal

FAST = ("after-intent-1", "after-sent-1", "after-booking-1")
OURS = [
    Point(effect, number, when)
    for effect, numbers in (("intent", (1,)), ("sent", (1,)), ("submit", (1,)), ("booking", (1, 2)))
    for number in numbers
    for when in ("before", "after")
]
VENUE = [
    Point(effect, number, when)
    for effect, numbers in (("venue-order", (1,)), ("venue-fill", (1, 2)))
    for number in numbers
    for when in ("before", "torn", "after")
]
POINTS = [pytest.param(p, id=str(p), marks=() if str(p) in FAST else pytest.mark.slow) for p in (*OURS, *VENUE)]


def run_killed(occasion: Occasion, point: Point) -> Occasion:
    """Run the cycle in a child that dies at the point."""
    command = [sys.executable, "-m", "durability.driver", "run", str(occasion.home), str(occasion.as_of)]
    done = subprocess.run(
        [*command, point.effect, str(point.number), point.when], cwd=TESTS, capture_output=True, text=True, check=False
    )
    assert done.returncode == -signal.SIGKILL, f"{point} was never reached: {done.returncode} {done.stderr}"
    return occasion


@pytest.fixture(scope="module")
def killed(
    request: pytest.FixtureRequest, occasion: Occasion, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Mapping[Point, Future[Occasion]]]:
    """For each point that this run asks for, the workspace in which a child died there; two die at a time."""
    mine = [item for item in request.session.items if item.path == request.path and hasattr(item, "callspec")]
    points = [item.callspec.params["point"] for item in mine]
    folder = tmp_path_factory.mktemp("killed")
    with ThreadPoolExecutor(2) as children:
        yield {p: children.submit(run_killed, occasion.copy(folder / str(p)), p) for p in dict.fromkeys(points)}


@pytest.mark.parametrize("point", POINTS)
def test_a_cycle_that_was_killed_and_run_again_trades_once(
    point: Point, killed: Mapping[Point, Future[Occasion]], undisturbed: Aftermath, tmp_path: Path
) -> None:
    occasion = killed[point].result().copy(tmp_path / "home")
    acknowledged = journal(occasion.home)
    desk = occasion.desk()
    cycle(occasion, desk)
    first = aftermath(occasion, desk)
    assert_traded_once(first)
    for event in acknowledged:
        assert event["kind"] != "order" or event["id"] == first.orders[0]
        assert event["kind"] != "fill" or event["fill"] in first.fills
    cycle(occasion, desk)
    second = aftermath(occasion, desk)
    assert (second.placed, second.fills, second.book) == (first.placed, first.fills, first.book)
    close(occasion, desk)
    last = aftermath(occasion, desk)
    assert_traded_once(last)
    assert last.book == undisturbed.book
    assert [f[1:] for f in last.fills.values()] == [f[1:] for f in undisturbed.fills.values()]
    assert not desk.orders.of(ACCOUNT, only_open=True)


@pytest.mark.parametrize("point", [Point("sent", 1, "after")], ids=str)
def test_an_attempt_that_never_arrived_is_made_again_under_a_new_id(
    point: Point, killed: Mapping[Point, Future[Occasion]], undisturbed: Aftermath, tmp_path: Path
) -> None:
    """The venue was asked about the first id, and refuses it for ever."""
    occasion = killed[point].result().copy(tmp_path / "home")
    desk = occasion.desk()
    cycle(occasion, desk)
    ids = [o.intent.client_order_id for o in desk.orders.of(ACCOUNT)]
    refused = [e["id"] for e in journal(occasion.home) if e["kind"] == "refused"]
    found = aftermath(occasion, desk)
    assert (len(ids), refused, found.orders) == (2, list(undisturbed.orders), found.placed)
    assert set(ids) == {*refused, *found.placed}


@pytest.mark.slow
def test_a_child_that_does_not_die_at_its_point_is_noticed(occasion: Occasion, tmp_path: Path) -> None:
    """The cases above prove nothing unless their child died at the point."""
    with pytest.raises(AssertionError, match="was never reached: 0"):
        run_killed(occasion.copy(tmp_path / "home"), Point("submit", 2, "before"))
