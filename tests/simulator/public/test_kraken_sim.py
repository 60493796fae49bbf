"""Kraken's public data as `quorum sim` speaks it: REST, both protocols, checksums."""

from __future__ import annotations

import time
from typing import Any

import aiohttp
import pytest

from adapters.vendor_setups import kraken_at, trades_at
from quorum.domain import MINUTE, Timeframe
from quorum.lake import Span
from quorum.simulator import Options, running
from simulator.public.public_clients import NOON, Client, heard, put, run, summed
from simulator.sim_markets import fault


async def _moves(client: Client, *prices: float) -> None:
    for price in prices:
        await client.post("/sim/prices", {"symbol": "BTC/USD", "last": price})
        await client.post("/sim/clock", {"advance": 0.2})


def _wish(channel: str, symbol: str = "BTC/USD", **params: Any) -> dict[str, Any]:
    return {"method": "subscribe", "params": {"channel": channel, "symbol": [symbol], **params}, "req_id": 1}


@pytest.mark.parametrize("depth", [10, 25])
def test_checksums_are_right_and_one_is_wrong_when_it_shall_be(depth: int) -> None:
    async def test(client: Client) -> None:
        async with client.stream("stream") as ws:
            await ws.send_json(_wish("book", depth=depth))
            bids: dict[str, str] = {}
            asks: dict[str, str] = {}
            await heard(ws, lambda m: m.get("method") == "subscribe")
            await _moves(client, *(60_000 + 9 * n for n in range(12)))
            right = []
            for _ in range(12):
                row = (await heard(ws, lambda m: m.get("channel") == "book"))["data"][0]
                put(bids, row["bids"], depth, True)
                put(asks, row["asks"], depth, False)
                right.append(summed(bids, asks) == row["checksum"])
            assert right.count(False) == 1
            assert len(bids) == len(asks) == depth

    run("kraken", test, fault("checksum", at=4))


def test_the_second_protocol_speaks_in_its_own_words() -> None:
    async def test(client: Client) -> None:
        await _moves(client, 60_000)
        async with client.stream("stream") as ws:
            status = await heard(ws)
            assert (status["channel"], status["data"][0]["system"]) == ("status", "online")
            await ws.send_json(_wish("trade", "XBT/USD"))
            refused = await heard(ws)
            assert (refused["success"], refused["error"]) == (False, "Currency pair not supported XBT/USD")
            await ws.send_json(_wish("ohlc", interval=1))
            accepted = await heard(ws)
            assert accepted["result"] == {"channel": "ohlc", "symbol": "BTC/USD", "interval": 1, "snapshot": True}
            assert (await heard(ws))["data"][0]["interval_begin"] == "2026-11-20T17:00:00.000000000Z"
            await ws.send_json({"method": "ping", "req_id": 42})
            assert (await heard(ws))["method"] == "pong"
            await ws.send_json(_wish("trade", snapshot=False))
            await heard(ws)
            await _moves(client, 60_010)
            trade = (await heard(ws, lambda m: m["channel"] == "trade"))["data"][0]
            truth = await client.get("/sim/trades?symbol=BTC/USD")
            assert (trade["price"], trade["trade_id"]) == (
                "60010.0",
                next(t["number"] for t in truth if t["price"] == "60010"),
            )
            for wrong in ("[]", "{", '{"method": "buy"}'):
                await ws.send_str(wrong)
                assert (await heard(ws, lambda m: "success" in m))["success"] is False

    run("kraken", test)


def test_a_heartbeat_comes_each_second_of_silence() -> None:
    async def test(client: Client) -> None:
        async with client.stream("stream") as ws:
            await ws.send_json(_wish("trade", snapshot=False))
            await heard(ws, lambda m: m.get("channel") == "heartbeat")
            began = time.monotonic()
            for _ in range(5):
                assert await heard(ws) == {"channel": "heartbeat"}
            assert 0.2 < time.monotonic() - began < 2

    run("kraken", test, timers=10.0)


def test_the_first_protocol_speaks_in_its_own_words() -> None:
    async def test(client: Client) -> None:
        await _moves(client, 60_000)
        async with client.stream("stream_v1") as ws:
            assert (await heard(ws))["event"] == "systemStatus"
            await ws.send_json({"event": "subscribe", "pair": ["XBT/USD", "FOO/BAR"], "subscription": {"name": "book"}})
            status = await heard(ws)
            assert (status["channelName"], status["pair"], status["status"]) == ("book-10", "XBT/USD", "subscribed")
            number, sides, *names = await heard(ws)
            assert (number, names) == (status["channelID"], ["book-10", "XBT/USD"])
            assert (await heard(ws))["errorMessage"] == "Currency pair not supported"
            books = [{row[0]: row[1] for row in sides[name]} for name in ("bs", "as")]
            await _moves(client, 60_020)
            update = await heard(ws, lambda m: isinstance(m, list))
            for part in update[1:-2]:
                for side, name, falling in zip(books, "ba", (True, False), strict=True):
                    put(side, [{"price": row[0], "qty": row[1]} for row in part.get(name, [])], 10, falling)
            assert str(summed(*books)) == update[-3]["c"]
            await ws.send_json({"event": "ping", "reqid": 42})
            assert await heard(ws, lambda m: isinstance(m, dict)) == {"event": "pong", "reqid": 42}

    run("kraken", test)


def test_rest_answers_under_every_name_of_a_pair() -> None:
    async def test(client: Client) -> None:
        await _moves(client, 60_000)
        for name in ("XBTUSD", "XXBTZUSD", "BTCUSD", "BTC/USD", "XBT/USD"):
            found = await client.get(f"/0/public/Depth?pair={name}&count=3")
            assert len(found["result"]["XXBTZUSD"]["asks"]) == 3
        assert (await client.get("/0/public/Ticker?pair=NOPE")) == {"error": ["EQuery:Unknown asset pair"]}
        assert (await client.get("/0/public/OHLC?pair=XBTUSD&interval=7"))["error"]
        assert (await client.get("/0/public/SystemStatus"))["result"]["status"] == "online"
        assert set((await client.get("/0/public/Ticker"))["result"]) == {"XXBTZUSD", "XETHZUSD", "SOLUSD"}
        assert (await client.get("/0/public/Time"))["result"]["rfc1123"] == "Fri, 20 Nov 26 17:00:30 +0000"

    run("kraken", test)


def test_a_mute_connection_and_a_missing_acknowledgement() -> None:
    async def test(client: Client) -> None:
        async with client.stream("stream", autoping=False) as ws:
            await heard(ws)
            await ws.send_json(_wish("trade", snapshot=False))
            await _moves(client, 60_000)
            assert (await heard(ws))["channel"] == "trade"  # and no acknowledgement before it
            await _moves(client, 60_001, 60_002)
            await ws.ping(b"there?")
            with pytest.raises(TimeoutError):
                await ws.receive(0.5)
        async with client.stream("stream", autoping=False) as ws:
            await ws.ping(b"there?")
            await heard(ws)
            assert (await ws.receive(3)).type is aiohttp.WSMsgType.PONG

    run("kraken", test, fault("no_ack"), fault("mute", on="trade", at=2, seconds=1000))


def test_the_pull_adapters_read_the_same_candles_from_both_doors() -> None:
    end = NOON // MINUTE * MINUTE
    with running(Options("kraken", NOON, prices="quiet", speed=0.0, symbols=("BTC/USD",), rate=0)) as address:
        found = []
        for adapter in (kraken_at(address.url), trades_at(address.url, rows=500)):
            pages = list(adapter.pages("BTCUSD", Timeframe(MINUTE), Span(end - 200 * MINUTE, end)))
            times = [time for page in pages for time in page.time.tolist()]
            columns = {name: [v for page in pages for v in page.columns[name].tolist()] for name in pages[0].columns}
            found.append((times, columns))
        assert found[0] == found[1]
        assert found[0][0] == list(range(end - 200 * MINUTE, end, MINUTE))


def test_instruments_and_the_state_of_the_venue_are_told_as_they_change() -> None:
    async def test(client: Client) -> None:
        async with client.stream("stream") as ws, client.stream("stream_v1") as old:
            await heard(ws)
            await heard(old)
            await ws.send_json({"method": "subscribe", "params": {"channel": "instrument"}, "req_id": 3})
            ack = await heard(ws)
            assert (ack["success"], ack["req_id"], ack["result"]["channel"]) == (True, 3, "instrument")
            first = await heard(ws)
            assert (first["type"], {each["id"] for each in first["data"]["assets"]}) == (
                "snapshot",
                {"BTC", "ETH", "SOL", "USD"},
            )
            pair = first["data"]["pairs"][0]
            assert (pair["symbol"], pair["price_increment"], pair["status"]) == ("BTC/USD", "0.1", "online")
            await client.post("/sim/halts", {"symbol": "BTC/USD"})
            halted = (await heard(ws, lambda m: m.get("channel") == "instrument"))["data"]["pairs"]
            assert [each["status"] for each in halted] == ["cancel_only", "online", "online"]
            await client.post("/sim/faults", {"fault": "post_only"})
            status = await heard(ws, lambda m: m.get("channel") == "status")
            assert status["data"][0]["system"] == "post_only"
            assert (await heard(old))["status"] == "post_only"
            assert (await client.get("/0/public/SystemStatus"))["result"]["status"] == "post_only"
            await ws.send_json({"method": "unsubscribe", "params": {"channel": "instrument"}})
            assert (await heard(ws, lambda m: m.get("method") == "unsubscribe"))["success"] is True

    run("kraken", test, ticks=50.0)


def test_a_ticker_follows_trades_or_the_touch() -> None:
    async def test(client: Client) -> None:
        await _moves(client, 60_000)
        async with client.stream("stream") as ws:
            await ws.send_json(_wish("ticker", event_trigger="bbo", snapshot=False))
            ack = await heard(ws, lambda m: "success" in m)
            assert ack["result"]["event_trigger"] == "bbo"
            await client.post("/sim/prices", {"symbol": "BTC/USD", "last": 60_001, "last_size": 0})
            told = (await heard(ws, lambda m: m.get("channel") == "ticker"))["data"][0]
            assert (told["bid"], told["last"]) == ("60000.9", "60000.0")
            await ws.send_json(_wish("ticker", event_trigger="moon"))
            assert (await heard(ws, lambda m: "success" in m))["error"] == "Subscription event_trigger not supported"
        assets = (await client.get("/0/public/Assets?asset=XBT,USD"))["result"]
        assert {name: each["altname"] for name, each in assets.items()} == {"XXBT": "XBT", "ZUSD": "USD"}
        spread = (await client.get("/0/public/Spread?pair=XBTUSD"))["result"]
        assert spread["XXBTZUSD"][-1][1:] == ["60000.90000", "60001.10000"]
        assert (await client.get("/0/public/Assets?asset=NOPE"))["error"] == ["EQuery:Unknown asset"]

    run("kraken", test)


def test_too_many_connections_keep_a_client_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("quorum.simulator.kraken.feed.MOST_CONNECTIONS", 3)

    async def test(client: Client) -> None:
        for _ in range(3):
            async with client.stream("stream") as ws:
                await heard(ws)
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            async with client.stream("stream_v1"):
                pass
        assert refused.value.status == 429
        assert 590 <= int(refused.value.headers["Retry-After"]) <= 601

    run("kraken", test, rate=120)


def test_a_connection_on_which_nothing_is_said_ends_after_a_minute() -> None:
    async def test(client: Client) -> None:
        async with client.stream("stream") as idle, client.stream("stream") as busy:
            await busy.send_json({"method": "subscribe", "params": {"channel": "ticker", "symbol": ["BTC/USD"]}})
            await heard(idle)
            assert (await idle.receive(5)).type is aiohttp.WSMsgType.CLOSE
            await heard(busy, lambda said: said == {"channel": "heartbeat"})
            assert not busy.closed

    run("kraken", test, timers=60.0)
