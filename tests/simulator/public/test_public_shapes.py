"""What generated markets of Kraken and Binance say has the fields and types of what was recorded of the real ones."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from simulator.public.public_clients import Client, Ws, run

pytestmark = pytest.mark.real_data
MOST_LINES = 3_000
HEARD = 400  # messages until all kinds have come


def kind(value: Any) -> str:
    """The type of a value as JSON has it; whole numbers are numbers."""
    return "number" if isinstance(value, int | float) and not isinstance(value, bool) else type(value).__name__


def differences(ours: Any, theirs: Any, path: str = "") -> list[str]:
    """Fields that were recorded and we have not, or of another type; rows of a list are like its first."""
    if kind(ours) != kind(theirs):
        return [f"{path}: {ours!r:.60}, recorded {theirs!r:.60}"]
    if isinstance(theirs, dict):
        lacking = [f"{path}.{key}: missing" for key in theirs if key not in ours]
        return lacking + [d for k in theirs if k in ours for d in differences(ours[k], theirs[k], f"{path}.{k}")]
    if not isinstance(theirs, list) or not ours or not theirs:
        return []
    if all(kind(row) == kind(theirs[0]) for row in theirs):
        return differences(ours[0], theirs[0], f"{path}[0]")
    if len(ours) != len(theirs):
        return [f"{path}: {len(ours)} parts, recorded {len(theirs)}"]
    return [d for n, pair in enumerate(zip(ours, theirs, strict=True)) for d in differences(*pair, f"{path}[{n}]")]


async def said(ws: Ws, name: Callable[[Any], str], wanted: set[str], client: Client, symbol: str) -> dict[str, Any]:
    """The first message of each kind that is wanted, while the market moves."""
    found: dict[str, Any] = {}
    for turn in range(HEARD):
        if turn % 10 == 0:
            await client.post("/sim/prices", {"symbol": symbol, "last": 60_000 + turn})
            await client.post("/sim/clock", {"advance": 7})
        message = json.loads(await ws.receive_str(timeout=5))
        found.setdefault(name(message), message)
        if wanted <= found.keys():
            return found
    raise AssertionError(f"never said: {wanted - found.keys()}")


def test_krakens_second_protocol(shared: Path) -> None:
    folder = shared / "data/streams/kraken/rest_and_v2"
    names = ("book_snapshot", "book_update", "ohlc_update", "ticker_snapshot", "trade_update", "pong")
    known = {name: json.loads((folder / f"ws_{name}.json").read_text()) for name in (*names, "subscribe_response")}

    async def test(client: Client) -> None:
        async with client.stream("stream") as ws:
            await ws.send_json({"method": "ping", "req_id": 42})
            for number, channel in enumerate(("ticker", "book", "trade", "ohlc"), 1):
                params: dict[str, Any] = {"channel": channel, "symbol": ["BTC/USD"]}
                await ws.send_json({"method": "subscribe", "params": params, "req_id": number})
            found = await said(ws, _second, set(names) | {"subscribe"}, client, "BTC/USD")
        found["subscribe_response"] = found["subscribe"]
        assert [d for name in known for d in differences(found[name], known[name], name)] == []

    run("kraken", test)


def _second(message: Any) -> str:
    channel = message.get("channel", message.get("method", ""))
    return f"{channel}_{message['type']}" if "type" in message else channel


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("server_time", "Time"),
        ("system_status", "SystemStatus"),
        ("asset_pairs", "AssetPairs?pair=XBTUSDT"),
        ("ticker", "Ticker?pair=XBTUSDT"),
        ("trades", "Trades?pair=XBTUSDT"),
        ("ohlc", "OHLC?pair=XBTUSDT"),
    ],
)
def test_krakens_rest(shared: Path, name: str, path: str) -> None:
    known = json.loads((shared / f"data/streams/kraken/rest_and_v2/http_{name}.json").read_text())

    async def test(client: Client) -> None:
        async with client.session.get(f"{client.address.url}/0/public/{path}") as answer:
            found = json.loads(await answer.text())
        assert differences(found, known) == []

    run("kraken", test, symbols=("BTC/USDT",))


def test_krakens_first_protocol(shared: Path) -> None:
    known: dict[str, Any] = {}
    for message in _recorded(shared / "data/streams/kraken", "KRAKEN.ws.4*"):
        known.setdefault(_first(message), message)
    wanted = {"ticker", "trade", "systemStatus", "subscriptionStatus", "heartbeat"} & known.keys()
    assert {"ticker", "trade"} <= wanted

    async def test(client: Client) -> None:
        async with client.stream("stream_v1") as ws:
            for name in ("ticker", "trade"):
                await ws.send_json({"event": "subscribe", "pair": ["XBT/USD"], "subscription": {"name": name}})
            found = await said(ws, _first, wanted, client, "BTC/USD")
        assert [d for name in wanted for d in differences(found[name], known[name], name)] == []

    run("kraken", test, timers=20.0)


def _first(message: Any) -> str:
    return str(message[-2] if isinstance(message, list) else message.get("event"))


def test_binances_streams(shared: Path) -> None:
    known: dict[str, Any] = {}
    for folder, files in (("binance_spot", "*"), ("binance_shapes", "*.ws.*")):
        for message in _recorded(shared / "data/streams" / folder, files):
            if "stream" in message:
                known.setdefault(_channel(message), message["data"])
    wanted = {"trade", "aggTrade", "bookTicker", "depth@100ms", "kline_1m"}
    assert wanted <= known.keys()

    async def test(client: Client) -> None:
        names = "/".join(f"btcusdt@{name}" for name in sorted(wanted))
        async with client.stream("combined", f"?streams={names}") as ws:
            found = await said(ws, _channel, wanted, client, "BTCUSDT")
        assert [d for name in wanted for d in differences(found[name]["data"], known[name], name)] == []
        depth = await client.get("/api/v3/depth?symbol=BTCUSDT&limit=5")
        text = next(_lines(shared / "data/streams/binance_shapes", "*.http.*"))
        assert differences(depth, json.loads(text[text.index("{") :])) == []

    run("binance", test)


def _channel(message: Any) -> str:
    return str(message["stream"].partition("@")[2])


def _recorded(folder: Path, pattern: str) -> Iterator[Any]:
    for line in _lines(folder, pattern):
        start = min((line.find(mark) for mark in "[{" if mark in line), default=-1)
        if start >= 0 and not line.startswith("wss:"):
            yield json.loads(line[start:])


def _lines(folder: Path, pattern: str) -> Iterator[str]:
    for path in sorted(folder.glob(pattern)):
        if path.is_file():
            with gzip.open(path, "rt") if path.suffix == ".gz" else path.open() as file:
                yield from (line for line, _ in zip(file, range(MOST_LINES), strict=False))
