"""Alpaca's trading API over HTTP: orders, positions, account, and its refusals."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from quorum.domain import iso, parse_instant
from simulator.sim_markets import NOON, order, venue


@pytest.fixture(scope="module")
def shared_client() -> Iterator[httpx.Client]:
    """A venue for the tests that leave nothing behind."""
    with venue() as (_, client):
        yield client


@pytest.fixture
def client() -> Iterator[httpx.Client]:
    with venue() as (_, client):
        yield client


def move(client: httpx.Client, last: float, symbol: str = "AAPL", **sizes: Any) -> None:
    client.post("/sim/prices", json={"symbol": symbol, "last": last, **sizes}).raise_for_status()


def test_an_order_is_answered_before_it_fills_and_found_by_both_ids(client: httpx.Client) -> None:
    answer = client.post("/v2/orders", json=order(client_order_id="mine"))
    placed = answer.json()
    assert (answer.status_code, placed["status"], placed["filled_qty"]) == (200, "pending_new", "0")
    found = client.get("/v2/orders:by_client_order_id", params={"client_order_id": "mine"}).json()
    assert found == client.get(f"/v2/orders/{placed['id']}").json()
    assert (found["status"], found["filled_qty"], found["filled_avg_price"]) == ("filled", "10", "100.01")
    (held,) = client.get("/v2/positions").json()
    assert (held["symbol"], held["qty"], held["side"], held["cost_basis"]) == ("AAPL", "10", "long", "1000.1")
    account = client.get("/v2/account").json()
    assert (account["cash"], account["equity"]) == ("98999.9", "99999.9")


@pytest.mark.parametrize(
    ("changes", "status", "code", "message"),
    [
        ({"qty": "NaN"}, 422, 40010001, "qty must be > 0"),
        ({"qty": "-1"}, 422, 40010001, "qty must be > 0"),
        ({"qty": "x"}, 422, 40010001, "invalid qty"),
        ({"qty": True}, 422, 40010001, "invalid qty"),
        ({"qty": [1]}, 422, 40010001, "invalid qty"),
        ({"qty": "1e40"}, 422, 40010001, "too large"),
        ({"qty": "1e-12"}, 422, 40010001, "too fine"),
        ({"client_order_id": 7}, 422, 40010001, "128"),
        ({"qty": None}, 422, 40010001, "qty or notional is required"),
        ({"side": "up"}, 422, 40010001, "invalid side 'up'"),
        ({"type": "trailing_stop"}, 422, 40010001, "one of trail_price and trail_percent"),
        ({"type": "trailing_stop", "trail_percent": 100}, 422, 40010001, "trail_percent must be < 100"),
        ({"type": "pegged"}, 422, 40010001, "invalid type 'pegged'"),
        ({"time_in_force": None}, 422, 40010001, "time_in_force is required"),
        ({"symbol": "NOPE"}, 422, 42210000, 'asset "NOPE" not found'),
        ({"symbol": "FAKEPACA"}, 422, 42210000, "not tradable"),
        ({"qty": "1.5", "time_in_force": "gtc"}, 422, 42210000, "fractional orders must be DAY orders"),
        ({"qty": "1.5", "time_in_force": "opg"}, 422, 42210000, "fractional orders must be DAY orders"),
        ({"qty": None, "notional": "0.5"}, 422, 40010001, "notional must be >= 1.00"),
        ({"type": "limit", "limit_price": "99.001"}, 422, 42210000, "sub-penny"),
        ({"type": "limit"}, 422, 40010001, "limit orders require a limit_price"),
        ({"symbol": "BTC/USD", "time_in_force": "day"}, 422, 42210000, "invalid crypto time_in_force"),
        ({"symbol": "BTCUSD", "time_in_force": "gtc", "type": "stop", "stop_price": 1}, 422, 42210000, "order type"),
        ({"side": "sell", "qty": "1.5"}, 403, 40310000, "cannot be sold short"),
        ({"order_class": "bracket"}, 422, 42210000, "bracket orders require take_profit.limit_price"),
        ({"extended_hours": True}, 422, 42210000, "extended hours order must be DAY or GTC limit orders"),
        ({"extended_hours": "yes"}, 422, 40010001, "invalid extended_hours"),
        ({"position_intent": "to_open"}, 422, 40010001, "invalid position_intent specified"),
        ({"position_intent": "buy_to_close"}, 422, 42210000, "inferred: buy_to_open, specified: buy_to_close"),
        ({"client_order_id": "x" * 129}, 422, 40010001, "128"),
    ],
)
def test_a_wrong_order_is_refused_as_alpaca_does(
    shared_client: httpx.Client, changes: dict[str, Any], status: int, code: int, message: str
) -> None:
    answer = shared_client.post("/v2/orders", json=order(**changes))
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    assert message in answer.json()["message"]
    assert shared_client.get("/v2/orders", params={"status": "all"}).json() == []


@pytest.mark.parametrize("content", [b"", b"[]", b"{", b"\xff"])
def test_a_body_that_is_none_is_refused(shared_client: httpx.Client, content: bytes) -> None:
    answer = shared_client.post("/v2/orders", content=content)
    assert (answer.status_code, answer.json()["code"]) == (400, 40010000)


def test_too_little_money_is_told_with_its_numbers(shared_client: httpx.Client) -> None:
    body = shared_client.post("/v2/orders", json=order(qty="5000")).json()
    assert body == {
        "buying_power": "200000.00",
        "code": 40310000,
        "cost_basis": "500050.00",
        "message": "insufficient buying power",
    }


def test_an_id_is_unique_for_ever_and_nothing_is_placed_twice(client: httpx.Client) -> None:
    first = client.post("/v2/orders", json=order(type="limit", limit_price="50", client_order_id="a")).json()
    assert client.delete(f"/v2/orders/{first['id']}").status_code == 204
    again = client.post("/v2/orders", json=order(client_order_id="a"))
    assert (again.status_code, again.json()) == (
        422,
        {"code": 40010001, "message": "client_order_id must be unique"},
    )
    assert len(client.get("/v2/orders", params={"status": "all"}).json()) == 1


def test_held_shares_and_wash_trades_are_refused_with_their_orders(client: httpx.Client) -> None:
    client.post("/v2/orders", json=order(qty="23"))
    stop = client.post("/v2/orders", json=order(qty="23", side="sell", type="stop", stop_price="90")).json()["id"]
    held = client.post("/v2/orders", json=order(qty="23", side="sell"))
    assert held.status_code == 403
    assert held.json() == {
        "available": "0",
        "code": 40310000,
        "existing_qty": "23",
        "held_for_orders": "23",
        "message": "insufficient qty available for order (requested: 23, available: 0)",
        "related_orders": [stop],
        "symbol": "AAPL",
    }
    wash = client.post("/v2/orders", json=order(type="limit", limit_price="80"))
    assert (wash.status_code, wash.json()["existing_order_id"]) == (403, stop)
    assert wash.json()["reject_reason"] == "opposite side market/stop order exists"


def test_orders_are_listed_by_status_time_symbol_and_page(client: httpx.Client) -> None:
    ids = []
    for number in range(4):
        client.post("/sim/clock", json={"advance": 60})
        body = order("AAPL" if number % 2 else "MSFT", "1", type="limit", limit_price=str(50 + number))
        ids.append(client.post("/v2/orders", json=body).json()["id"])
    client.delete(f"/v2/orders/{ids[0]}")

    def listed(**query: Any) -> list[int]:
        rows = client.get("/v2/orders", params=query).json()
        return [ids.index(row["id"]) for row in rows]

    assert listed() == [3, 2, 1]
    assert listed(status="closed") == [0]
    assert listed(status="all", direction="asc", limit=2) == [0, 1]
    assert listed(status="all", symbols="AAPL") == [3, 1]
    assert listed(status="all", after=iso(NOON + 120 * 10**9)) == [3, 2]
    assert listed(status="all", until=iso(NOON + 121 * 10**9), side="buy") == [1, 0]
    for wrong in ({"limit": 501}, {"limit": "x"}, {"status": "none"}, {"after": "soon"}):
        assert client.get("/v2/orders", params=wrong).status_code == 422


def test_a_replacement_is_another_order_and_the_old_one_says_so(client: httpx.Client) -> None:
    old = client.post("/v2/orders", json=order(type="limit", limit_price="90")).json()
    answer = client.patch(f"/v2/orders/{old['id']}", json={"limit_price": "91", "client_order_id": "next"})
    new = answer.json()
    assert (new["limit_price"], new["qty"], new["replaces"]) == ("91", "10", old["id"])
    gone = client.get(f"/v2/orders/{old['id']}").json()
    assert (gone["status"], gone["replaced_by"]) == ("replaced", new["id"])
    assert client.patch(f"/v2/orders/{old['id']}", json={"limit_price": "92"}).status_code == 422
    assert client.patch("/v2/orders/nothing", json={"limit_price": "92"}).status_code == 404


def test_cancelling_answers_for_each_order(client: httpx.Client) -> None:
    ids = [client.post("/v2/orders", json=order(type="limit", limit_price="5")).json()["id"] for _ in range(3)]
    answer = client.delete("/v2/orders")
    assert answer.status_code == 207
    assert [(row["id"], row["status"]) for row in answer.json()] == [(name, 200) for name in ids]
    again = client.delete(f"/v2/orders/{ids[0]}")
    assert (again.status_code, again.json()["code"]) == (422, 42210000)
    assert client.delete("/v2/orders/nothing").json()["code"] == 40410000
    assert client.delete("/v2/orders").json() == []


def test_positions_are_closed_in_part_and_all_at_once(client: httpx.Client) -> None:
    client.post("/v2/orders", json=order(qty="10"))
    client.post("/v2/orders", json=order("BTC/USD", "0.3"))
    assert client.delete("/v2/positions/AAPL", params={"qty": "4"}).json()["qty"] == "4"
    assert client.delete("/v2/positions/AAPL", params={"percentage": "50"}).json()["qty"] == "3"
    assert client.get("/v2/positions/AAPL").json()["qty"] == "3"
    client.post("/v2/orders", json=order(qty="3", side="sell", type="limit", limit_price="150"))
    refused = client.delete("/v2/positions")
    assert refused.status_code == 207
    assert [(row["symbol"], row["status"]) for row in refused.json()] == [("AAPL", 403), ("BTCUSD", 200)]
    assert refused.json()[0]["body"]["held_for_orders"] == "3"
    closed = client.delete("/v2/positions", params={"cancel_orders": "true"}).json()
    assert [(row["symbol"], row["status"]) for row in closed] == [("AAPL", 200)]
    assert client.get("/v2/positions").json() == []
    assert client.delete("/v2/positions/AAPL").status_code == 404


def test_fills_are_told_in_pages_and_pairs_pay_fees(client: httpx.Client) -> None:
    move(client, 100, ask_size="4", bid_size="4")
    client.post("/v2/orders", json=order(qty="10"))
    move(client, 101)
    client.post("/v2/orders", json=order("BTC/USD", "0.3"))
    fills = client.get("/v2/account/activities/FILL", params={"direction": "asc"}).json()
    assert [(f["symbol"], f["qty"], f["cum_qty"], f["leaves_qty"], f["type"]) for f in fills] == [
        ("AAPL", "4", "4", "6", "partial_fill"),
        ("AAPL", "6", "10", "0", "fill"),
        ("BTC/USD", "0.3", "0.3", "0", "fill"),
    ]
    page = client.get("/v2/account/activities/FILL", params={"page_size": 2}).json()
    rest = client.get("/v2/account/activities/FILL", params={"page_token": page[-1]["id"]}).json()
    assert [*page, *rest] == fills[::-1]
    (fee,) = client.get("/v2/account/activities/CFEE").json()
    assert (fee["qty"], fee["symbol"]) == ("-0.00075", "BTCUSD")
    assert len(client.get("/v2/account/activities").json()) == 4
    assert client.get("/v2/account/activities", params={"page_token": "none"}).status_code == 422


def test_keys_are_needed_and_must_be_right(client: httpx.Client) -> None:
    assert httpx.get(f"{client.base_url}/v2/account").status_code == 401
    wrong = {"APCA-API-KEY-ID": "PKWRONG", "APCA-API-SECRET-KEY": "wrong"}
    assert httpx.get(f"{client.base_url}/v2/account", headers=wrong).json() == {
        "code": 40310000,
        "message": "forbidden.",
    }


def test_the_minute_has_so_many_requests() -> None:
    with venue(rate=5) as (_, client):
        answers = [client.get("/v2/clock") for _ in range(7)]
        assert [a.status_code for a in answers] == [200] * 5 + [429] * 2
        assert [a.headers["X-RateLimit-Remaining"] for a in answers[:5]] == ["4", "3", "2", "1", "0"]
        assert answers[-1].json() == {"code": 42910000, "message": "rate limit exceeded"}
        assert client.get("/v2/stocks/trades/latest", params={"symbols": "AAPL"}).status_code == 200, "counted apart"


def test_the_session_decides_what_an_order_does() -> None:
    with venue(hours="calendar", start=parse_instant("2026-11-20T13:00:00Z")) as (_, client):
        clock = client.get("/v2/clock").json()
        assert (clock["is_open"], clock["next_open"]) == (False, "2026-11-20T09:30:00-05:00")
        day = client.post("/v2/orders", json=order(qty="1")).json()
        assert day["status"] == "accepted"
        assert client.post("/v2/orders", json=order(qty="1", time_in_force="opg")).status_code == 200
        client.post("/sim/clock", json={"advance": 90 * 60})
        assert client.get("/v2/clock").json()["is_open"]
        late = client.post("/v2/orders", json=order(qty="1", time_in_force="opg"))
        assert (late.status_code, late.json()["code"]) == (422, 42210000)
        move(client, 101)
        assert client.get("/v2/positions/AAPL").json()["qty"] == "2"
        days = client.get("/v2/calendar", params={"start": "2026-11-25", "end": "2026-11-30"}).json()
        assert [(d["date"], d["open"], d["close"]) for d in days] == [
            ("2026-11-25", "09:30", "16:00"),
            ("2026-11-27", "09:30", "13:00"),
            ("2026-11-30", "09:30", "16:00"),
        ]


def test_assets_are_found_by_symbol_and_id(shared_client: httpx.Client) -> None:
    pair = shared_client.get("/v2/assets/BTC%2FUSD").json()
    assert (pair["class"], pair["shortable"], pair["symbol"]) == ("crypto", False, "BTC/USD")
    assert shared_client.get(f"/v2/assets/{pair['id']}").json() == pair == shared_client.get("/v2/assets/BTCUSD").json()
    shares = shared_client.get("/v2/assets", params={"asset_class": "us_equity", "status": "active"}).json()
    assert {a["symbol"] for a in shares} == {"AAPL", "MSFT", "FAKEPACA"}
    assert shared_client.get("/v2/assets/NOPE").status_code == 404
    assert shared_client.get("/v2/nothing").json() == {"code": 40410000, "message": "endpoint not found"}
