"""The doors under /sim: what really happened, and steering it while it runs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from simulator.sim_markets import journaled, order, venue


@pytest.fixture
def client() -> Iterator[httpx.Client]:
    with venue() as (_, client):
        yield client


def test_the_journal_is_read_by_number_and_kind(client: httpx.Client) -> None:
    client.post("/v2/orders", json=order())
    lines = client.get("/sim/journal").json()
    assert [line["n"] for line in lines] == list(range(1, len(lines) + 1))
    assert [line["kind"] for line in lines][-2:] == ["accepted", "traded"]
    assert client.get("/sim/journal", params={"after": len(lines) - 1}).json() == lines[-1:]
    assert [line["kind"] for line in journaled(client, "traded", "opened")] == ["opened", "traded"]
    assert client.get("/sim/journal", params={"after": "x"}).status_code == 422


def test_faults_are_planted_listed_and_taken_away(client: httpx.Client) -> None:
    rows = [{"fault": "error", "on": "GET /v2/clock", "name": "mine"}, {"fault": "delay", "on": "GET /x"}]
    assert client.post("/sim/faults", json=rows).json() == ["mine", "delay-2"]
    assert client.get("/v2/clock").status_code == 503
    assert [(f["name"], f["seen"], f["fired"]) for f in client.get("/sim/faults").json()] == [
        ("mine", 1, 1),
        ("delay-2", 0, 0),
    ]
    assert client.delete("/sim/faults", params={"name": "mine"}).json() == {"cleared": 1}
    assert client.delete("/sim/faults").json() == {"cleared": 1}
    wrong = client.post("/sim/faults", json={"fault": "explode"})
    assert (wrong.status_code, "'explode'" in wrong.json()["error"]) == (422, True)


def test_somebody_trades_by_hand(client: httpx.Client) -> None:
    placed = client.post("/sim/orders", json={"symbol": "AAPL", "quantity": 3, "type": "limit", "limit": 90}).json()
    assert (placed["state"], placed["ticket"]["origin"]) == ("new", "manual")
    assert client.delete(f"/sim/orders/{placed['order_id']}").json()["state"] == "canceled"
    assert client.delete(f"/sim/orders/{placed['order_id']}").status_code == 422
    assert client.post("/sim/positions", json={"symbol": "MSFT", "quantity": 5}).json() == {"held": "5"}
    assert client.post("/sim/positions", json={"quantity": -100}).json() == {"held": {"USD": "99900"}}
    assert client.get("/v2/positions/MSFT").json()["qty"] == "5"


def test_halts_and_fills_are_switched(client: httpx.Client) -> None:
    assert client.post("/sim/halts", json={"symbol": "AAPL"}).json() == ["AAPL"]
    assert client.post("/sim/fills", json={"symbol": "AAPL"}).json() == ["AAPL"]
    client.post("/v2/orders", json=order())
    assert client.post("/sim/halts", json={"symbol": "AAPL", "halted": False}).json() == []
    assert client.get("/sim/state").json()["fills"] == 0
    assert client.post("/sim/fills", json={"symbol": "AAPL", "withheld": False}).json() == []
    state = client.get("/sim/state").json()
    assert (state["fills"], state["positions"], state["open_orders"]) == (1, {"AAPL": "10"}, [])


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("prices", {"symbol": "NOPE", "last": 1}),
        ("prices", {"symbol": "AAPL"}),
        ("prices", {"symbol": "AAPL", "last": "NaN"}),
        ("prices", {"symbol": "AAPL", "last": 100, "bid": 101, "ask": 99}),
        ("prices", [1]),
        ("clock", {"advance": "soon"}),
        ("orders", {"symbol": "AAPL", "quantity": "x"}),
        ("orders", {"symbol": "AAPL", "quantity": 1, "side": "up"}),
        ("positions", {"symbol": "AAPL", "quantity": 0}),
        ("halts", {}),
    ],
)
def test_what_cannot_be_is_refused_in_words(client: httpx.Client, path: str, body: Any) -> None:
    answer = client.post(f"/sim/{path}", json=body)
    assert answer.status_code == 422
    assert answer.json()["error"]
    assert answer.json()["remedy"]
