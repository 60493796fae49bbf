"""A deployed strategy on the local Alpaca: bars polled over its data API, orders over its trading API."""

from __future__ import annotations

from pathlib import Path

import pytest

from desk.trading.local import QUICK, home_at, polls
from desk.trading.practice import Plan, deploy_all
from quorum.bootstrap import open_desk
from quorum.desk import books
from quorum.desk.trading.turns import Streams, attributions, trade_turn
from quorum.domain import MINUTE, Timeframe, VirtualClock
from quorum.lake import Series
from simulator.sim_markets import NOON, journaled, venue

SERIES = Series("AAPL", "alpaca", Timeframe(MINUTE))


@pytest.mark.parametrize("wanted", [2, pytest.param(12, marks=pytest.mark.slow)])
def test_it_trades_over_the_wire_and_the_books_equal_the_venue(tmp_path: Path, wanted: int) -> None:
    with venue(prices="generated", ticks=0.5) as (address, client):
        clock, trades, minutes = VirtualClock(NOON), 0, 0
        desk = open_desk(home_at(tmp_path, address), clock)
        polls(desk, clock)(SERIES)
        deploy_all(desk, Plan(QUICK, ("AAPL",), 0.1, timeframe="1m", venue="alpaca"), account="shares")
        streams = Streams(desk, polls(desk, clock))
        while trades < wanted and minutes < 120:
            client.post("/sim/clock", json={"advance": 60}).raise_for_status()
            clock.advance_to(clock.now() + MINUTE)
            minutes += 1
            if trades == wanted // 2:  # begun again, with nothing but what is in the store
                desk = open_desk(desk.workspace.home, clock)
                streams = Streams(desk, polls(desk, clock))
            turn = trade_turn(desk, streams, paper=True)
            assert not turn.errors
            trades += turn.trades
        assert trades >= wanted
        (mine,) = attributions(desk)
        assert (mine.symbol, mine.fees) == ("AAPL", 0)
        assert mine.fills >= wanted
        assert mine.slippage_bps is not None
        report = books(desk, "shares")
        assert report.balanced, (report.differences, report.audit.faults)
        sent = [o.intent.client_order_id for o in desk.orders.of("shares")]
        accepted = [line["ticket"]["client_order_id"] for line in journaled(client, "accepted")]
        assert sorted(sent) == sorted(accepted)
