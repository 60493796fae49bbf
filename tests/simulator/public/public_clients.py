"""Clients of the simulated venues' public data, for their tests."""

from __future__ import annotations

import asyncio
import json
import zlib
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import Any

import aiohttp

from quorum.domain import parse_instant
from quorum.simulator import Address, Fault, Options, running

NOON = parse_instant("2026-11-20T17:00:30Z")
Ws = aiohttp.ClientWebSocketResponse
_PATIENCE = 10.0


class Client:
    """A run and a session with it; `get` reads JSON with exact numbers."""

    def __init__(self, address: Address, session: aiohttp.ClientSession) -> None:
        self.address = address
        self.session = session

    async def get(self, path: str) -> Any:
        async with self.session.get(self.address.url + path) as answer:
            return json.loads(await answer.text(), parse_float=Decimal)

    async def post(self, path: str, body: Any) -> Any:
        async with self.session.post(self.address.url + path, json=body) as answer:
            return await answer.json()

    @asynccontextmanager
    async def stream(self, name: str, query: str = "", **options: Any) -> AsyncIterator[Ws]:
        async with self.session.ws_connect(self.address.addresses[name] + query, max_msg_size=0, **options) as ws:
            yield ws


def run(venue: str, test: Callable[[Client], Coroutine[Any, Any, None]], *faults: Fault, **options: Any) -> None:
    """Run `test` against a venue whose market is quiet and whose clock stands, where nothing else is asked."""

    async def act(address: Address) -> None:
        async with aiohttp.ClientSession() as session:
            await asyncio.wait_for(test(Client(address, session)), 3 * _PATIENCE)

    usual = {"start": NOON, "speed": 0.0, "prices": "quiet", "ticks": 100.0, "rate": 0}
    with running(Options(venue, **{**usual, "faults": faults, **options})) as address:
        asyncio.run(act(address))


async def heard(ws: Ws, right: Callable[[Any], bool] = lambda _: True) -> Any:
    """The next message that is `right`; fractions are exact."""
    async with asyncio.timeout(_PATIENCE):
        while True:
            found = json.loads(await ws.receive_str(), parse_float=str)
            if right(found):
                return found


def summed(bids: dict[str, str], asks: dict[str, str]) -> int:
    """Kraken's checksum of a book, worked out by hand."""
    best = sorted(asks, key=Decimal)[:10], sorted(bids, key=Decimal, reverse=True)[:10]
    texts = [text for side, prices in zip((asks, bids), best, strict=True) for p in prices for text in (p, side[p])]
    return zlib.crc32("".join(text.replace(".", "").lstrip("0") for text in texts).encode())


def put(side: dict[str, str], rows: list[dict[str, str]], depth: int, falling: bool) -> None:
    """Take rows of Kraken's second protocol into a side of a book, cut at its depth."""
    for row in rows:
        side[row["price"]] = row["qty"]
    for price in [price for price, size in side.items() if not Decimal(size)]:
        del side[price]
    for price in sorted(side, key=Decimal, reverse=falling)[depth:]:
        del side[price]
