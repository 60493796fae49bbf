"""What the simulated Alpaca keeps of an account: its worth through time, its settings, its watchlists."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from quorum.domain import SECOND
from simulator.sim_markets import NOON, order, venue

HISTORY = "/v2/account/portfolio/history"


@pytest.fixture
def client() -> Iterator[httpx.Client]:
    with venue() as (_, client):
        yield client


def history(client: httpx.Client, **query: str) -> dict[str, Any]:
    answer = client.get(HISTORY, params=query)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def later(client: httpx.Client, seconds: float, price: float) -> None:
    client.post("/sim/clock", json={"advance": seconds})
    client.post("/sim/prices", json={"symbol": "AAPL", "last": price}).raise_for_status()


def test_the_portfolio_is_worth_what_the_journal_says(client: httpx.Client) -> None:
    client.post("/v2/orders", json=order(qty="100"))
    later(client, 300, 110)
    later(client, 300, 90)
    found = history(client, timeframe="5Min", period="1D")
    assert found["timestamp"][-3:] == [NOON // SECOND + 300 * n for n in range(3)]
    assert found["equity"][-3:] == [99_999.0, 100_999.0, 98_999.0]
    assert found["equity"][0] == 0, "there was no account yet"
    assert found["profit_loss"][-1] == -1_000
    assert found["profit_loss_pct"][-1] == pytest.approx(-1_000 / 99_999)
    assert (found["base_value"], found["timeframe"]) == (99_999.0, "5Min")
    assert found["equity"][-1] == float(client.get("/v2/account").json()["equity"])


def test_a_day_later_the_account_knows_its_last_equity(client: httpx.Client) -> None:
    client.post("/v2/orders", json=order(qty="100"))
    assert client.get("/v2/account").json()["last_equity"] == "100000"
    later(client, 60, 110)
    later(client, 86_400, 120)
    account = client.get("/v2/account").json()
    assert (account["last_equity"], account["equity"]) == ("100999", "101999")
    days = history(client, timeframe="1D", period="1W")
    assert days["equity"][-2:] == [100_999.0, 101_999.0]
    assert len(days["equity"]) == 7
    minutes = history(client, timeframe="15Min", period="2D")
    assert minutes["profit_loss"][-1] == 1_000, "profit begins anew each day"
    whole = history(client, timeframe="15Min", period="2D", pnl_reset="no_reset")
    assert (whole["base_value"], whole["profit_loss"][-1]) == (100_999.0, 1_000)
    client.post("/v2/orders", json=order(qty="100", side="sell"))
    later(client, 86_400, 90)
    whole, daily = (history(client, timeframe="1H", period="3D", pnl_reset=each) for each in ("no_reset", "per_day"))
    assert (whole["profit_loss"][-1], daily["profit_loss"][-1]) == (whole["equity"][-1] - whole["base_value"], 0)


@pytest.mark.parametrize(
    "query",
    [
        {"period": "soon"},
        {"timeframe": "2Min"},
        {"period": "3M", "timeframe": "1Min"},
        {"start": "2026-11-20", "end": "2026-11-19"},
        {"intraday_reporting": "never"},
        {"pnl_reset": "often"},
        {"start": "2026-11-01", "end": "2026-11-19", "period": "1D"},
    ],
)
def test_a_span_that_is_none_is_refused(client: httpx.Client, query: dict[str, str]) -> None:
    answer = client.get(HISTORY, params=query)
    assert answer.status_code == 422
    assert answer.json()["code"] in (40010001, 42210000)


def test_settings_are_heeded_and_outlive_a_restart(tmp_path: Path) -> None:
    path = "/v2/account/configurations"
    with venue(journal=tmp_path / "journal.jsonl") as (_, client):
        assert client.patch(path, json={"no_shorting": True}).json()["no_shorting"] is True
        assert client.post("/v2/orders", json=order(side="sell")).status_code == 403
        assert client.patch(path, json={"max_margin_multiplier": "1"}).status_code == 200
        assert client.get("/v2/account").json()["buying_power"] == "100000"
        assert client.patch(path, json={"fractional_trading": False}).status_code == 200
        assert client.post("/v2/orders", json=order(qty="0.5")).status_code == 403
    with venue(journal=tmp_path / "journal.jsonl") as (_, client):
        assert client.get(path).json()["no_shorting"] is True
        assert client.get("/v2/account").json()["shorting_enabled"] is False
        assert client.patch(path, json={"suspend_trade": True}).status_code == 200
        refused = client.post("/v2/orders", json=order())
        assert (refused.status_code, refused.json()["code"]) == (403, 40310000)
        assert client.get("/v2/account").json()["trade_suspended_by_user"] is True
        for wrong in ({"suspend_trade": "yes"}, {"max_margin_multiplier": "3"}, {"trade_confirm_email": 1}):
            assert client.patch(path, json=wrong).status_code == 422


def test_watchlists_are_kept_by_id_and_by_name(tmp_path: Path) -> None:
    lists, named = "/v2/watchlists", "/v2/watchlists:by_name"
    with venue(journal=tmp_path / "journal.jsonl") as (_, client):
        made = client.post(lists, json={"name": "mine", "symbols": ["AAPL"]}).json()
        one = f"{lists}/{made['id']}"
        assert [asset["symbol"] for asset in made["assets"]] == ["AAPL"]
        assert client.post(lists, json={"name": "mine"}).status_code == 422
        assert client.post(lists, json={"name": ""}).status_code == 422
        assert client.post(one, json={"symbol": "NOPE"}).status_code == 422
        more = client.post(one, json={"symbol": "BTCUSD"}).json()
        assert [asset["symbol"] for asset in more["assets"]] == ["AAPL", "BTC/USD"]
        assert "assets" not in client.get(lists).json()[0]
    with venue(journal=tmp_path / "journal.jsonl") as (_, client):
        assert client.get(named, params={"name": "mine"}).json() == more
        fewer = client.delete(f"{one}/AAPL").json()
        assert [asset["symbol"] for asset in fewer["assets"]] == ["BTC/USD"]
        assert client.delete(f"{one}/AAPL").status_code == 404
        changed = client.put(one, json={"name": "yours", "symbols": ["MSFT"]}).json()
        assert (changed["name"], [asset["symbol"] for asset in changed["assets"]]) == ("yours", ["MSFT"])
        assert client.delete(named, params={"name": "yours"}).status_code == 204
        assert client.get(one).status_code == 404
        assert client.get(lists).json() == []


def test_nothing_is_announced(client: httpx.Client) -> None:
    path, span = "/v2/corporate_actions/announcements", {"since": "2026-10-01", "until": "2026-11-01"}
    assert client.get(path, params={"ca_types": "dividend,split", **span}).json() == []
    assert client.get(f"{path}/x").status_code == 404
    for wrong in (
        {"ca_types": "gift", **span},
        {"ca_types": "split"},
        {**span, "ca_types": "split", "since": "2020-01-01"},
    ):
        assert client.get(path, params=wrong).status_code == 422


@pytest.mark.parametrize("path", ["/v2/options/contracts", "/v2/nothing", "/v1beta1/options/bars"])
def test_what_is_not_simulated_is_said_in_the_venues_shape(client: httpx.Client, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 404
    assert answer.json() == {"code": 40410000, "message": "endpoint not found"}
