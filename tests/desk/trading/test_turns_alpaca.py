"""A deployed strategy on the local Alpaca: bars polled over its data API, orders over its trading API."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from desk.trading.practice import Plan, deploy_all
from quorum.bootstrap import open_desk, open_vendor
from quorum.desk import Desk, books, make_workspace
from quorum.desk.trading.turns import Streams, attributions, trade_turn
from quorum.domain import MINUTE, Clock, Timeframe, VirtualClock
from quorum.lake import Series
from quorum.lake.pull import Asked, pull
from quorum.simulator import Address
from simulator.sim_markets import NOON, journaled, venue

QUICK = {
    "name": "quick",
    "indicators": {"a": "sma(close, 2)", "b": "sma(close, 4)"},
    "long": "a > b",
    "exit_long": "a < b",
}
SERIES = Series("AAPL", "alpaca", Timeframe(MINUTE))


def home_at(folder: Path, address: Address) -> Path:
    """A workspace whose account and bars are at the local venue."""
    home = folder / "home"
    make_workspace(home, ("momentum",))
    keys = home / "keys.env"
    keys.write_text(f"ALPACA_API_KEY={address.keys.key}\nALPACA_SECRET_KEY={address.keys.secret}\n")
    keys.chmod(0o600)
    place = (
        f"{{book: equities, currency: USD, cash: 100000, venue: alpaca, host: '{address.url}', keys: 'file:{keys}'}}"
    )
    (home / "config" / "accounts.yaml").write_text(f"accounts:\n  shares: {place}\n")
    named = f"key: 'file:{keys}:ALPACA_API_KEY', secret: 'file:{keys}:ALPACA_SECRET_KEY'"
    (home / "config" / "sources.yaml").write_text(f"alpaca: {{base: '{address.url}', {named}, per_minute: 100000}}\n")
    return home


def polls(desk: Desk, clock: Clock) -> Callable[[Series], object]:
    """Brings the newest bars from the local venue."""
    vendor = open_vendor(desk.workspace, "alpaca", SERIES.symbol, print)
    asked = Asked(SERIES.symbol, SERIES.timeframe, NOON - 60 * MINUTE)
    return lambda series: pull(desk.lake, vendor, asked, clock)


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
