"""Paper trading as a loop: the venue's updates are booked as they come, and the command goes on until it has traded."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from desk.trading.local import QUICK, Dictated, home_at, local, polls
from desk.trading.practice import Plan, deploy_all, home_with, market
from quorum.bootstrap import open_desk, open_vendor
from quorum.desk import books
from quorum.desk.trading.turns import Watching, attributions, trading_accounts
from quorum.desk.work import Assignment
from quorum.desk.work.trading.turning import trade_deployed
from quorum.domain import MINUTE, SystemClock, Timeframe
from quorum.lake import Series
from quorum.lake.pull import Asked, pull
from simulator.sim_markets import order, venue
from surfaces.cli.commands import Quorum

NAN = float("nan")


def waited(what: Callable[[], bool], seconds: float = 30.0) -> bool:
    until = time.monotonic() + seconds
    while not what():
        if time.monotonic() > until:
            return False
        time.sleep(0.02)
    return True


def test_what_the_venue_tells_is_booked_without_a_turn(tmp_path: Path) -> None:
    with local(tmp_path) as place:
        (one,) = deploy_all(place.desk, Plan("./1.py", ("AAPL",), 0.05, {}, "1m", "alpaca"), account="shares")
        streams = Dictated(place.desk, wants={one: ("AAPL", 1.0, 95.0)}, prices={"AAPL": 100})
        place.turn(streams)
        place.turn(streams)
        woken, troubles = threading.Event(), list[str]()
        with Watching(place.desk, woken.set, troubles.append) as watching:
            watching.cover(trading_accounts(place.desk))
            watching.cover(["shares"])  # once is enough
            place.priced("AAPL", 94.5)
            place.priced("AAPL", 94.5)
            assert waited(lambda: not place.desk.orders.of("shares", only_open=True))
            assert waited(woken.is_set)
        assert [int(a.quantity) for a in attributions(place.desk)] == [0]
        assert troubles == []
        executed = [n.notice.occurrence for n in place.desk.outbox.listed(20)]
        assert [one.details["side"] for one in executed if one.event == "trade_executed"] == ["sell", "buy"]
        assert books(place.desk, "shares").balanced


def test_at_connecting_the_books_are_compared_and_what_is_wrong_is_said(tmp_path: Path) -> None:
    with local(tmp_path) as place:
        place.desk.account_for("", "shares")
        place.client.post("/v2/orders", json=order(qty="3")).raise_for_status()  # by another hand
        place.later(1)
        woken = threading.Event()
        with Watching(place.desk, woken.set, lambda line: None) as watching:
            watching.cover(["shares"])
            assert waited(lambda: bool(place.desk.halts.standing()) or woken.is_set())


@pytest.fixture
def quorum(capsys: pytest.CaptureFixture[str]) -> Any:
    return Quorum(capsys)


def test_the_command_polls_trades_and_ends_when_it_has_traded_so_often(tmp_path: Path, quorum: Any) -> None:
    now = SystemClock().now()
    with venue(start=now, prices="generated", ticks=20.0, speed=200.0, rate=1_000_000) as (address, client):
        home = home_at(tmp_path, address)
        desk = open_desk(home)
        vendor = open_vendor(desk.workspace, "alpaca", "AAPL", print)
        pull(desk.lake, vendor, Asked("AAPL", Timeframe(MINUTE), now - 60 * MINUTE), SystemClock())
        deploy_all(desk, Plan(QUICK, ("AAPL",), 0.1, timeframe="1m", venue="alpaca"), account="shares")
        words = ("trade", "--paper", "--source", "alpaca", "--venue-time", "--watch", "0.3", "--until", "3")
        told = quorum(*words, "--home", home, "--json").json
        assert told["trades"] >= 3
        assert told["errors"] == {}
        assert [row["strategy_id"] for row in told["results"]] == ["STR-001"]
        assert told["results"][0]["fills"] >= 3
        client.post("/sim/clock", json={"speed": 0}).raise_for_status()


def test_the_workflow_polls_and_trades_without_hands(tmp_path: Path) -> None:
    with local(tmp_path, prices="generated", ticks=0.5) as place:
        polls(place.desk, place.clock)(Series("AAPL", "alpaca", Timeframe(MINUTE)))
        deploy_all(place.desk, Plan(QUICK, ("AAPL",), 0.1, timeframe="1m", venue="alpaca"), account="shares")
        trades = 0
        for minute in range(40):
            place.later(60)
            asked = Assignment(f"k{minute}", "w", "trade_deployed", "risk-manager", 0, {"source": "alpaca"})
            told = trade_deployed(place.desk, replace(asked, execution="paper"))
            assert told["errors"] == {}
            trades += told["trades"]
            if trades:
                break
        assert trades
        place.later(120)
        wrong = trade_deployed(place.desk, replace(asked, params={"source": "nasdaq"}))
        assert "nasdaq" in str(wrong["errors"])


def test_a_source_that_does_not_fit_is_refused(tmp_path: Path, quorum: Any) -> None:
    home = home_with(tmp_path, market(n=60))
    deploy_all(open_desk(home), Plan())
    text = "kraken: {per_minute: 60}\n"
    (home / "config" / "sources.yaml").write_text(text, encoding="utf-8")
    said = quorum("trade", "--source", "kraken", "--home", home).error
    assert "STR-001 trades by bars of sim, the source kraken has bars of kraken" in said
    assert "nasdaq" in quorum("trade", "--source", "nasdaq", "--home", home).error
