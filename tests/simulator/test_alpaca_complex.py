"""Brackets, rivals and trailing stops at the simulated Alpaca: legs wait, one takes the place of the other."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from quorum.simulator import Address
from simulator.sim_markets import journaled, order, venue

PROFIT, LOSS = {"limit_price": "110"}, {"stop_price": "95"}
BRACKET = {"order_class": "bracket", "take_profit": PROFIT, "stop_loss": LOSS}


@pytest.fixture
def client() -> Iterator[httpx.Client]:
    with venue() as (_, client):
        yield client


def placed(client: httpx.Client, **terms: Any) -> dict[str, Any]:
    answer = client.post("/v2/orders", json=order(**terms))
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def moves(client: httpx.Client, *prices: float, **terms: Any) -> None:
    for price in prices:
        client.post("/sim/prices", json={"symbol": "AAPL", "last": price, **terms}).raise_for_status()


def states(client: httpx.Client, first: dict[str, Any]) -> list[str]:
    """The states of an order and of its legs."""
    found = client.get(f"/v2/orders/{first['id']}", params={"nested": "true"}).json()
    return [found["status"], *(leg["status"] for leg in found["legs"] or ())]


def held(client: httpx.Client) -> str:
    rows = client.get("/v2/positions").json()
    return rows[0]["qty"] if rows else "0"


def test_the_legs_of_a_bracket_wait_for_the_entry_and_one_ends_the_other(client: httpx.Client) -> None:
    entry = placed(client, type="limit", limit_price="99", **BRACKET)
    profit, loss = entry["legs"]
    assert (entry["order_class"], profit["order_class"], profit["side"]) == ("bracket", "bracket", "sell")
    assert (profit["limit_price"], loss["stop_price"], loss["type"]) == ("110", "95", "stop")
    assert states(client, entry) == ["new", "held", "held"]
    moves(client, 111)
    assert states(client, entry) == ["new", "held", "held"], "legs do not trade before the entry has"
    moves(client, 98)
    assert (states(client, entry), held(client)) == (["filled", "new", "held"], "10")
    moves(client, 110.01)
    assert (states(client, entry), held(client)) == (["filled", "filled", "canceled"], "0")
    assert client.get("/v2/orders").json() == []


def test_the_stop_of_a_bracket_ends_the_profit(client: httpx.Client) -> None:
    entry = placed(client, **BRACKET)
    moves(client, 94)
    assert (states(client, entry), held(client)) == (["filled", "canceled", "filled"], "0")


def test_who_cancels_one_leg_cancels_the_other_and_an_entry_takes_its_legs_along(client: httpx.Client) -> None:
    entry = placed(client, **BRACKET)
    assert client.delete(f"/v2/orders/{entry['legs'][0]['id']}").status_code == 204
    assert (states(client, entry), held(client)) == (["filled", "canceled", "canceled"], "10")
    other = placed(client, type="limit", limit_price="50", **BRACKET | {"stop_loss": {"stop_price": "40"}})
    (answer,) = client.delete("/v2/orders").json()
    assert (answer["id"], states(client, other)) == (other["id"], ["canceled"] * 3)


def test_a_part_of_one_rival_shrinks_the_other(client: httpx.Client) -> None:
    entry = placed(client, **BRACKET)
    moves(client, 110.01, bid_size=4)
    found = client.get(f"/v2/orders/{entry['id']}", params={"nested": "true"}).json()
    profit, loss = found["legs"]
    assert (profit["status"], profit["filled_qty"], loss["status"]) == ("partially_filled", "4", "held")
    moves(client, 94)
    assert (held(client), states(client, entry)) == ("0", ["filled", "canceled", "filled"])
    assert [(row["side"], row["quantity"]) for row in journaled(client, "traded")] == [
        ("buy", "10"),
        ("sell", "4"),
        ("sell", "6"),
    ]


def test_a_leg_is_replaced_in_its_place(client: httpx.Client) -> None:
    entry = placed(client, **BRACKET)
    profit = entry["legs"][0]
    answer = client.patch(f"/v2/orders/{profit['id']}", json={"limit_price": "105"})
    assert answer.status_code == 200, answer.text
    moves(client, 105.01)
    assert (states(client, entry), held(client)) == (["filled", "canceled", "filled"], "0")


def test_one_cancels_other_guards_what_is_held(client: httpx.Client) -> None:
    wish = {"side": "sell", "type": "limit", "order_class": "oco", "take_profit": PROFIT, "stop_loss": LOSS}
    answer = client.post("/v2/orders", json=order(**wish))
    assert (answer.status_code, answer.json()["message"]) == (422, "oco orders must be exit orders")
    placed(client)
    first = placed(client, **wish)
    assert (first["limit_price"], first["order_class"], states(client, first)) == ("110", "oco", ["new", "held"])
    stuck = client.post("/v2/orders", json=order(side="sell"))
    assert (stuck.status_code, stuck.json()["held_for_orders"]) == (403, "10"), "both together promise ten, not twenty"
    moves(client, 94)
    assert (states(client, first), held(client)) == (["canceled", "filled"], "0")


def test_one_triggers_other(client: httpx.Client) -> None:
    first = placed(client, order_class="oto", stop_loss={"stop_price": "95", "limit_price": "94"})
    assert [leg["type"] for leg in first["legs"]] == ["stop_limit"]
    assert states(client, first) == ["filled", "new"]
    nested = client.get("/v2/orders", params={"status": "all", "nested": "true"}).json()
    assert [row["id"] for row in nested] == [first["id"]]
    assert len(client.get("/v2/orders", params={"status": "all"}).json()) == 2


def test_a_short_bracket_is_the_mirror(client: httpx.Client) -> None:
    entry = placed(
        client, side="sell", order_class="bracket", take_profit={"limit_price": "90"}, stop_loss={"stop_price": "105"}
    )
    assert held(client) == "-10"
    moves(client, 106)
    assert (states(client, entry), held(client)) == (["filled", "canceled", "filled"], "0")


@pytest.mark.parametrize(
    ("terms", "message"),
    [
        (BRACKET | {"stop_loss": None}, "bracket orders require stop_loss.stop_price"),
        (BRACKET | {"stop_loss": {"limit_price": "90"}}, "stop_loss.stop_price is required"),
        (BRACKET | {"take_profit": {"limit_price": "94"}}, "take_profit.limit_price must be > stop_loss.stop_price"),
        (BRACKET | {"stop_loss": {"stop_price": "100"}}, "stop_loss.stop_price must be <= base_price - 0.01"),
        (BRACKET | {"stop_loss": {"stop_price": "nan"}}, "stop_price must be > 0"),
        (BRACKET | {"stop_loss": {"stop_price": "95.001"}}, "sub-penny"),
        (BRACKET | {"stop_loss": "95"}, "invalid stop_loss"),
        (BRACKET | {"time_in_force": "ioc"}, "bracket orders must have time_in_force day or gtc"),
        (BRACKET | {"qty": "1.5"}, "fractional orders must be simple orders"),
        (BRACKET | {"symbol": "BTC/USD", "time_in_force": "gtc"}, "crypto orders not allowed"),
        (BRACKET | {"order_class": "oto"}, "oto orders require either"),
        (BRACKET | {"order_class": "mleg"}, "invalid order_class 'mleg'"),
        ({"type": "trailing_stop", "trail_price": 1, "trail_percent": 1}, "one of trail_price and trail_percent"),
    ],
)
def test_what_does_not_belong_together_is_refused_whole(
    client: httpx.Client, terms: dict[str, Any], message: str
) -> None:
    answer = client.post("/v2/orders", json=order(**terms))
    assert answer.status_code == 422
    assert message in answer.json()["message"]
    assert client.get("/v2/orders", params={"status": "all"}).json() == []


@pytest.mark.parametrize(("trail", "stop"), [({"trail_price": "5"}, "115"), ({"trail_percent": "5"}, "114")])
def test_a_trailing_stop_follows_the_market_up_and_not_down(
    client: httpx.Client, trail: dict[str, str], stop: str
) -> None:
    placed(client)
    first = placed(client, side="sell", type="trailing_stop", **trail)
    moves(client, 110, 120, 117)
    found = client.get(f"/v2/orders/{first['id']}").json()
    assert (found["hwm"], found["stop_price"], found["status"]) == ("120", stop, "new")
    moves(client, float(stop))
    assert (states(client, first), held(client)) == (["filled"], "0")


def test_a_restart_knows_families_and_trails(tmp_path: Path) -> None:
    def run() -> Any:
        return venue(journal=tmp_path / "journal.jsonl")

    def orders(client: httpx.Client) -> Any:
        return client.get("/v2/orders", params={"status": "all", "nested": "true"}).json()

    with run() as (_, client):
        placed(client, **BRACKET)
        placed(client, symbol="MSFT")
        placed(client, symbol="MSFT", side="sell", type="trailing_stop", trail_percent="1")
        client.post("/sim/prices", json={"symbol": "MSFT", "last": 402})
        before = orders(client)
    address: Address
    with run() as (address, client):
        assert orders(client) == before
        moves(client, 94)
        assert [row["symbol"] for row in client.get("/v2/positions").json()] == ["MSFT"]
        assert address.venue == "alpaca"
