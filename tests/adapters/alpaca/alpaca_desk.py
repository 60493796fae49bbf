"""A broker at the simulated Alpaca, its clock and the doors of the simulation."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import httpx

from domain.words import intent
from quorum.adapters.alpaca.trading import AlpacaBroker, Line
from quorum.adapters.keys import Secret
from quorum.domain import HOUR, OrderIntent, Side, VirtualClock
from quorum.simulator import Address, Fault
from simulator.sim_markets import NOON, venue


@dataclass(frozen=True)
class Desk:
    """A broker and what it talks to; `client` asks the venue directly."""

    broker: AlpacaBroker
    clock: VirtualClock
    address: Address
    client: httpx.Client

    def priced(self, symbol: str, last: float, **more: Any) -> None:
        """Move a price by hand."""
        self.client.post("/sim/prices", json={"symbol": symbol, "last": last, **more}).raise_for_status()

    def planted(self, *faults: dict[str, Any]) -> None:
        """Let these go wrong."""
        self.client.post("/sim/faults", json=list(faults)).raise_for_status()

    def later(self, seconds: float) -> None:
        """Let time pass, here and at the venue."""
        self.clock.advance_to(self.clock.now() + round(seconds * 1e9))
        self.client.post("/sim/clock", json={"advance": seconds}).raise_for_status()

    def happened(self, *kinds: str) -> list[dict[str, Any]]:
        """What the venue really did."""
        found: list[dict[str, Any]] = self.client.get("/sim/journal", params={"kind": ",".join(kinds)}).json()
        return found

    def door(self) -> AlpacaBroker:
        """Another broker of the same account, which remembers nothing."""
        return broker_at(self.address, self.clock)


def secrets(address: Address) -> tuple[Secret, Secret]:
    return Secret(address.keys.key, "env:KEY"), Secret(address.keys.secret, "env:SECRET")


def broker_at(address: Address, clock: VirtualClock, timeout: float = 2.0) -> AlpacaBroker:
    return AlpacaBroker(Line(address.url, secrets(address), clock, timeout), clock, sleep=lambda seconds: None)


@contextmanager
def desk_at(*faults: Fault, timeout: float = 2.0, **options: Any) -> Iterator[Desk]:
    """A quiet venue at noon in New York: AAPL at 100, BTC/USD at 50,000."""
    with venue(*faults, **options) as (address, client):
        clock = VirtualClock(NOON)
        yield Desk(broker_at(address, clock, timeout), clock, address, client)


def wish(number: int = 1, quantity: str = "10", side: Side = Side.BUY, **changed: Any) -> OrderIntent:
    """An intent for shares at 100, its collar a dollar away, approved for an hour."""
    values: dict[str, Any] = {
        "intent_id": f"INT-{number}",
        "client_order_id": f"Q{number}",
        "account": "shares",
        "symbol": "AAPL",
        "side": side,
        "quantity": Decimal(quantity),
        "price": Decimal(100),
        "collar": Decimal(101) if side is Side.BUY else Decimal(99),
        "created_at": NOON,
        "expires_at": NOON + HOUR,
    }
    return intent(**{**values, **changed})
