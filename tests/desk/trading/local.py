"""Deployed strategies on the local Alpaca: a workspace at it, a clock that goes with its own, bars polled from it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx

from quorum.bootstrap import open_desk, open_vendor
from quorum.desk import Desk, make_workspace
from quorum.desk.trading.stepping import Stand
from quorum.desk.trading.turns import Deployed, Streams, Turn, Wish, trade_turn
from quorum.domain import MINUTE, Clock, Instrument, QuorumError, Timeframe, VirtualClock
from quorum.lake import Series
from quorum.lake.pull import Asked, pull
from quorum.simulator import Address
from simulator.sim_markets import NOON, venue

QUICK: Mapping[str, Any] = {
    "name": "quick",
    "indicators": {"a": "sma(close, 2)", "b": "sma(close, 4)"},
    "long": "a > b",
    "exit_long": "a < b",
}


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


def polls(desk: Desk, clock: Clock, symbol: str = "AAPL") -> Callable[[Series], object]:
    """Brings the newest bars from the local venue."""
    vendor = open_vendor(desk.workspace, "alpaca", symbol, print)
    asked = Asked(symbol, Timeframe(MINUTE), clock.now() - 60 * MINUTE)
    return lambda series: pull(desk.lake, vendor, asked, clock)


@dataclass
class Local:
    """A desk at the local venue, both at the same instant; `client` asks the venue directly."""

    desk: Desk
    clock: VirtualClock
    client: httpx.Client

    def priced(self, symbol: str, last: float, **more: Any) -> None:
        self.client.post("/sim/prices", json={"symbol": symbol, "last": last, **more}).raise_for_status()

    def later(self, seconds: float) -> None:
        """Let time pass, here and at the venue."""
        self.client.post("/sim/clock", json={"advance": seconds}).raise_for_status()
        self.clock.advance_to(self.clock.now() + round(seconds * 1e9))

    def happened(self, *kinds: str) -> list[dict[str, Any]]:
        """What the venue really did."""
        found: list[dict[str, Any]] = self.client.get("/sim/journal", params={"kind": ",".join(kinds)}).json()
        return found

    def turn(self, streams: Streams, **more: Any) -> Turn:
        return trade_turn(self.desk, streams, paper=True, **more)


@contextmanager
def local(folder: Path, start: int = NOON, limits: Mapping[str, Any] | None = None, **options: Any) -> Iterator[Local]:
    """A desk and its venue, whose market stands until it is moved."""
    with venue(start=start, **{"rate": 1_000_000, **options}) as (address, client):
        clock, home = VirtualClock(start), home_at(folder, address)
        if limits is not None:
            roomy(home, **limits)
        yield Local(open_desk(home, clock), clock, client)


@dataclass
class Dictated(Streams):
    """Streams of strategies that want what they are told: weight and stop by strategy and symbol, at these prices."""

    wants: dict[str, tuple[str, float, float]] = field(default_factory=dict)
    prices: dict[str, float] = field(default_factory=dict)
    decided: dict[str, int] = field(default_factory=dict)
    last: dict[str, float] = field(default_factory=dict)

    def wishes(self, standing: Sequence[Deployed], as_of: int) -> tuple[list[Wish], dict[str, QuorumError]]:
        found = []
        closed = as_of // MINUTE * MINUTE
        for of in standing:
            symbol, weight, stop = self.wants[of.strategy_id]
            if self.last.get(of.strategy_id) != weight:
                self.last[of.strategy_id], self.decided[of.strategy_id] = weight, closed
            stand = Stand(symbol, closed, self.decided[of.strategy_id], weight, self.prices[symbol], stop)
            steps = Instrument(symbol, "alpaca", symbol, "USD", Decimal("0.01"), Decimal(1))
            found.append(Wish(of, stand, steps, of.share, as_of))
        return found, {}


def roomy(home: Path, **limits: Any) -> None:
    """Limits of the book of shares that leave room."""
    wide = dict.fromkeys(("max_position", "max_deployed", "max_sector", "max_strategy", "max_cluster"), 5)
    wide |= {"allow_short": True, "max_borrowed": 2, **limits}
    lines = "".join(f"    {name}: {str(value).lower()}\n" for name, value in wide.items())
    (home / "config" / "risk.yaml").write_text(f"books:\n  equities:\n{lines}")
