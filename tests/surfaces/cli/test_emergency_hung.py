"""A trading process that is stopped in the middle of its work: other terminals halt, cancel and close beside it."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from desk.trading.local import QUICK, home_at
from desk.trading.practice import Plan, deploy_all
from quorum.bootstrap import open_desk, open_vendor
from quorum.desk.trading.reconciling import reconcile
from quorum.domain import MINUTE, SystemClock, Timeframe
from quorum.lake.pull import Asked, pull
from simulator.sim_markets import venue

QUORUM = (sys.executable, "-m", "quorum")
WATCH = ("trade", "--paper", "--source", "alpaca", "--venue-time", "--watch", "0.3")


def deployed(folder: Path, address: Any) -> Path:
    """A workspace with a strategy that trades often at the venue."""
    home = home_at(folder, address)
    desk = open_desk(home)
    vendor = open_vendor(desk.workspace, "alpaca", "AAPL", print)
    clock = SystemClock()
    pull(desk.lake, vendor, Asked("AAPL", Timeframe(MINUTE), clock.now() - 60 * MINUTE), clock)
    deploy_all(desk, Plan(QUICK, ("AAPL",), 0.1, timeframe="1m", venue="alpaca"), account="shares")
    return home


def told(home: Path, *words: str) -> dict[str, Any]:
    """What a command in a process of its own says; it may end with what is left."""
    asked = [*QUORUM, *words, "--json", "--home", str(home)]
    done = subprocess.run(asked, capture_output=True, text=True, check=False)
    assert done.returncode == 0, (done.stdout, done.stderr)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def waited(what: Callable[[], Any]) -> Any:
    """What it comes to, as soon as it is something."""
    while not (found := what()):
        time.sleep(0.02)
    return found


def accepted(client: httpx.Client) -> int:
    return len(client.get("/sim/journal", params={"kind": "accepted"}).json())


def held(client: httpx.Client) -> dict[str, str]:
    found: dict[str, str] = client.get("/sim/state").json()["positions"]
    return found


@pytest.mark.slow
def test_beside_a_process_that_is_stopped_all_is_closed_and_nothing_leaves_when_it_wakes_up(tmp_path: Path) -> None:
    market = {"prices": "generated", "ticks": 20.0, "speed": 100.0, "rate": 1_000_000}
    with venue(start=SystemClock().now(), **market) as (address, client):
        home = deployed(tmp_path, address)
        trading = subprocess.Popen(
            [*QUORUM, *WATCH, "--home", str(home)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        try:
            waited(lambda: held(client))
            trading.send_signal(signal.SIGSTOP)
            resting = {"symbol": "AAPL", "quantity": 1, "type": "limit", "limit": 1}
            client.post("/sim/orders", json=resting).raise_for_status()
            halted = told(home, "halt", "--reason", "it hangs")
            assert halted["cancelled"]
            assert halted["failed"] == []
            assert told(home, "cancel-all", "--yes")["failed"] == []
            units = held(client)["AAPL"]
            closed = told(home, "close-all", "--yes")
            assert closed.keys() >= {"cancelled", "closed", "failed", "seconds"}
            assert [line["quantity"] for line in closed["closed"]] == [units]
            assert held(client) == {}
            before = accepted(client)
            trading.send_signal(signal.SIGCONT)
            time.sleep(5)
            assert accepted(client) == before
            assert trading.poll() is None
        finally:
            trading.kill()
            trading.wait()
        assert held(client) == {}
        assert reconcile(open_desk(home), "shares").clean
        client.post("/sim/clock", json={"speed": 0}).raise_for_status()
