"""A run that lasts: connections that end leave nothing, and a client that does not read disturbs nobody."""

from __future__ import annotations

import asyncio
import base64
import gc
import os
import socket
import tracemalloc
from itertools import pairwise
from typing import Any

import aiohttp
import pytest

from quorum.domain import Side
from quorum.simulator import Address, Options, venue_named
from quorum.simulator.core import FileJournal
from quorum.simulator.serving import Simulation, line, opened
from simulator.sim_markets import NOON, headers, heard, ticket, top
from simulator.sim_markets import opened as exchange_opened

SYMBOL = "BTCUSDT"


def run(venue: str, work: Any, **options: Any) -> None:
    async def act() -> None:
        usual = {"start": NOON, "speed": 0.0, "prices": "quiet", "rate": 0}
        run = opened(venue_named(venue), Options(venue, **{**usual, **options}))
        async with run as (address, simulation), aiohttp.ClientSession(headers=headers(address)) as session:
            await asyncio.wait_for(work(address, simulation, session), 30)

    asyncio.run(act())


def move(simulation: Simulation, symbol: str) -> None:
    simulation.moved(symbol, simulation.touch(symbol)._replace(last_size=simulation.exchange.listings[symbol].price))


@pytest.mark.parametrize(
    ("venue", "name", "said"),
    [
        ("alpaca", "trade_updates", {"action": "listen", "data": {"streams": ["trade_updates"]}}),
        ("alpaca", "stream_v2_sip", {"action": "subscribe", "trades": ["*"]}),
        ("binance", "stream", {"method": "SUBSCRIBE", "params": ["btcusdt@trade", "no@such"], "id": 1}),
        ("kraken", "stream", {"method": "subscribe", "params": {"channel": "trade", "symbol": ["BTC/USD"]}}),
    ],
)
def test_connections_that_end_leave_nothing_behind(venue: str, name: str, said: dict[str, Any]) -> None:
    async def work(address: Address, simulation: Simulation, session: aiohttp.ClientSession) -> None:
        before = len(asyncio.all_tasks())
        for number in range(12):
            ws = await session.ws_connect(address.addresses[name])
            await ws.send_json(said)
            await ws.receive(3)
            if number % 2:
                await ws.close()
            elif ws._response.connection is not None:
                ws._response.connection.transport.abort()  # type: ignore[union-attr]
        async with asyncio.timeout(5):
            while len(asyncio.all_tasks()) > before:
                await asyncio.sleep(0.01)

    run(venue, work)


async def deaf(address: Address, path: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A client that opens a stream and never reads from it again."""
    host, _, port = address.url.removeprefix("http://").partition(":")
    mute = socket.socket()
    mute.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    mute.connect((host, int(port)))
    reader, writer = await asyncio.open_connection(sock=mute, limit=1024)
    key = base64.b64encode(os.urandom(16)).decode()
    words = f"GET {path} HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    writer.write(f"{words}Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n\r\n".encode())
    await reader.readuntil(b"\r\n\r\n")
    return reader, writer


def test_a_client_that_does_not_read_is_cut_off_and_others_hear_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(line, "_WAITING", 300)

    async def work(address: Address, simulation: Simulation, session: aiohttp.ClientSession) -> None:
        path = "/ws/btcusdt@depth20@100ms/btcusdt@trade"
        _, writer = await deaf(address, path)
        async with session.ws_connect(address.addresses["stream"] + "/btcusdt@trade") as ws:
            lines = {id(task) for task in asyncio.all_tasks()}
            for _ in range(12_000):
                move(simulation, SYMBOL)
                await ws.receive(3)
                if lines - {id(task) for task in asyncio.all_tasks()}:
                    break
            else:
                pytest.fail("who does not read was never cut off")
            move(simulation, SYMBOL)
            assert (await heard(ws))["e"] == "trade"
        writer.transport.abort()

    run("binance", work, symbols=(SYMBOL,))


def test_a_client_that_breaks_off_in_its_request_is_no_error(caplog: pytest.LogCaptureFixture) -> None:
    async def work(address: Address, simulation: Simulation, session: aiohttp.ClientSession) -> None:
        host, _, port = address.url.removeprefix("http://").partition(":")
        for _ in range(3):
            _, writer = await asyncio.open_connection(host, int(port))
            writer.write(b"POST /v2/orders HTTP/1.1\r\nHost: x\r\nContent-Length: 500\r\n\r\n{")
            await writer.drain()
            await asyncio.sleep(0.02)
            writer.transport.abort()
        await asyncio.sleep(0.05)
        async with session.get(f"{address.url}/v2/account") as answer:
            assert answer.status == 200
        assert simulation.exchange.journal.lines(0, ("accepted", "declined")) == []

    run("alpaca", work)
    assert [record.message for record in caplog.records if record.levelname in ("WARNING", "ERROR")] == []


@pytest.mark.slow
def test_many_orders_take_what_they_need(tmp_path: Any) -> None:
    """An order that came, filled and was journaled to a file costs at most 2.5 kB, and no more as they grow many."""
    exchange, clock = exchange_opened(FileJournal(tmp_path / "sim.jsonl"))
    touch = top(exchange, "100", size="1000000")
    exchange.quote("AAPL", touch)
    sizes = []
    tracemalloc.start()
    for number in range(20_001):
        exchange.place(ticket(f"c{number}", Side.SELL if number % 2 else Side.BUY, "1"))
        exchange.match("AAPL")
        if number % 10_000 == 0:
            gc.collect()
            sizes.append(tracemalloc.get_traced_memory()[0])
            exchange.quote("AAPL", touch)
    tracemalloc.stop()
    first, second = (later - before for before, later in pairwise(sizes))
    assert second <= 1.1 * first
    assert second / 10_000 < 2_500
    assert clock.now() == NOON
