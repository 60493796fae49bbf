"""Recordings played by `quorum sim`: every frame as it was, and what is made of them as the venue made it."""

from __future__ import annotations

import gzip
import json
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from quorum.domain import DataError, UsageError
from quorum.simulator import Options, running
from simulator.public.public_clients import Client, heard, put, run, summed

AT_ONCE = float("inf")
_STREAMS = "?streams=btcusdt@trade/btcusdt@depth@100ms/btcusdt@bookTicker"


def _head(path: Path, folder: Path, most: int) -> Path:
    """The first lines of a recording as one of its own."""
    with gzip.open(path, "rt") as file:
        lines = list(islice(file, most))
    found = folder / path.name.removesuffix(".gz")
    found.write_text("".join(lines))
    return found


def _frames(path: Path) -> list[str]:
    return [line.split(" ", 1)[1].strip() for line in path.read_text().splitlines() if '"stream"' in line]


@pytest.mark.real_data
@pytest.mark.parametrize("most", [9_000, pytest.param(10**6, marks=pytest.mark.slow)])
def test_every_frame_of_binance_comes_as_it_was_recorded(shared: Path, tmp_path: Path, most: int) -> None:
    path = _head(shared / "data/streams/binance_spot/btcusdt_20240808.gz", tmp_path, most)
    recorded = _frames(path)

    async def test(client: Client) -> None:
        async with client.stream("combined", _STREAMS) as ws:
            found = [await ws.receive_str(timeout=10) for _ in recorded]
        assert found == recorded
        trades = await client.get("/sim/trades?symbol=BTCUSDT")
        numbers = [each["number"] for each in trades]
        assert numbers == list(range(numbers[0], numbers[0] + sum("@trade" in each for each in recorded)))
        derived = (shared / "data/streams/binance_spot/DERIVED_binance_kline_1m_btcusdt.jsonl").read_text().splitlines()
        rows = {row[0]: row for row in await client.get("/api/v3/klines?symbol=BTCUSDT&interval=1m&limit=1000")}
        known = [json.loads(line)["data"]["k"] for line in derived]
        same = [
            [rows[k["t"]][i] for i in (1, 2, 3, 4, 5, 8)] == [k[n] for n in "ohlcvn"] for k in known if k["t"] in rows
        ]
        assert all(same[:-1])  # the last one is cut by the recording

    run("binance", test, recording=path, speed=AT_ONCE)


@pytest.mark.real_data
def test_the_shapes_of_binances_events_are_the_recorded_ones(shared: Path) -> None:
    lines = (shared / "data/streams/binance_shapes/BINANCE.ws.1.0").read_text().splitlines()
    frames = [json.loads(line.split(": ", 1)[1]) for line in lines if '{"stream"' in line]
    known = {each["stream"].split("@", 1)[1]: each["data"] for each in frames}
    assert {"kline_1m", "depth@100ms", "bookTicker", "aggTrade"} <= set(known)

    async def test(client: Client) -> None:
        async with client.stream("combined", "?streams=" + "/".join(f"btcusdt@{name}" for name in known)) as ws:
            left = dict(known)
            while left:
                event = await heard(ws)
                channel = event["stream"].split("@", 1)[1]
                if channel in left:
                    assert _shape(event["data"]) == _shape(left.pop(channel)), channel

    run("binance", test, prices="generated", speed=10.0)


def _shape(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _shape(each) for key, each in value.items()}
    return type(value).__name__


@pytest.mark.real_data
@pytest.mark.parametrize("most", [800, pytest.param(10**6, marks=pytest.mark.slow)])
def test_kraken_books_play_as_recorded_and_checksums_hold(shared: Path, tmp_path: Path, most: int) -> None:
    path = _head(shared / "data/streams/kraken/KRAKEN.ws.50.0.gz", tmp_path, most)
    recorded = [json.loads(line.split(": ", 1)[1]) for line in path.read_text().splitlines() if ": [" in line]
    pairs = sorted({each[-1] for each in recorded})

    async def test(client: Client) -> None:
        async with client.stream("stream_v1") as first, client.stream("stream") as second:
            book = {"name": "book", "depth": 1000}
            await first.send_json({"event": "subscribe", "pair": pairs, "subscription": book})
            symbols = [pair.replace("XBT", "BTC") for pair in pairs]
            await second.send_json(
                {"method": "subscribe", "params": {"channel": "book", "depth": 10, "symbol": symbols}}
            )
            found = [await heard(first, lambda m: isinstance(m, list)) for _ in recorded]
            assert [each[1:] for each in found] == [each[1:] for each in recorded]
            books: dict[str, tuple[dict[str, str], dict[str, str]]] = {}
            for _ in range(len(recorded) // 2):
                row = (await heard(second, lambda m: m.get("channel") == "book"))["data"][0]
                bids, asks = books.setdefault(row["symbol"], ({}, {}))
                put(bids, row["bids"], 10, True)
                put(asks, row["asks"], 10, False)
                assert summed(bids, asks) == row["checksum"]

    run("kraken", test, recording=path, speed=AT_ONCE)


@pytest.mark.real_data
def test_kraken_candles_are_the_venues_own(shared: Path) -> None:
    folder = shared / "data/streams/kraken/rest_and_v2"
    known = json.loads((folder / "http_ohlc.json").read_text())["result"]["XBTUSDT"]

    async def test(client: Client) -> None:
        async with client.stream("stream") as ws:
            await ws.send_json({"method": "subscribe", "params": {"channel": "trade", "symbol": ["BTC/USDT"]}})
            seen = 0
            while seen < 1000:
                seen += len((await heard(ws, lambda m: m.get("channel") == "trade"))["data"])
        rows = {row[0]: row for row in (await client.get("/0/public/OHLC?pair=XBTUSDT"))["result"]["XBTUSDT"]}
        inside = [row for row in known if row[0] > min(rows) and row[0] in rows]  # the first is cut by the recording
        assert len(inside) == 410
        assert [rows[row[0]] for row in inside] == inside

    run("kraken", test, recording=folder, speed=AT_ONCE)


def test_what_is_no_recording_is_refused_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text('1723161254087896568 {"stream": "btcusdt@trade", "data": {}}\n')
    for venue in ("binance", "kraken"):
        with pytest.raises(DataError, match=r"a\.txt:1"), running(Options(venue, 0, recording=tmp_path)):
            pass
        with pytest.raises(DataError, match="holds no"), running(Options(venue, 0, recording=tmp_path / "none")):
            pass
    with pytest.raises(UsageError, match="plays no recordings"), running(Options("alpaca", 0, recording=tmp_path)):
        pass
    with pytest.raises(UsageError, match="speed"):
        Options("binance", 0, speed=AT_ONCE)
