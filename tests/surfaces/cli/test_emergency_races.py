"""A halt against processes that are sending: nothing leaves once it is committed, what left before is cancelled."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from quorum.bootstrap import halt_trading, open_desk
from quorum.desk import books
from quorum.domain import Halt, OrderStatus, Scope, Severity, parse_instant
from simulator.sim_markets import fault, journaled, venue
from surfaces.cli import senders
from surfaces.cli.test_broker_at_alpaca import workspace

WORD = ("Ann", "a test")
TOLD = 2_000_000
"""Nanoseconds between the clocks of the venue and of the file system, at most."""


@contextmanager
def sending(home: Path, count: int) -> Iterator[Sequence[subprocess.Popen[str]]]:
    """So many processes that send orders, each past its first."""
    command = [sys.executable, senders.__file__, str(home)]
    found = [subprocess.Popen([*command, f"S{n}"], stdout=subprocess.PIPE, text=True) for n in range(count)]
    try:
        for one in found:
            assert one.stdout is not None
            assert "accepted" in one.stdout.readline()
        yield found
    finally:
        for one in found:
            one.kill()
            one.communicate()


def skew(client: httpx.Client) -> int:
    """How far the venue's clock is ahead of this machine's."""
    found = []
    for _ in range(5):
        before = time.time_ns()
        told = parse_instant(client.get("/sim/state").json()["now"])
        after = time.time_ns()
        found.append((after - before, told - (before + after) // 2))
    return min(found)[1]


def opened(client: httpx.Client, since: int) -> list[int]:
    """When the venue took orders after an instant of this machine's clock."""
    ahead = skew(client)
    return [line["at"] for line in journaled(client, "accepted") if line["at"] - ahead > since]


@pytest.mark.parametrize("by", ["command", pytest.param("desk", marks=pytest.mark.slow)])
def test_nothing_leaves_after_the_commit_of_a_halt(tmp_path: Path, by: str) -> None:
    with venue(start=time.time_ns(), speed=1.0) as (address, client):
        home = workspace(tmp_path, address)
        desk = open_desk(home)
        desk.account_for("USD", "shares")
        with sending(home, 2):
            time.sleep(0.1)
            if by == "command":
                told = halt_trading(home, (Scope.DESK, ""), WORD, follow=False)
                assert (told["failed"], len(told["cancelled"]) > 1) == ([], True)
                committed = (home / "state" / "halts.json").stat().st_mtime_ns
            else:
                desk.halts.raise_(Halt(Scope.DESK, "", Severity.BLACK, "a test", "Ann", time.time_ns()))
                committed = time.time_ns()
            count = len(journaled(client, "accepted"))
            time.sleep(0.3)
            assert opened(client, committed + TOLD) == []
            assert len(journaled(client, "accepted")) == count
        assert count > 4
        if by == "command":
            assert client.get("/v2/orders").json() == []
            assert books(desk, "shares").balanced


@pytest.mark.slow
def test_what_was_on_its_way_for_too_long_is_told_and_called_back(tmp_path: Path) -> None:
    slow = fault("delay", on="POST /v2/orders", at=2, seconds=1.8)
    with venue(slow, start=time.time_ns(), speed=1.0) as (address, client):
        home = workspace(tmp_path, address)
        desk = open_desk(home)
        desk.account_for("USD", "shares")
        with sending(home, 1) as (one,):
            while not journaled(client, "fired"):
                time.sleep(0.01)
            told = halt_trading(home, (Scope.DESK, ""), WORD, follow=False)
            assert "sending" in {left["what"] for left in told["failed"]}
            assert told["seconds"] < 2
            assert one.stdout is not None
            assert "cancelled" in one.stdout.readline()
        assert client.get("/v2/orders").json() == []
        assert len(journaled(client, "accepted")) == 2
        assert desk.orders.of("shares")[1].status is OrderStatus.CANCELLED
