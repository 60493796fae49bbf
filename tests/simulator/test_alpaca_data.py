"""Alpaca's market data over HTTP: spans, pages and lengths agree."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from quorum.domain import DAY, HOUR, MINUTE, iso, parse_instant
from simulator.sim_markets import NOON, venue

BARS = "/v2/stocks/bars"


@pytest.fixture(scope="module")
def client() -> Iterator[httpx.Client]:
    with venue() as (_, client):
        for number in range(3):
            client.post("/sim/clock", json={"advance": 60})
            client.post("/sim/prices", json={"symbol": "AAPL", "last": 101 + number})
        yield client


def bars(client: httpx.Client, path: str = BARS, **query: Any) -> list[dict[str, Any]]:
    """Every bar of AAPL, page after page."""
    asked = {"symbols": "AAPL", "timeframe": "1Min", "start": iso(NOON - HOUR), **query}
    found: list[dict[str, Any]] = []
    while True:
        answer = client.get(path, params=asked)
        assert answer.status_code == 200, answer.text
        body = answer.json()
        found += body["bars"].get(asked["symbols"], []) if isinstance(body["bars"], dict) else body["bars"]
        if body["next_page_token"] is None:
            return found
        asked["page_token"] = body["next_page_token"]


def test_the_past_and_the_run_are_one_series(client: httpx.Client) -> None:
    found = bars(client)
    assert [parse_instant(bar["t"]) for bar in found] == [NOON - HOUR + n * MINUTE for n in range(64)]
    assert [bar["c"] for bar in found[-4:]] == [100.0, 101.0, 102.0, 103.0]


@pytest.mark.parametrize("limit", [1, 7, 64])
@pytest.mark.parametrize("sort", ["asc", "desc"])
def test_pages_make_the_whole_without_a_gap_or_a_repeat(client: httpx.Client, limit: int, sort: str) -> None:
    whole = bars(client)
    assert bars(client, limit=limit, sort=sort) == (whole if sort == "asc" else whole[::-1])


def test_longer_bars_are_made_of_the_shorter(client: httpx.Client) -> None:
    start, end = iso(NOON - 3 * DAY), iso(NOON - DAY - 1)
    minutes = bars(client, start=start, end=end, limit=10_000)
    hours = bars(client, start=start, end=end, timeframe="1Hour")
    assert len(hours) == 48
    first = [bar for bar in minutes if bar["t"] < hours[1]["t"]]
    assert (hours[0]["o"], hours[0]["c"]) == (first[0]["o"], first[-1]["c"])
    assert hours[0]["h"] == max(bar["h"] for bar in first)
    assert hours[0]["n"] == sum(bar["n"] for bar in first)


def test_a_day_begins_at_midnight_in_new_york_in_summer_and_winter(client: httpx.Client) -> None:
    found = bars(client, start="2026-10-30", end="2026-11-04", timeframe="1Day")
    assert [bar["t"][:13] for bar in found] == [
        f"2026-{day}" for day in ("10-30T04", "10-31T04", "11-01T04", "11-02T05", "11-03T05")
    ]


@pytest.mark.parametrize(
    ("frame", "opens"),
    [
        ("1Week", ["08-31", "09-07", "09-14", "09-21", "09-28", "10-05", "10-12", "10-19", "10-26"]),
        ("1Month", ["09-01", "10-01"]),
        ("3Month", ["10-01"]),
    ],
)
def test_weeks_and_months_are_made_of_days(client: httpx.Client, frame: str, opens: list[str]) -> None:
    span = {"start": "2026-08-30", "end": "2026-10-31T12:00:00Z"}
    found, days = bars(client, timeframe=frame, **span), bars(client, timeframe="1Day", start=span["start"])
    assert [bar["t"][5:10] for bar in found] == opens
    whole = [bar for bar in days if found[0]["t"] <= bar["t"] and (len(found) < 2 or bar["t"] < found[1]["t"])]
    assert (found[0]["o"], found[0]["n"]) == (whole[0]["o"], sum(bar["n"] for bar in whole))
    assert bars(client, timeframe=frame, limit=1, **span) == found


def test_a_data_client_finds_auctions_codes_and_movers(client: httpx.Client) -> None:
    rows = client.get("/v2/stocks/auctions", params={"symbols": "AAPL,NOPE", "start": "2026-11-18"}).json()["auctions"]
    assert [row["d"] for row in rows["AAPL"]] == ["2026-11-18", "2026-11-19", "2026-11-20"]
    assert [bool(row["c"]) for row in rows["AAPL"]] == [True, True, False], "a session that runs has not closed"
    one = client.get("/v2/stocks/AAPL/auctions", params={"start": "2026-11-20"}).json()
    assert one["auctions"] == rows["AAPL"][2:]
    assert client.get("/v2/stocks/meta/exchanges").json()["V"] == "IEX"
    assert "@" in client.get("/v2/stocks/meta/conditions/trade", params={"tape": "A"}).json()
    most = client.get("/v1beta1/screener/stocks/most-actives", params={"by": "trades"}).json()["most_actives"]
    assert {row["symbol"] for row in most} == {"AAPL", "MSFT"}
    moved = client.get("/v1beta1/screener/stocks/movers").json()
    assert {row["symbol"] for row in (*moved["gainers"], *moved["losers"])} <= {"AAPL", "MSFT"}
    book = client.get("/v1beta3/crypto/us/latest/orderbooks", params={"symbols": "BTC/USD"}).json()["orderbooks"]
    assert book["BTC/USD"]["b"][0]["p"] < book["BTC/USD"]["a"][0]["p"]
    assert client.get("/v1beta1/news").json() == {"news": [], "next_page_token": None}
    assert client.get("/v1/corporate-actions").json()["corporate_actions"] == {}
    assert client.get("/v2/stocks/auctions").status_code == 400
    assert client.get("/v2/stocks/meta/conditions/rumour").status_code == 400


def test_one_symbol_has_doors_of_its_own(client: httpx.Client) -> None:
    assert bars(client, "/v2/stocks/AAPL/bars") == bars(client)
    latest = client.get("/v2/stocks/AAPL/trades/latest").json()
    assert (latest["symbol"], latest["trade"]["p"]) == ("AAPL", 103.0)
    assert client.get("/v2/stocks/AAPL/snapshot").json()["latestQuote"]["ap"] == 103.01
    assert client.get("/v2/stocks/BTCUSD/bars").status_code == 404


def test_shares_and_pairs_are_kept_apart(client: httpx.Client) -> None:
    assert client.get("/v2/stocks/trades/latest", params={"symbols": "BTC/USD,AAPL"}).json()["trades"].keys() == {
        "AAPL"
    }
    pairs = client.get("/v1beta3/crypto/us/latest/trades", params={"symbols": "BTC/USD,AAPL"}).json()["trades"]
    assert pairs.keys() == {"BTC/USD"}


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ({"timeframe": "2Week"}, 400),
        ({"timeframe": "5Month"}, 400),
        ({"timeframe": "0Min"}, 400),
        ({"timeframe": "60Min"}, 400),
        ({"symbols": ""}, 400),
        ({"start": "soon"}, 422),
        ({"limit": 10_001}, 422),
        ({"page_token": "!"}, 400),
        ({"start": iso(NOON + DAY)}, 200),
        ({"start": "1970-01-01", "end": "1990-01-01"}, 200),
    ],
)
def test_a_question_that_is_none_is_refused(client: httpx.Client, query: dict[str, Any], status: int) -> None:
    answer = client.get(BARS, params={"symbols": "AAPL", "timeframe": "1Min", **query})
    assert answer.status_code == status
    if status == 200:
        assert answer.json() == {"bars": {}, "next_page_token": None}
