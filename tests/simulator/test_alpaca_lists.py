"""Lists of Alpaca's trading API: orders, activities and assets as they are narrowed down, auctions in pages."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from simulator.sim_markets import order, venue


@pytest.fixture(scope="module")
def client() -> Iterator[httpx.Client]:
    """A venue on which a share, a pair and cash have moved; its clock a second on after each."""
    with venue() as (_, client):
        bodies = (
            order(client_order_id="a", qty="3"),
            order("BTC/USD", "0.1", client_order_id="b"),
            order(side="sell", qty="1", client_order_id="c"),
            order("MSFT", type="limit", limit_price="300", client_order_id="d"),
        )
        moves = ({"quantity": "5.5", "detail": "DIV AAPL"}, {"quantity": -7}, {"symbol": "MSFT", "quantity": 2})
        for path, rows in (("/v2/orders", bodies), ("/sim/positions", moves)):
            for body in rows:
                client.post(path, json=body).raise_for_status()
                client.post("/sim/clock", json={"advance": 1}).raise_for_status()
        yield client


def named(client: httpx.Client, **asked: Any) -> list[str]:
    answer = client.get("/v2/orders", params={"status": "all", "direction": "asc", **asked})
    assert answer.status_code == 200, answer.text
    return [row["client_order_id"] for row in answer.json()]


def test_orders_are_narrowed_down(client: httpx.Client) -> None:
    ids = {row["client_order_id"]: row["id"] for row in client.get("/v2/orders", params={"status": "all"}).json()}
    at = client.get(f"/v2/orders/{ids['b']}").json()["submitted_at"]
    assert named(client) == ["a", "b", "c", "d"]
    assert named(client, direction="desc") == ["d", "c", "b", "a"]
    assert (named(client, status="open"), named(client, status="closed")) == (["d"], ["a", "b", "c"])
    assert (named(client, after=at), named(client, until=at)) == (["c", "d"], ["a"])
    assert (named(client, after_order_id=ids["b"]), named(client, before_order_id=ids["b"])) == (["c", "d"], ["a"])
    assert (named(client, asset_class="crypto"), named(client, asset_class="us_equity")) == (["b"], ["a", "c", "d"])
    assert (named(client, asset_class="all"), named(client, side="sell")) == (["a", "b", "c", "d"], ["c"])
    assert (named(client, symbols="MSFT,BTC/USD"), named(client, symbols="BTCUSD")) == (["b", "d"], ["b"])
    assert named(client, limit=2) == ["a", "b"]


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        ({"status": "some"}, 422),
        ({"direction": "up"}, 422),
        ({"side": "both"}, 422),
        ({"after": "soon"}, 422),
        ({"limit": 501}, 422),
        ({"limit": "x"}, 422),
        ({"after_order_id": "none"}, 404),
    ],
)
def test_a_list_of_orders_that_cannot_be_is_refused(client: httpx.Client, asked: dict[str, Any], status: int) -> None:
    assert client.get("/v2/orders", params=asked).status_code == status


def test_activities_tell_what_other_hands_moved_too(client: httpx.Client) -> None:
    def kinds(**asked: str) -> list[str]:
        rows = client.get("/v2/account/activities", params={"direction": "asc", **asked}).json()
        return [row["activity_type"] for row in rows]

    assert kinds() == ["FILL", "FILL", "CFEE", "FILL", "DIV", "CSW", "JNLS"]
    assert kinds(category="trade_activity") == ["FILL"] * 3
    assert kinds(category="non_trade_activity") == ["CFEE", "DIV", "CSW", "JNLS"]
    assert kinds(activity_types="DIV,CSW") == ["DIV", "CSW"]
    (paid,) = client.get("/v2/account/activities/DIV").json()
    assert (paid["symbol"], paid["net_amount"], paid["description"]) == ("AAPL", "5.5", "DIV AAPL")
    (came,) = client.get("/v2/account/activities/JNLS").json()
    assert (came["symbol"], came["qty"], came["price"], came["net_amount"]) == ("MSFT", "2", "400", "0")
    first = client.get("/v2/account/activities", params={"page_size": 4}).json()
    rest = client.get("/v2/account/activities", params={"page_token": first[-1]["id"]}).json()
    assert [row["activity_type"] for row in first + rest] == kinds()[::-1]


def test_activities_of_no_kind_are_refused(client: httpx.Client) -> None:
    for asked in (
        {"activity_types": "GIFT"},
        {"category": "x"},
        {"category": "trade_activity", "activity_types": "DIV"},
    ):
        assert client.get("/v2/account/activities", params=asked).status_code == 422
    assert client.get("/v2/account/activities/GIFT").status_code == 422


def test_assets_are_narrowed_down(client: httpx.Client) -> None:
    def symbols(**asked: str) -> list[str]:
        return [row["symbol"] for row in client.get("/v2/assets", params=asked).json()]

    assert symbols(asset_class="crypto") == symbols(exchange="CRYPTO") == ["BTC/USD"]
    assert symbols(exchange="NASDAQ", asset_class="us_equity") == ["AAPL", "MSFT", "FAKEPACA"]
    assert symbols(attributes="overnight_tradable,ipo") == ["AAPL", "MSFT", "FAKEPACA"]
    assert symbols(attributes="ipo") == symbols(status="inactive") == symbols(asset_class="us_option") == []


def test_auctions_come_in_pages_and_none_is_lost(client: httpx.Client) -> None:
    asked = {"symbols": "AAPL,MSFT", "start": "2026-11-10", "limit": 7}
    found: dict[str, list[str]] = {}
    token: str | None = ""
    while token is not None:
        page = client.get("/v2/stocks/auctions", params=asked | ({"page_token": token} if token else {})).json()
        for symbol, rows in page["auctions"].items():
            found.setdefault(symbol, []).extend(row["d"] for row in rows)
        token = page["next_page_token"]
    whole = client.get("/v2/stocks/auctions", params=asked | {"limit": 10_000}).json()
    assert found == {symbol: [row["d"] for row in rows] for symbol, rows in whole["auctions"].items()}
    assert len(found["AAPL"]) == len(found["MSFT"]) > 7
    assert client.get("/v2/stocks/NOPE/auctions").status_code == 404
