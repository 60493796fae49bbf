"""Close-all at a venue that loses, delays, hides and refuses: flat, or explained, and never sold twice."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest

from quorum.bootstrap import cancel_everywhere, close_everywhere, open_desk
from quorum.desk import Desk, books
from quorum.domain import OrderStatus, Side
from quorum.simulator import Fault
from simulator.sim_markets import fault, journaled, venue
from surfaces.cli.test_broker_at_alpaca import trade, workspace

D = Decimal
WORD = ("Ann", "a test")
POSTED = {"on": "POST /v2/orders", "at": 3}
S = OrderStatus


@dataclass(frozen=True)
class Ground:
    """A workspace that holds ten shares and has an order open, and the venue where they are."""

    home: Path
    desk: Desk
    client: httpx.Client

    @property
    def held(self) -> dict[str, Decimal]:
        rows = self.client.get("/v2/positions").json()
        return {row["symbol"]: D(row["qty"]) for row in rows}

    def close(self, deadline: float = 10.0) -> dict[str, Any]:
        return close_everywhere(self.home, None, WORD, D("0.1"), deadline, follow=False)

    def sold(self) -> list[Decimal]:
        """Quantities of the orders to sell that the venue took."""
        return [D(one["ticket"]["quantity"]) for one in journaled(self.client, "accepted") if _sells(one)]


def _sells(line: dict[str, Any]) -> bool:
    return str(line["ticket"]["side"]) == "sell"


@contextmanager
def ground(folder: Path, *faults: Fault) -> Iterator[Ground]:
    with venue(*faults, cash=D(50_000), start=time.time_ns(), speed=1.0) as (address, client):
        home = workspace(folder, address)
        desk = open_desk(home)
        desk.account_for("USD", "shares")
        assert trade(desk, 1, Side.BUY, "10", "101").status is S.ACCEPTED
        assert trade(desk, 2, Side.BUY, "1", "90").status is S.ACCEPTED
        yield Ground(home, desk, client)


@pytest.mark.parametrize(
    "planted",
    [
        fault("error_after", **POSTED),
        fault("reset_after", **POSTED),
        fault("truncated", **POSTED),
        fault("rate_limit", **POSTED, seconds=1),
        fault("html", on="DELETE /v2/orders"),
        pytest.param(fault("delay", **POSTED, seconds=0.5), marks=pytest.mark.slow),
    ],
    ids=lambda planted: str(planted.kind),
)
def test_what_the_venue_has_done_or_refused_ends_flat(tmp_path: Path, planted: Fault) -> None:
    with ground(tmp_path, planted) as at:
        told = at.close()
        assert (told["failed"], len(told["cancelled"]), told["closed"][0]["quantity"]) == ([], 1, "10")
        assert (at.held, at.sold()) == ({}, [D(10)])
        assert books(at.desk, "shares").balanced


@pytest.mark.parametrize("kind", ["reset", *(pytest.param(kind, marks=pytest.mark.slow) for kind in ("error", "html"))])
def test_a_request_that_was_lost_is_explained_and_nothing_is_sent_beside_it(tmp_path: Path, kind: str) -> None:
    with ground(tmp_path, fault(kind, **POSTED)) as at:
        for _ in range(2):  # the second is another process, as far as it can tell
            (left,) = [one for one in at.close(0.5)["failed"] if one["what"] == "AAPL"]
            assert "10 still held: order Q" in left["why"]
            assert "is without an answer since" in left["why"]
        assert (at.held, at.sold()) == ({"AAPL": D(10)}, [])
        assert [order.status for order in at.desk.orders.of("shares")] == [S.FILLED, S.CANCELLED, S.UNKNOWN]


def test_an_order_that_appears_after_its_time_out_is_the_only_one(tmp_path: Path) -> None:
    with ground(tmp_path, fault("late", **POSTED, seconds=1)) as at:
        told = at.close()
        assert (told["failed"], at.held, at.sold()) == ([], {}, [D(10)])
        assert books(at.desk, "shares").balanced


def test_two_terminals_at_once_sell_once(tmp_path: Path) -> None:
    with ground(tmp_path) as at:
        command = [sys.executable, "-m", "quorum", "close-all", "--yes", "--home", str(at.home)]
        both = [subprocess.Popen(command, stderr=subprocess.PIPE, text=True) for _ in range(2)]
        assert "failed" not in "".join(one.communicate()[1] for one in both)
        assert [one.returncode for one in both] == [0, 0]
        assert (at.held, at.sold()) == ({}, [D(10)])


def test_an_order_of_before_without_an_answer_is_told_and_nothing_is_sold_beside_it(tmp_path: Path) -> None:
    with ground(tmp_path, fault("reset", **POSTED)) as at:
        lost = trade(at.desk, 3, Side.SELL, "10", "90")
        assert lost.status is S.UNKNOWN
        for told in (cancel_everywhere(at.home, None, 0.5), at.close(0.5)):
            why = {one["what"]: one["why"] for one in told["failed"]}
            assert "is without an answer" in why[lost.intent.client_order_id]
        assert "another order beside it could turn it round" in why["AAPL"]
        assert (at.held, at.sold()) == ({"AAPL": D(10)}, [])


def test_ctrl_c_ends_it_with_what_was_done_and_what_is_left(tmp_path: Path) -> None:
    with ground(tmp_path) as at:
        at.client.post("/sim/fills", json={"symbol": "AAPL", "withheld": True}).raise_for_status()
        command = [sys.executable, "-m", "quorum", "close-all", "--yes", "--json", "--home", str(at.home)]
        running = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        while not at.sold():
            time.sleep(0.02)
        running.send_signal(signal.SIGINT)
        told = json.loads(running.communicate()[0])
        assert running.returncode == 1
        assert len(told["cancelled"]) == 1
        assert "10 still held: order Q" in told["failed"][0]["why"]
        assert told["notes"] == ["it was stopped by hand before it had ended"]
