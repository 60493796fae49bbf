"""Messages gone wrong on each venue's wire: prices that are none, unknown words, frames that clients seldom see."""

from __future__ import annotations

import json
import math
from typing import Any

import aiohttp
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quorum.simulator import FaultKind
from quorum.simulator.faults import ABSURD, MESSAGE
from quorum.simulator.serving.frames import absurd, fragments, spoiled
from simulator.public.public_clients import Client, heard, run
from simulator.sim_markets import fault

TRADE = "?streams=btcusdt@trade"
CHANGED = ("absurd", "wrong_type", "unknown_field", "unknown_event")
MESSAGES: dict[str, Any] = {
    "binance": {"stream": "x", "data": {"e": "trade", "t": 5, "p": "61837.63000000", "q": "0.02"}},
    "binance deal": {"e": "aggTrade", "a": 5, "p": "0.001", "q": "100", "f": 100},
    "binance book": {"e": "depthUpdate", "U": 1, "u": 2, "b": [["0.0024", "10"]], "a": []},
    "binance touch": {"u": 4, "s": "BTCUSDT", "b": "25.1", "B": "31", "a": "25.2", "A": "40"},
    "alpaca": [{"T": "q", "S": "AAPL", "bx": "V", "bp": 25.41, "ap": 25.43, "c": ["R"]}],
    "alpaca update": {"stream": "trade_updates", "data": {"event": "fill", "price": "100.01", "order": {"id": "x"}}},
    "kraken": {"channel": "trade", "type": "update", "data": [{"symbol": "BTC/USD", "price": "#77120.0", "qty": "#1"}]},
    "kraken first": [993, [["354.11000000", "0.89594024", "1618678142.557535", "s", "l", ""]], "trade", "XMR/USD"],
    "kraken ticker": [1668, {"a": ["13.253900", 35, "35.7"]}, "ticker", "WAVES/EUR"],
}


@pytest.mark.parametrize("name", MESSAGES)
@pytest.mark.parametrize("word", ABSURD)
def test_one_price_of_a_message_is_absurd_and_the_rest_is_left(name: str, word: str) -> None:
    before = MESSAGES[name]
    after = spoiled(fault("absurd", value=word), before, 0)
    said, was = json.dumps(after), json.dumps(before)
    assert said != was
    parts = list(zip(leaves(after), leaves(before), strict=True))
    ((price, old),) = [(one, other) for one, other in parts if one != other]
    number, real = (float(str(each).removeprefix("#")) for each in (price, old))
    right = {"nan": math.isnan(number), "zero": number == 0, "negative": number == -real, "huge": number > 1e7 * real}
    assert right[word]
    assert word == "nan" or type(price) is type(old)


def leaves(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return [leaf for each in value.values() for leaf in leaves(each)]
    return [leaf for each in value for leaf in leaves(each)] if isinstance(value, list) else [value]


@pytest.mark.parametrize("name", MESSAGES)
def test_other_changes_leave_a_message_readable(name: str) -> None:
    before = MESSAGES[name]
    wrong = spoiled(fault("wrong_type"), before, 0)
    assert leaves(wrong) == leaves(before)
    assert wrong != before
    if not name.startswith("kraken first"):
        assert "unforeseen" in json.dumps(spoiled(fault("unknown_field"), before, 0))
        assert len(json.dumps(spoiled(fault("huge_frame", count=5000), before, 0))) > 5000


@given(st.text() | st.binary(), st.integers(1, 9))
def test_fragments_join_to_the_message(frame: str | bytes, count: int) -> None:
    payload = frame.encode() if isinstance(frame, str) else frame
    parts = list(fragments(frame, count))
    assert len(parts) <= max(count, 1)
    assert [part[0] >> 7 for part in parts] == [0] * (len(parts) - 1) + [1]
    assert [part[0] & 15 for part in parts] == [1 if isinstance(frame, str) else 2] + [0] * (len(parts) - 1)
    assert b"".join(part[2 if part[1] < 126 else 4 :] for part in parts) == payload


def test_absurd_prices_come_by_turns() -> None:
    found = [spoiled(fault("absurd"), {"p": 2.0}, turn)["p"] for turn in range(4)]
    assert math.isnan(found[0])
    assert found[1:] == [absurd(2.0, word) for word in ABSURD[1:]] == [-2.0, 0.0, 2e9]


async def _moves(client: Client, count: int, first: float = 60_000) -> None:
    for number in range(count):
        await client.post("/sim/prices", {"symbol": "BTCUSDT", "last": first + number})


@pytest.mark.parametrize("kind", [*CHANGED, "fragmented", "huge_frame", "replay"])
def test_a_client_of_binance_hears_it_and_what_follows(kind: str) -> None:
    async def test(client: Client) -> None:
        async with client.stream("combined", TRADE) as ws:
            await _moves(client, 4)
            truth = [row["number"] for row in await client.get("/sim/trades?symbol=BTCUSDT")]
            found = []
            while not found or found[-1].get("t") != truth[-1]:
                found.append((await heard(ws))["data"])
            numbers = [each["t"] for each in found]
            wrong = found[1]
            if kind == "replay":
                assert numbers == [truth[0], truth[0], *truth[1:]]
                return
            assert numbers == truth
            right = {
                "absurd": "NaN" in str(wrong["p"]),
                "wrong_type": isinstance(wrong["p"], list),
                "unknown_field": "unforeseen" in wrong,
                "unknown_event": wrong["e"] == "unforeseen",
                "huge_frame": len(json.dumps(wrong)) > 10_000_000,
                "fragmented": wrong["p"] == found[1]["p"],
            }
            assert right[kind]
            assert found[0]["e"] == found[2]["e"] == "trade"
        fired = await client.get("/sim/journal?kind=fired")
        assert [row["fault"] for row in fired] == [kind]

    run("binance", test, fault(kind, on="trade", at=2))


@pytest.mark.parametrize(
    ("kind", "code"), [("bad_text", aiohttp.WSCloseCode.INVALID_TEXT), ("drop", aiohttp.WSCloseCode.ABNORMAL_CLOSURE)]
)
def test_a_connection_ends_as_planted(kind: str, code: int) -> None:
    async def test(client: Client) -> None:
        async with client.stream("combined", TRADE) as ws:
            await _moves(client, 1)
            end = await ws.receive(3)
            assert end.type in (aiohttp.WSMsgType.ERROR, aiohttp.WSMsgType.CLOSED, aiohttp.WSMsgType.CLOSE)
            assert ws.close_code == code

    run("binance", test, fault(kind, on="trade"))


@pytest.mark.parametrize("kind", CHANGED)
def test_a_client_of_kraken_hears_it(kind: str) -> None:
    async def test(client: Client) -> None:
        async with client.stream("stream") as ws:
            params = {"channel": "trade", "symbol": ["BTC/USD"], "snapshot": False}
            await ws.send_json({"method": "subscribe", "params": params})
            await heard(ws, lambda m: m.get("success"))
            await client.post("/sim/prices", {"symbol": "BTC/USD", "last": 60_000})
            said = json.dumps(await heard(ws, lambda m: m.get("channel") != "heartbeat"))
            assert {"absurd": "NaN", "wrong_type": '"price": ["'}.get(kind, "unforeseen") in said

    run("kraken", test, fault(kind, on="trade"))


def test_every_fault_of_a_message_is_acted_out() -> None:
    tested = {*CHANGED, "fragmented", "huge_frame", "replay", "bad_text", "drop"}
    elsewhere = {"lose", "duplicate", "reorder", "stall", "mute", "bad_frame", "torn_frame", "close", "cut"}
    assert {kind.value for kind in MESSAGE} == tested | elsewhere
    assert all(FaultKind(name) in MESSAGE for name in tested)
