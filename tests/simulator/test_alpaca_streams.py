"""Alpaca's streams: of the account in binary frames, of the market in arrays."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp
import msgpack
import pytest

from quorum.domain import HOUR
from quorum.simulator import Address, Fault
from simulator.sim_markets import NOON, fault, headers, heard, listening, order, venue

Play = Callable[[aiohttp.ClientSession, Address], Awaitable[None]]


def played(play: Play, *faults: Fault, **options: Any) -> None:
    """Run `play` against a venue of its own."""

    async def work(address: Address) -> None:
        async with aiohttp.ClientSession(headers=headers(address)) as session:
            await play(session, address)

    with venue(*faults, **options) as (address, _):
        asyncio.run(work(address))


async def place(session: aiohttp.ClientSession, address: Address, **terms: Any) -> dict[str, Any]:
    async with session.post(f"{address.url}/v2/orders", json=order(**terms)) as answer:
        found: dict[str, Any] = await answer.json()
        return found


async def move(session: aiohttp.ClientSession, address: Address, **top: Any) -> None:
    async with session.post(f"{address.control}/prices", json={"symbol": "AAPL", **top}) as answer:
        assert answer.status == 200


def test_the_account_tells_each_step_of_an_order() -> None:
    async def play(session: aiohttp.ClientSession, address: Address) -> None:
        ws = await listening(session, address)
        await move(session, address, last=100, ask_size=4)
        placed = await place(session, address)
        assert [(await heard(ws))["data"]["event"] for _ in range(2)] == ["pending_new", "new"]
        part = await heard(ws)
        await move(session, address, last=101)
        whole = await heard(ws)
        for message, word, qty, held in ((part, "partial_fill", "4", "4"), (whole, "fill", "6", "10")):
            data = message["data"]
            assert (message["stream"], data["event"], data["qty"], data["position_qty"]) == (
                "trade_updates",
                word,
                qty,
                held,
            )
            assert data["order"]["id"] == placed["id"]
        assert part["data"]["execution_id"] != whole["data"]["execution_id"]
        other = await place(session, address, type="limit", limit_price="50")
        async with session.patch(f"{address.url}/v2/orders/{other['id']}", json={"limit_price": "51"}) as answer:
            assert answer.status == 200
        async with session.delete(f"{address.url}/v2/orders") as answer:
            assert answer.status == 207
        told = [(await heard(ws))["data"] for _ in range(8)]
        assert [(data["event"], data["order"]["status"]) for data in told] == [
            ("pending_new", "pending_new"),
            ("new", "new"),
            ("pending_replace", "pending_replace"),
            ("pending_new", "pending_new"),
            ("new", "new"),
            ("replaced", "replaced"),
            ("pending_cancel", "pending_cancel"),
            ("canceled", "canceled"),
        ]
        assert told[2]["order"]["id"] == other["id"] == told[5]["order"]["id"]
        assert told[-2]["order"]["canceled_at"] is None
        await ws.close()

    played(play)


def test_a_stream_without_the_right_keys_hears_nothing() -> None:
    async def play(session: aiohttp.ClientSession, address: Address) -> None:
        ws = await session.ws_connect(address.addresses["trade_updates"])
        await ws.send_json({"action": "listen", "data": {"streams": ["trade_updates"]}})
        assert (await heard(ws))["data"]["status"] == "unauthorized"
        await ws.send_json({"action": "auth", "key": "PKWRONG", "secret": "wrong"})
        assert (await heard(ws))["data"]["status"] == "unauthorized"
        await ws.send_str("{")
        assert (await heard(ws))["data"]["status"] == "unauthorized"
        await place(session, address)
        with pytest.raises(TimeoutError):
            await ws.receive(0.1)
        await ws.close()

    played(play)


async def authenticated(session: aiohttp.ClientSession, address: Address, name: str) -> Any:
    """A data stream that took the keys from the headers."""
    ws = await session.ws_connect(address.addresses[name])
    assert await heard(ws) == [{"T": "success", "msg": "connected"}]
    assert await heard(ws) == [{"T": "success", "msg": "authenticated"}]
    return ws


def test_the_market_tells_trades_quotes_and_closed_minutes() -> None:
    async def play(session: aiohttp.ClientSession, address: Address) -> None:
        ws = await authenticated(session, address, "stream_v2_iex")
        await ws.send_json({"action": "subscribe", "trades": ["AAPL"], "quotes": ["MSFT"], "bars": ["*"]})
        (ack,) = await heard(ws)
        assert (ack["T"], ack["trades"], ack["quotes"], ack["bars"]) == ("subscription", ["AAPL"], ["MSFT"], ["*"])
        await move(session, address, last=102, last_size=7)
        (trade,) = await heard(ws)
        assert (trade["T"], trade["S"], trade["p"], trade["s"]) == ("t", "AAPL", 102.0, 7)
        await move(session, address, symbol="MSFT", last=401)
        (quote,) = await heard(ws)
        assert (quote["T"], quote["S"], quote["bp"], quote["ap"]) == ("q", "MSFT", 400.99, 401.01)
        async with session.post(f"{address.control}/clock", json={"advance": 60}):
            pass
        await ws.send_json({"action": "unsubscribe", "trades": ["AAPL"]})
        assert (await heard(ws))[0]["trades"] == []
        await move(session, address, last=103)
        (bar,) = await heard(ws)
        assert (bar["T"], bar["o"], bar["h"], bar["c"], bar["n"]) == ("b", 100.0, 102.0, 102.0, 2)
        await ws.close()

    played(play)


def test_the_market_tells_days_bands_halts_and_books() -> None:
    async def play(session: aiohttp.ClientSession, address: Address) -> None:
        ws = await authenticated(session, address, "stream_v2_sip")
        await ws.send_json({"action": "subscribe", "dailyBars": ["AAPL"], "lulds": ["AAPL"], "statuses": ["*"]})
        await heard(ws)
        async with session.post(f"{address.control}/clock", json={"advance": 60}):
            pass
        await move(session, address, last=110)
        (day,), (band,) = await heard(ws), await heard(ws)
        assert (day["T"], day["S"], day["c"]) == ("d", "AAPL", 110.0)
        assert (band["T"], band["u"], band["d"]) == ("l", 115.5, 104.5)
        for halted, code in ((True, "H"), (False, "T")):
            async with session.post(f"{address.control}/halts", json={"symbol": "MSFT", "halted": halted}):
                pass
            (status,) = await heard(ws)
            assert (status["T"], status["S"], status["sc"]) == ("s", "MSFT", code)
        pairs = await authenticated(session, address, "stream_v1beta3_crypto_us")
        await pairs.send_json({"action": "subscribe", "orderbooks": ["BTC/USD"]})
        await heard(pairs)
        await move(session, address, symbol="BTC/USD", last=50_500)
        (book,) = await heard(pairs)
        assert (book["T"], book["b"][0]["p"], book["a"][0]["p"]) == ("o", 50_499.99, 50_500.01)
        await pairs.close()
        await ws.close()

    played(play)


def test_orders_of_a_closed_market_are_accepted_and_new_at_its_opening() -> None:
    async def play(session: aiohttp.ClientSession, address: Address) -> None:
        ws = await listening(session, address)
        placed = await place(session, address, qty="1")
        assert placed["status"] == "accepted"
        assert (await heard(ws))["data"]["event"] == "accepted"
        async with session.post(f"{address.control}/clock", json={"advance": 3600}):
            pass
        await move(session, address, last=101)
        assert [(await heard(ws))["data"]["event"] for _ in range(2)] == ["new", "fill"]
        await ws.close()

    played(play, hours="calendar", start=NOON - 3 * HOUR)


def test_the_legs_of_an_entry_are_held_and_then_new() -> None:
    async def play(session: aiohttp.ClientSession, address: Address) -> None:
        ws = await listening(session, address)
        legs = {"take_profit": {"limit_price": "110"}, "stop_loss": {"stop_price": "95"}}
        await place(session, address, order_class="bracket", **legs)
        await move(session, address, last=94)
        told = [(await heard(ws))["data"] for _ in range(9)]
        assert [(data["event"], data["order"]["type"]) for data in told] == [
            ("pending_new", "market"),
            ("new", "market"),
            ("held", "limit"),
            ("held", "stop"),
            ("fill", "market"),
            ("new", "limit"),
            ("new", "stop"),
            ("fill", "stop"),
            ("canceled", "limit"),
        ]
        await ws.close()

    played(play)


def test_pairs_have_a_stream_of_their_own_and_the_test_stream_its_symbol() -> None:
    async def play(session: aiohttp.ClientSession, address: Address) -> None:
        pairs = await authenticated(session, address, "stream_v1beta3_crypto_us")
        test = await authenticated(session, address, "stream_v2_test")
        for ws in (pairs, test):
            await ws.send_json({"action": "subscribe", "trades": ["*"]})
            await heard(ws)
        await move(session, address, last=101)
        await move(session, address, symbol="BTC/USD", last=50_500)
        await move(session, address, symbol="FAKEPACA", last=132)
        assert [(await heard(ws))[0]["S"] for ws in (pairs, test)] == ["BTC/USD", "FAKEPACA"]
        await pairs.send_json({"action": "subscribe", "lulds": ["*"]})
        assert (await heard(pairs))[0]["code"] == 410
        await pairs.close()
        await test.close()

    played(play)


def test_a_second_connection_and_wrong_words_are_refused_by_number() -> None:
    async def play(session: aiohttp.ClientSession, address: Address) -> None:
        first = await authenticated(session, address, "stream_v2_iex")
        second = await session.ws_connect(address.addresses["stream_v2_iex"])
        assert (await heard(second))[0]["msg"] == "connected"
        assert await heard(second) == [{"T": "error", "code": 406, "msg": "connection limit exceeded"}]
        assert (await second.receive(3)).type is aiohttp.WSMsgType.CLOSE
        for wish, code in (('{"action":"auth"}', 403), ("{", 400), ('{"action":"sing"}', 400)):
            await first.send_str(wish)
            assert (await heard(first))[0]["code"] == code
        await first.close()
        async with aiohttp.ClientSession() as stranger:
            third = await stranger.ws_connect(address.addresses["stream_v2_sip"])
            assert (await heard(third))[0]["msg"] == "connected"
            for wish, code in (
                ('{"action":"subscribe","trades":["*"]}', 401),
                ('{"action":"auth","key":"a","secret":"b"}', 402),
            ):
                await third.send_str(wish)
                assert (await heard(third))[0]["code"] == code
            await third.close()

    played(play)


def test_the_market_also_speaks_msgpack() -> None:
    async def play(session: aiohttp.ClientSession, address: Address) -> None:
        url = address.addresses["stream_v2_iex"]
        ws = await session.ws_connect(url, headers={"Content-Type": "application/msgpack"})
        for word in ("connected", "authenticated"):
            message = await ws.receive(3)
            assert msgpack.unpackb(message.data) == [{"T": "success", "msg": word}]
        await ws.send_bytes(msgpack.packb({"action": "subscribe", "trades": ["AAPL"]}))
        assert msgpack.unpackb((await ws.receive(3)).data)[0]["trades"] == ["AAPL"]
        await move(session, address, last=101)
        (trade,) = msgpack.unpackb((await ws.receive(3)).data)
        assert (trade["p"], trade["t"]) == (101.0, msgpack.Timestamp.from_unix_nano(NOON))
        await ws.close()

    played(play)


async def updates(session: aiohttp.ClientSession, address: Address, count: int) -> list[str]:
    """The events of two filled orders as a listener hears them."""
    ws = await listening(session, address)
    for name in ("a", "b"):
        await place(session, address, qty="1", client_order_id=name)
    found = []
    for _ in range(count):
        data = (await heard(ws))["data"]
        found.append(f"{data['order']['client_order_id']}:{data['event']}")
    with pytest.raises(TimeoutError):
        await ws.receive(0.05)
    await ws.close()
    return found


def told(name: str, *words: str) -> list[str]:
    return [f"{name}:{word}" for word in words]


ALL_OF_A, ALL_OF_B = (told(name, "pending_new", "new", "fill") for name in "ab")


@pytest.mark.parametrize(
    ("planted", "expected"),
    [
        (fault("lose", on="trade_updates.fill"), [*told("a", "pending_new", "new"), *ALL_OF_B]),
        (fault("duplicate", on="trade_updates", at=3), [*ALL_OF_A, "a:fill", *ALL_OF_B]),
        (fault("reorder", on="trade_updates", at=2), [*told("a", "pending_new", "fill", "new"), *ALL_OF_B]),
        (
            fault("reorder", on="trade_updates", count=3),
            [*ALL_OF_A[1:], "b:pending_new", "a:pending_new", *ALL_OF_B[1:]],
        ),
        (fault("replay", on="trade_updates", at=4, count=2), [*ALL_OF_A, *ALL_OF_A[1:], *ALL_OF_B]),
        (fault("stall", on="trade_updates", at=4), ALL_OF_A),
    ],
)
def test_reports_are_lost_doubled_out_of_order_and_stalled(planted: Fault, expected: list[str]) -> None:
    async def play(session: aiohttp.ClientSession, address: Address) -> None:
        assert await updates(session, address, len(expected)) == expected
        async with session.get(f"{address.control}/journal", params={"kind": "fired"}) as answer:
            assert [line["fault"] for line in await answer.json()] == [planted.kind.value]
        async with session.get(f"{address.control}/state") as answer:
            assert (await answer.json())["fills"] == 2, "what was not told happened all the same"

    played(play, planted)


def test_a_stalled_stream_answers_pings_and_speaks_again() -> None:
    async def play(session: aiohttp.ClientSession, address: Address) -> None:
        ws = await listening(session, address)
        await place(session, address, qty="1")
        await ws.ping()
        with pytest.raises(TimeoutError):
            await ws.receive(0.1)
        assert not ws.closed
        async with session.post(f"{address.control}/clock", json={"advance": 11}):
            pass
        await place(session, address, qty="1")
        assert (await heard(ws))["data"]["event"] == "pending_new"
        await ws.close()

    played(play, fault("stall", on="trade_updates"))


def test_frames_are_damaged_and_streams_end_as_planted() -> None:
    async def play(session: aiohttp.ClientSession, address: Address) -> None:
        ws = await listening(session, address)
        await place(session, address, qty="1")
        bad = (await ws.receive(3)).data
        with pytest.raises(ValueError, match="Expecting value"):
            aiohttp.WSMessage(aiohttp.WSMsgType.BINARY, bad, None).json()
        assert (await heard(ws))["data"]["event"] == "pending_new", "the right one follows"
        torn = (await ws.receive(3)).data
        assert torn.startswith(b'{"stream"')
        assert not torn.endswith(b"}}")
        end = await ws.receive(3)
        assert (end.type, end.data) == (aiohttp.WSMsgType.CLOSE, 1013)
        again = await listening(session, address)
        await place(session, address, qty="1")
        assert (await again.receive(3)).type in (aiohttp.WSMsgType.CLOSED, aiohttp.WSMsgType.ERROR)
        assert again.close_code == 1006

    played(
        play,
        fault("bad_frame", at=1),
        fault("torn_frame", at=1),
        fault("close", at=1, status=1013),
        fault("cut", at=1),
    )


def test_a_stream_is_refused_at_its_door() -> None:
    async def play(session: aiohttp.ClientSession, address: Address) -> None:
        for status in (429, 503):
            with pytest.raises(aiohttp.WSServerHandshakeError) as refusal:
                await session.ws_connect(address.addresses["trade_updates"])
            assert refusal.value.status == status
        with pytest.raises(aiohttp.ClientError):
            await session.ws_connect(address.addresses["trade_updates"])
        await (await listening(session, address)).close()

    played(
        play, *(fault(kind, on="GET /stream", times=n) for kind, n in (("rate_limit", 1), ("error", 1), ("reset", 2)))
    )


def test_a_client_that_does_not_say_who_it_is_is_shown_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("quorum.simulator.alpaca.data.feed._TO_AUTHENTICATE", 0.05)

    async def play(session: aiohttp.ClientSession, address: Address) -> None:
        async with aiohttp.ClientSession() as stranger:
            ws = await stranger.ws_connect(address.addresses["stream_v2_iex"])
            assert (await heard(ws))[0]["msg"] == "connected"
            assert await heard(ws) == [{"T": "error", "code": 404, "msg": "auth timeout"}]
            assert (await ws.receive(3)).type is aiohttp.WSMsgType.CLOSE

    played(play)
