"""Binance's public data as `quorum sim` speaks it: weights, errors, streams, and the rules of a connection."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from itertools import pairwise
from typing import Any

import aiohttp
import pytest

from adapters.vendor_setups import binance_at
from quorum.domain import MINUTE, Timeframe, iso
from quorum.lake import Span
from quorum.simulator import Options, running
from quorum.simulator.public import Manners
from simulator.public.public_clients import NOON, Client, heard, run
from simulator.sim_markets import fault

S = "symbol=BTCUSDT"


async def _moves(client: Client, *prices: float) -> None:
    for price in prices:
        await client.post("/sim/prices", {"symbol": "BTCUSDT", "last": price})
        await client.post("/sim/clock", {"advance": 0.2})


def test_candles_are_those_of_the_trades() -> None:
    async def test(client: Client) -> None:
        await _moves(client, 60_000, 60_010, 59_990)
        rows = await client.get(f"/api/v3/klines?{S}&interval=1m&limit=3")
        first = (await client.get(f"/api/v3/aggTrades?{S}&startTime={rows[0][0]}&limit=1"))[0]["f"]
        trades = await client.get(f"/api/v3/historicalTrades?{S}&fromId={first}&limit=1000")
        assert [each["id"] for each in trades] == list(range(first, first + len(trades)))
        for row in rows:
            inside = [each for each in trades if row[0] <= each["time"] <= row[6]]
            prices, sizes = ([Decimal(each[name]) for each in inside] for name in ("price", "qty"))
            value = sum(p * q for p, q in zip(prices, sizes, strict=True))
            bought = sum(q for q, each in zip(sizes, inside, strict=True) if not each["isBuyerMaker"])
            found = [Decimal(text) for text in (*row[1:6], row[7], row[9])]
            assert found == [prices[0], max(prices), min(prices), prices[-1], sum(sizes), value, bought]
            assert row[8] == len(inside)
        hours = await client.get(f"/api/v3/klines?{S}&interval=1h&startTime={rows[0][0] - 7_200_000}&limit=2")
        minutes = await client.get(f"/api/v3/klines?{S}&interval=1m&startTime={hours[0][0]}&limit=60")
        assert Decimal(hours[0][5]) == sum(Decimal(row[5]) for row in minutes)
        assert (hours[0][1], hours[0][4]) == (minutes[0][1], minutes[-1][4])

    run("binance", test)


def test_the_book_of_the_stream_is_the_book_of_the_venue() -> None:
    async def test(client: Client) -> None:
        async with client.stream("combined", "?streams=btcusdt@depth@100ms/btcusdt@trade/btcusdt@aggTrade") as ws:
            snapshot = await client.get(f"/api/v3/depth?{S}&limit=5000")
            sides = {name: dict(snapshot[long]) for name, long in (("b", "bids"), ("a", "asks"))}
            last, trades, deals = snapshot["lastUpdateId"], [], []
            await _moves(client, *(60_000 + 7 * n for n in range(12)))
            truth = await client.get("/sim/book?symbol=BTCUSDT")
            while last < truth["update"]:
                data = (await heard(ws))["data"]
                if data["e"] == "depthUpdate":
                    assert data["U"] == last + 1
                    last = data["u"]
                    for name in "ba":
                        sides[name] |= dict(data[name])
                else:
                    (trades if data["e"] == "trade" else deals).append(data)
            for name, long in (("b", "bids"), ("a", "asks")):
                found = {Decimal(p): Decimal(q) for p, q in sides[name].items() if Decimal(q)}
                assert found == {Decimal(p): Decimal(q) for p, q in truth[long]}
            numbers = [each["t"] for each in trades]
            assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
            assert all(later["f"] == before["l"] + 1 for before, later in pairwise(deals))

    run("binance", test)


def test_candles_close_in_the_stream() -> None:
    async def test(client: Client) -> None:
        async with client.stream("stream", "/btcusdt@kline_1m") as ws:
            await _moves(client, 60_000, 60_010)
            await client.post("/sim/clock", {"advance": 60})
            closed = (await heard(ws, lambda event: event["k"]["x"]))["k"]
            row = (await client.get(f"/api/v3/klines?{S}&interval=1m&startTime={closed['t']}&limit=1"))[0]
            assert [row[i] for i in (0, 1, 2, 3, 4, 5, 6, 7, 8)] == [closed[name] for name in "tohlcvTqn"]

    run("binance", test)


def test_a_client_is_answered_in_the_venues_words() -> None:
    async def test(client: Client) -> None:
        async with client.stream("stream") as ws:
            await ws.send_json({"method": "SUBSCRIBE", "params": ["btcusdt@trade", "btcusdt@depth5"], "id": 1})
            assert await heard(ws) == {"result": None, "id": 1}
            await ws.send_json({"method": "UNSUBSCRIBE", "params": ["btcusdt@depth5"], "id": "a-1"})
            assert await heard(ws) == {"result": None, "id": "a-1"}
            await ws.send_json({"method": "LIST_SUBSCRIPTIONS", "id": None})
            assert await heard(ws) == {"result": ["btcusdt@trade"], "id": None}
            await ws.send_str("{")
            assert (await heard(ws))["code"] == 3
        async with client.stream("stream", "?timeUnit=MICROSECOND") as ws:
            for wrong in ({"method": "BUY", "id": 1}, {"id": 1}, {"method": "SUBSCRIBE", "params": [1], "id": 2}):
                await ws.send_json(wrong)
                assert (await heard(ws))["code"] == 2
            await ws.send_json({"method": "SUBSCRIBE", "params": ["btcusdt@trade"], "id": 3})
            assert (await heard(ws))["id"] == 3
            await _moves(client, 60_000)
            assert (await heard(ws))["T"] // 10**15 == 1  # sixteen digits: microseconds
            await ws.send_json({"method": "SUBSCRIBE", "params": [f"x{n}@trade" for n in range(1025)], "id": 4})
            assert (await heard(ws, lambda m: "code" in m))["code"] == 2

    run("binance", test)


def test_too_many_messages_end_a_connection() -> None:
    async def test(client: Client) -> None:
        async with client.stream("stream", "/btcusdt@trade") as ws:
            for number in range(20):
                await ws.send_json({"method": "LIST_SUBSCRIPTIONS", "id": number})
            while (said := await ws.receive(5)).type is aiohttp.WSMsgType.TEXT:
                pass
            assert (said.type, ws.close_code) == (aiohttp.WSMsgType.CLOSE, 1008)

    run("binance", test)


def test_who_answers_no_ping_is_disconnected() -> None:
    async def test(client: Client) -> None:
        async with client.stream("stream", "/btcusdt@trade", autoping=False, autoclose=False) as ws:
            pings = 0
            while (said := await ws.receive(5)).type is aiohttp.WSMsgType.PING:
                pings += 1
            assert pings >= 3
            assert (said.type, said.data) == (aiohttp.WSMsgType.CLOSE, 1008)
        async with client.stream("stream", "/btcusdt@trade", autoping=False) as ws:
            for _ in range(8):
                said = await ws.receive(5)
                assert said.type is aiohttp.WSMsgType.PING
                await ws.pong(said.data)

    run("binance", test, timers=200.0)


def test_a_connection_lasts_a_day_and_its_end_is_announced(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("quorum.simulator.binance.streams.MANNERS", Manners(lasts=90.0))

    async def test(client: Client) -> None:
        async with client.stream("combined", "?streams=btcusdt@trade") as ws:
            found = await heard(ws)
            assert (found["stream"], found["data"]["e"]) == ("!serverShutdown", "serverShutdown")
            assert (await ws.receive(5)).type is aiohttp.WSMsgType.CLOSE

    run("binance", test, timers=200.0)
    run("binance", test, fault("shutdown", after=0.5, seconds=0.1), speed=1.0)


def test_weight_is_counted_refused_and_then_banned() -> None:
    async def test(client: Client) -> None:
        statuses: list[tuple[int, str]] = []
        for _ in range(14):
            async with client.session.get(f"{client.address.url}/api/v3/trades?{S}") as answer:
                statuses.append((answer.status, answer.headers["X-MBX-USED-WEIGHT-1M"]))
                if answer.status != 200:
                    assert int(answer.headers["Retry-After"]) > 0
        assert statuses[:2] == [(200, "25"), (200, "50")]
        assert [status for status, _ in statuses[2:]] == [429] * 10 + [418] * 2

    run("binance", test, rate=60)


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("klines?interval=1m", -1102),
        (f"klines?{S}", -1102),
        ("klines?symbol=NOPE&interval=1m", -1121),
        (f"klines?{S}&interval=7m", -1120),
        (f"depth?{S}&limit=ten", -1100),
        (f"aggTrades?{S}&fromId=1&startTime=2", -1128),
    ],
)
def test_requests_are_refused_with_a_code(path: str, code: int) -> None:
    async def test(client: Client) -> None:
        assert (await client.get(f"/api/v3/{path}"))["code"] == code

    run("binance", test)


def test_faults_of_streams_leave_the_truth_alone() -> None:
    async def test(client: Client) -> None:
        async with client.stream("combined", "?streams=btcusdt@trade/btcusdt@bookTicker") as ws:
            await _moves(client, *(60_000 + n for n in range(8)))
            truth = await client.get("/sim/trades?symbol=BTCUSDT")
            heard_of: list[int] = []
            while not heard_of or heard_of[-1] < truth[-1]["number"]:
                event = await heard(ws)
                heard_of += [event["data"]["t"]] if event["stream"].endswith("trade") else []
            numbers = [each["number"] for each in truth]
            assert heard_of == [*numbers[:2], *numbers[5:6], *numbers[5:]]
            fired = await client.get("/sim/journal?kind=fired")
            assert [line["fault"] for line in fired] == ["lose"] * 3 + ["duplicate"]

    run("binance", test, fault("lose", on="trade", at=3, times=3), fault("duplicate", on="trade", at=3))


def test_a_stale_snapshot_is_older_than_the_stream() -> None:
    async def test(client: Client) -> None:
        await _moves(client, 60_000)
        await client.post("/sim/clock", {"advance": 5})
        await asyncio.sleep(0.15)
        await _moves(client, 60_100, 60_200)
        old, now = [(await client.get(f"/api/v3/depth?{S}"))["lastUpdateId"] for _ in range(2)]
        assert old < now

    run("binance", test, fault("stale", on="*depth", seconds=3))


def test_the_pull_adapter_reads_it() -> None:
    def pull(**options: Any) -> list[int]:
        with running(Options("binance", NOON, prices="quiet", speed=0.0, symbols=("BTCUSDT",), **options)) as address:
            pages = binance_at(address.url, rows=100).pages("BTCUSDT", Timeframe(MINUTE), Span(end - 300 * MINUTE, end))
            return [time for page in pages for time in page.time.tolist()]

    end = NOON // MINUTE * MINUTE
    assert pull() == list(range(end - 300 * MINUTE, end, MINUTE))


def test_weeks_and_months_open_as_the_calendar_has_it() -> None:
    async def test(client: Client) -> None:
        await _moves(client, 60_000)
        weeks, months = [await client.get(f"/api/v3/klines?{S}&interval={name}&limit=4") for name in ("1w", "1M")]
        assert [iso(row[0] * 1_000_000)[5:10] for row in weeks] == ["10-26", "11-02", "11-09", "11-16"]
        assert [iso(row[0] * 1_000_000)[:10] for row in months] == [f"2026-{n:02d}-01" for n in (8, 9, 10, 11)]
        assert [row[6] + 1 for row in months[:-1]] == [row[0] for row in months[1:]]
        days = await client.get(f"/api/v3/klines?{S}&interval=1d&startTime={weeks[2][0]}&limit=7")
        assert (weeks[2][1], weeks[2][4]) == (days[0][1], days[-1][4])
        assert Decimal(weeks[2][5]) == sum(Decimal(row[5]) for row in days)
        span = f"startTime={months[0][0]}&endTime={months[1][6]}"
        assert await client.get(f"/api/v3/klines?{S}&interval=1M&{span}") == months[:2]
        after = await client.get(f"/api/v3/klines?{S}&interval=1M&startTime={months[0][0] + 1}&limit=1")
        assert after == months[1:2], "a candle that began before is not there"
        async with client.stream("combined", "?streams=btcusdt@kline_1w/btcusdt@kline_1M") as ws:
            await _moves(client, 60_500)
            found = {}
            while len(found) < 2:
                candle = (await heard(ws))["data"]["k"]
                found[candle["i"]] = (candle["t"], candle["T"])
            assert found == {"1w": (weeks[-1][0], weeks[-1][6]), "1M": (months[-1][0], months[-1][6])}

    run("binance", test)


def test_candles_of_years_and_of_no_time_are_answered() -> None:
    async def test(client: Client) -> None:
        months = await client.get(f"/api/v3/klines?{S}&interval=1M&limit=1000")
        assert 60 <= len(months) <= 62
        days = await client.get(f"/api/v3/klines?{S}&interval=1d&limit=1000")
        assert len(days) == 1000
        assert sum(row[8] for row in days[-20:]) == months[-1][8]
        for beyond in ("startTime=99999999999999999999", "startTime=0&endTime=1", "endTime=0"):
            assert await client.get(f"/api/v3/klines?{S}&interval=1M&{beyond}") == []

    run("binance", test)


def test_every_market_is_told_in_one_event() -> None:
    async def test(client: Client) -> None:
        names = "!ticker@arr/!miniTicker@arr/!ticker_1h@arr/btcusdt@ticker_4h/btcusdt@avgPrice"
        async with client.stream("combined", f"?streams={names}") as ws:
            await _moves(client, 60_000, 60_100)
            await client.post("/sim/clock", {"advance": 2})
            found: dict[str, Any] = {}
            while len(found) < 5:
                message = await heard(ws)
                found[message["stream"]] = message["data"]
            for name, word in (
                ("!ticker", "24hrTicker"),
                ("!miniTicker", "24hrMiniTicker"),
                ("!ticker_1h", "1hTicker"),
            ):
                rows = found[f"{name}@arr"]
                assert [row["s"] for row in rows] == ["BTCUSDT", "ETHUSDT", "SOLUSDT"]
                assert {row["e"] for row in rows} == {word}
            assert found["btcusdt@ticker_4h"]["c"] == "60100.00000000"
            assert Decimal(found["btcusdt@avgPrice"]["w"]) > 0
        average = await client.get(f"/api/v3/avgPrice?{S}")
        assert (average["mins"], average["price"]) == (5, found["btcusdt@avgPrice"]["w"])
        hour = await client.get(f"/api/v3/ticker?{S}&windowSize=1h")
        assert (hour["lastPrice"], hour["symbol"]) == ("60100.00000000", "BTCUSDT")
        assert (await client.get(f"/api/v3/ticker/tradingDay?{S}"))["lastPrice"] == "60100.00000000"
        two = await client.get('/api/v3/ticker/price?symbols=["BTCUSDT","ETHUSDT"]')
        assert [row["symbol"] for row in two] == ["BTCUSDT", "ETHUSDT"]
        for wrong, code in ((f"ticker?{S}&windowSize=8d", -1128), ("ticker", -1102), ("ticker/price?symbols=x", -1100)):
            assert (await client.get(f"/api/v3/{wrong}"))["code"] == code
        await client.post("/sim/halts", {"symbol": "BTCUSDT"})
        info = await client.get("/api/v3/exchangeInfo")
        assert [row["status"] for row in info["symbols"]] == ["HALT", "TRADING", "TRADING"]

    run("binance", test)


def test_too_many_connections_are_refused_until_the_window_frees(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("quorum.simulator.binance.streams.MOST_CONNECTIONS", 2)

    async def test(client: Client) -> None:
        for _ in range(2):
            async with client.stream("stream"):
                pass
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            async with client.stream("combined"):
                pass
        assert refused.value.status == 429
        await asyncio.sleep(1.1)
        async with client.stream("combined") as ws:
            assert not ws.closed

    run("binance", test, rate=6000, timers=300.0)
