"""Orders for the hours before the opening and after the close."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from quorum.domain import MINUTE, iso, parse_instant
from quorum.simulator.core import NewYork, is_awake
from simulator.sim_markets import order, venue


@pytest.fixture(scope="module")
def hours() -> NewYork:
    return NewYork()


@pytest.mark.parametrize(
    ("at", "opens", "closes", "awake"),
    [
        ("2026-11-20T13:00:00Z", "2026-11-20T01:00:00Z", "2026-11-21T01:00:00Z", True),  # a Friday before the opening
        ("2026-11-21T00:59:59Z", "2026-11-20T01:00:00Z", "2026-11-21T01:00:00Z", True),
        ("2026-11-21T01:00:00Z", "2026-11-23T01:00:00Z", "2026-11-24T01:00:00Z", False),  # the weekend begins
        (
            "2026-11-26T15:00:00Z",
            "2026-11-27T01:00:00Z",
            "2026-11-27T22:00:00Z",
            False,
        ),  # Thanksgiving, then half a day
        ("2026-11-27T22:30:00Z", "2026-11-30T01:00:00Z", "2026-12-01T01:00:00Z", False),
        ("2026-10-30T19:00:00Z", "2026-10-30T00:00:00Z", "2026-10-31T00:00:00Z", True),  # summer time
        ("2026-11-02T01:00:00Z", "2026-11-02T01:00:00Z", "2026-11-03T01:00:00Z", True),  # winter time came on Sunday
    ],
)
def test_a_day_begins_the_evening_before_and_ends_four_hours_after_the_close(
    hours: NewYork, at: str, opens: str, closes: str, awake: bool
) -> None:
    moment = parse_instant(at)
    day = hours.day(moment)
    assert (iso(day.open), iso(day.close), is_awake(hours, moment)) == (opens, closes, awake)


def limit(price: str, **terms: Any) -> dict[str, Any]:
    return order(type="limit", limit_price=price, **terms)


def placed(client: httpx.Client, **body: Any) -> Any:
    answer = client.post("/v2/orders", json=body)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_an_extended_order_fills_before_the_opening_and_others_wait() -> None:
    with venue(hours="calendar", start=parse_instant("2026-11-20T13:00:00Z")) as (_, client):
        early = placed(client, **limit("101"), extended_hours=True)
        usual = placed(client, **limit("101"))
        market = placed(client, **order(qty="3"))
        assert (early["extended_hours"], early["status"]) == (True, "pending_new")
        assert (usual["extended_hours"], usual["status"], market["status"]) == (False, "accepted", "accepted")
        found = {each["id"]: each for each in client.get("/v2/orders", params={"status": "all"}).json()}
        assert found[early["id"]]["status"] == "filled"
        assert found[usual["id"]]["status"] == found[market["id"]]["status"] == "accepted"
        assert client.get("/v2/clock").json()["is_open"] is False
        client.post("/sim/clock", json={"advance": 90 * 60})
        client.post("/sim/prices", json={"symbol": "AAPL", "last": 100})
        assert client.get("/v2/orders", params={"status": "open"}).json() == []


def test_an_extended_day_order_outlives_the_close_and_not_the_evening() -> None:
    with venue(hours="calendar", start=parse_instant("2026-11-20T20:59:00Z")) as (_, client):
        late = placed(client, **limit("90"), extended_hours=True)
        usual = placed(client, **limit("90"))
        client.post("/sim/clock", json={"advance": 120})
        states = [client.get(f"/v2/orders/{each['id']}").json()["status"] for each in (late, usual)]
        assert states == ["new", "expired"]
        client.post("/sim/prices", json={"symbol": "AAPL", "last": 100, "ask": "89.5", "bid": "89", "ask_size": 4})
        assert client.get(f"/v2/orders/{late['id']}").json()["filled_qty"] == "4"
        client.post("/sim/clock", json={"advance": 4 * 3600})
        assert client.get(f"/v2/orders/{late['id']}").json()["status"] == "expired"


def test_an_extended_order_of_the_weekend_waits_for_sunday_evening() -> None:
    saturday = parse_instant("2026-11-21T15:00:00Z")
    with venue(hours="calendar", start=saturday) as (_, client):
        found = placed(client, **limit("101"), extended_hours=True)
        assert found["status"] == "accepted"
        client.post("/sim/clock", json={"advance": (parse_instant("2026-11-23T01:00:00Z") - saturday) / 1e9})
        client.post("/sim/prices", json={"symbol": "AAPL", "last": 100})
        assert client.get(f"/v2/orders/{found['id']}").json()["status"] == "filled"


def test_a_pair_knows_no_extended_hours_and_legs_do_not_trade_late() -> None:
    with venue(hours="calendar", start=parse_instant("2026-11-21T15:00:00Z")) as (_, client):
        pair = placed(client, **order("BTC/USD", "0.1", type="limit", limit_price="40000"), extended_hours=True)
        assert (pair["extended_hours"], pair["status"]) == (False, "pending_new")
        legs = {"take_profit": {"limit_price": "120"}, "stop_loss": {"stop_price": "90"}, "order_class": "bracket"}
        answer = client.post("/v2/orders", json=limit("100") | legs | {"extended_hours": True})
        assert (answer.status_code, answer.json()["message"]) == (422, "extended hours orders must be simple orders")


def test_prices_move_around_the_session_and_days_are_those_of_sessions() -> None:
    start = parse_instant("2026-11-20T20:58:00Z")
    with venue(hours="calendar", start=start) as (_, client):
        for minutes, last in ((1, 100), (1, 101), (60, 150), (1, 151)):
            client.post("/sim/clock", json={"advance": minutes * MINUTE / 1e9})
            client.post("/sim/prices", json={"symbol": "AAPL", "last": last})
        asked = {"timeframe": "1Min", "start": "2026-11-20T20:59:00Z"}
        minutes_of = client.get("/v2/stocks/AAPL/bars", params=asked).json()["bars"]
        assert [bar["c"] for bar in minutes_of] == [100, 101, 150, 151]
        day = client.get("/v2/stocks/AAPL/bars", params={"timeframe": "1Day", "start": "2026-11-20"}).json()["bars"]
        assert day[-1]["c"] == 100, "the last price of the session"


def test_calendar_and_clock_tell_of_half_days_and_of_settlement() -> None:
    with venue(hours="calendar", start=parse_instant("2026-11-20T13:00:00Z")) as (_, client):
        days = client.get("/v2/calendar", params={"start": "2026-11-25", "end": "2026-11-30"}).json()
        assert [(d["date"], d["close"], d["session_close"], d["settlement_date"]) for d in days] == [
            ("2026-11-25", "16:00", "2000", "2026-11-27"),
            ("2026-11-27", "13:00", "1700", "2026-11-30"),
            ("2026-11-30", "16:00", "2000", "2026-12-01"),
        ]
        asked = {"start": "2026-11-27", "end": "2026-11-27", "date_type": "SETTLEMENT"}
        assert [day["date"] for day in client.get("/v2/calendar", params=asked).json()] == ["2026-11-25"]
        assert client.get("/v2/calendar", params={"date_type": "TRADE"}).status_code == 422
