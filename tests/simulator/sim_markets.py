"""Exchanges and clients for the tests of the simulated venue."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

import aiohttp
import httpx

from quorum.domain import Instrument, Money, Side, VirtualClock, parse_instant
from quorum.simulator import Address, Fault, Options, fault_of, running
from quorum.simulator.core import (
    Always,
    Exchange,
    Hours,
    Journal,
    Kind,
    Life,
    Listing,
    MemoryJournal,
    Ticket,
    Top,
)

NOON = parse_instant("2026-11-20T17:00:00Z")  # a Friday, 12:00 in New York
D = Decimal
SHARE = Listing(Instrument("AAPL", "NASDAQ", "AAPL", "USD", D("0.01"), D(1)), D(100))
PAIR = Listing(
    Instrument("BTC/USD", "CRYPTO", "BTC", "USD", D("0.01"), D("1e-9"), D(1)),
    D(50_000),
    round_clock=True,
    shortable=False,
    fee=D("0.0025"),
    fee_in_kind=True,
)


def opened(journal: Journal | None = None, hours: Hours | None = None, at: int = NOON) -> tuple[Exchange, VirtualClock]:
    """An exchange with 100,000 dollars, a share at 100 and a pair at 50,000, and its clock."""
    clock = VirtualClock(at)
    exchange = Exchange(
        [SHARE, PAIR], journal or MemoryJournal(), clock, hours or Always(), Money(D(100_000), "USD"), seed=1
    )
    return exchange, clock


def top(exchange: Exchange, last: str, size: str = "1000", spread: str = "0.01") -> Top:
    """A touch around `last`, with `size` on both sides."""
    price, half, shown = D(last), D(spread), D(size)
    return Top(exchange.clock.now(), price - half, shown, price + half, shown, price, D(1))


def ticket(name: str, side: Side, quantity: str, **terms: Any) -> Ticket:
    """An order for the share; at a limit where one is given."""
    kind = Kind.LIMIT if "limit" in terms else Kind.MARKET
    values = {"kind": kind, "life": Life.GTC, "symbol": "AAPL", **terms}
    exact = {key: D(value) if key in ("limit", "stop", "notional") else value for key, value in values.items()}
    return Ticket(client_order_id=name, side=side, quantity=D(quantity), **exact)


def fault(kind: str, **terms: Any) -> Fault:
    """A fault as a file would describe it."""
    return fault_of({"fault": kind, **terms}, "test")


@contextmanager
def venue(*faults: Fault, **options: Any) -> Iterator[tuple[Address, httpx.Client]]:
    """Alpaca simulated, its market quiet and its clock standing, with AAPL at 100 and BTC/USD at 50,000; a client."""
    usual = {"speed": 0.0, "prices": "quiet", "ticks": 100.0, "symbols": ("AAPL", "MSFT", "BTC/USD"), "rate": 0}
    with running(Options("alpaca", **{"start": NOON, "faults": faults, **usual, **options})) as address:
        headers = {"APCA-API-KEY-ID": address.keys.key, "APCA-API-SECRET-KEY": address.keys.secret}
        with httpx.Client(base_url=address.url, headers=headers, timeout=5) as client:
            prices = [{"symbol": s, "last": p} for s, p in (("AAPL", 100), ("MSFT", 400), ("BTC/USD", 50_000))]
            client.post("/sim/prices", json=prices).raise_for_status()
            yield address, client


def order(symbol: str = "AAPL", qty: str = "10", side: str = "buy", **terms: Any) -> dict[str, Any]:
    """The body of an order."""
    life = "gtc" if "/" in symbol else "day"
    return {"symbol": symbol, "qty": qty, "side": side, "type": "market", "time_in_force": life, **terms}


def journaled(client: httpx.Client, *kinds: str) -> list[dict[str, Any]]:
    """What really happened, of those kinds."""
    found: list[dict[str, Any]] = client.get("/sim/journal", params={"kind": ",".join(kinds)}).json()
    return found


async def listening(session: aiohttp.ClientSession, address: Address) -> aiohttp.ClientWebSocketResponse:
    """A stream of the account that listens to trade updates."""
    ws = await session.ws_connect(address.addresses["trade_updates"])
    keys = {"key_id": address.keys.key, "secret_key": address.keys.secret}
    await ws.send_json({"action": "authenticate", "data": keys})
    assert (await heard(ws))["data"]["status"] == "authorized"
    await ws.send_json({"action": "listen", "data": {"streams": ["trade_updates"]}})
    assert (await heard(ws))["data"] == {"streams": ["trade_updates"]}
    return ws


async def heard(ws: aiohttp.ClientWebSocketResponse, timeout: float = 3) -> Any:
    """The next message, from text or bytes."""
    message = await ws.receive(timeout)
    return json.loads(message.data)


def headers(address: Address) -> dict[str, str]:
    """The keys as headers."""
    return {"APCA-API-KEY-ID": address.keys.key, "APCA-API-SECRET-KEY": address.keys.secret}
