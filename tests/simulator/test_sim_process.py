"""`quorum sim` as a user runs it: a process that says where it is, survives a kill, and ends at a signal."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from quorum.domain import UsageError
from quorum.simulator import VENUES, Options, running, venue_named
from simulator.sim_markets import order


@contextmanager
def process(*options: str) -> Iterator[tuple[subprocess.Popen[str], dict[str, Any], httpx.Client]]:
    """`quorum sim --json` with options, what it printed, and a client with its keys."""
    command = [sys.executable, "-m", "quorum", "sim", "--json", "--speed", "0", "--prices", "quiet", *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        try:
            told = json.loads(child.stdout.readline())
            headers = {"APCA-API-KEY-ID": told["key"], "APCA-API-SECRET-KEY": told["secret"]}
            with httpx.Client(base_url=told["url"], headers=headers, timeout=5) as client:
                client.post("/sim/prices", json={"symbol": "AAPL", "last": 100})
                yield child, told, client
        finally:
            child.kill()


def test_a_killed_venue_goes_on_from_its_journal(tmp_path: Path) -> None:
    options = ("--journal", str(tmp_path / "sim.jsonl"), "--symbols", "AAPL", "--start", "2026-11-20T17:00:00Z")
    script = tmp_path / "faults.yaml"
    script.write_text("faults:\n  - {fault: error_after, on: POST /v2/orders, at: 2}\n")
    with process(*options, "--faults", str(script)) as (child, _, client):
        assert client.post("/v2/orders", json=order(client_order_id="a")).status_code == 200
        assert client.post("/v2/orders", json=order(client_order_id="b")).status_code == 500
        os.kill(child.pid, signal.SIGKILL)
        assert child.wait(5) == -signal.SIGKILL
    with process(*options, "--fault", "halt,symbol=AAPL,on=GET /v2/clock") as (child, told, client):
        found = client.get("/v2/orders:by_client_order_id", params={"client_order_id": "b"}).json()
        assert (found["status"], client.get("/v2/positions/AAPL").json()["qty"]) == ("filled", "20")
        assert client.post("/v2/orders", json=order(client_order_id="a")).status_code == 422
        assert (told["venue"], told["control"]) == ("alpaca", f"{told['url']}/sim")
        child.send_signal(signal.SIGTERM)
        assert child.wait(5) == 0
        assert child.stderr is not None
        assert child.stderr.read() == ""


def test_a_run_names_its_mistakes(tmp_path: Path) -> None:
    assert "alpaca" in VENUES
    with pytest.raises(UsageError, match="no venue 'nasdaq' is simulated"):
        venue_named("nasdaq")
    for wrong in ({"host": "0.0.0.0"}, {"speed": -1}, {"ticks": 0}, {"multiplier": 5}, {"hours": "never"}):
        with pytest.raises(UsageError):
            Options("alpaca", 0, **wrong)  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="'aapl' is no symbol"), running(Options("alpaca", 0, symbols=("aapl",))):
        pass
    with running(Options("alpaca", 0, prices="quiet")) as first:
        port = int(first.url.rpartition(":")[2])
        journal = tmp_path / "sim.jsonl"
        taken = Options("alpaca", 0, port=port, journal=journal)
        with pytest.raises(UsageError, match=f"port {port}"), running(taken):
            pass
        assert not journal.exists()


def test_the_same_seed_is_the_same_market() -> None:
    def prices(seed: int) -> list[float]:
        with running(Options("alpaca", 0, seed=seed, symbols=("AAPL",), speed=100.0, ticks=100.0)) as address:
            keys = {"APCA-API-KEY-ID": address.keys.key, "APCA-API-SECRET-KEY": address.keys.secret}
            with httpx.Client(base_url=address.url, headers=keys) as client:
                found: list[float] = []
                while len(found) < 20:
                    time.sleep(0.05)
                    asked = {"start": "1970-01-01", "limit": 20}
                    found = [row["p"] for row in client.get("/v2/stocks/AAPL/trades", params=asked).json()["trades"]]
                return found

    assert prices(7) == prices(7) != prices(8)
