"""What the simulated Alpaca answers has the fields and the types of what was recorded of the real one."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from quorum.domain import HOUR, MINUTE, iso
from simulator.sim_markets import NOON, order, venue

pytestmark = pytest.mark.real_data
PLACEHOLDERS = {"last_close_pct_change", "last_price"}  # of an asset: the word "string" in the recording
ELSEWHERE = {"commission", "asset_marginable"}  # of brokers' customers only
NUMBER = (int, float)


@pytest.fixture(scope="module")
def client() -> Iterator[httpx.Client]:
    """A venue with history behind it: an open order, a closed one, a holding of each kind, and a minute of prices."""
    with venue(retired_fields=True) as (_, client):
        client.post("/v2/orders", json=order(client_order_id="mine"))
        client.post("/v2/orders", json=order("BTC/USD", "0.3"))
        client.post("/v2/orders", json=order("MSFT", "3", type="limit", limit_price="300"))
        client.post("/sim/clock", json={"advance": 61})
        client.post("/sim/prices", json=[{"symbol": "AAPL", "last": 101}, {"symbol": "BTC/USD", "last": 50100}])
        yield client


def differences(ours: Any, theirs: Any, path: str = "") -> list[str]:
    """Fields that the recording has and we have not, or with another type; rows of a list are like its first."""
    if isinstance(theirs, dict):
        if not isinstance(ours, dict):
            return [f"{path}: no object"]
        missing = [
            f"{path}.{key}: missing" for key in theirs if key not in ours and key not in PLACEHOLDERS | ELSEWHERE
        ]
        both = [key for key in theirs if key in ours]
        return missing + [d for key in both for d in differences(ours[key], theirs[key], f"{path}.{key}")]
    if isinstance(theirs, list):
        if not isinstance(ours, list):
            return [f"{path}: no list"]
        return differences(ours[0], theirs[0], f"{path}[0]") if ours and theirs else []
    if ours is None or theirs is None or isinstance(ours, type(theirs)):
        return []
    loose = isinstance(theirs, NUMBER) and not isinstance(theirs, bool)
    return [] if loose and isinstance(ours, (*NUMBER, str)) else [f"{path}: {ours!r}, recorded {theirs!r}"]


def by_symbol(body: Any) -> Any:
    """Maps of symbols with the symbols of the recording and ours alike: the first of each kind."""
    return {key: next(iter(value.values()), {}) if isinstance(value, dict) else value for key, value in body.items()}


def recorded(shared: Path, name: str) -> Any:
    return json.loads((shared / "data" / "streams" / "alpaca" / f"{name}_0.json").read_text())["response"]


ASKED: dict[str, tuple[str, str, dict[str, Any]]] = {
    "test_get_account": ("GET", "/v2/account", {}),
    "test_get_account_configurations": ("GET", "/v2/account/configurations", {}),
    "test_get_all_assets": ("GET", "/v2/assets", {"status": "active"}),
    "test_get_asset": ("GET", "/v2/assets/AAPL", {}),
    "test_get_all_positions": ("GET", "/v2/positions", {}),
    "test_get_open_position_with_symbol": ("GET", "/v2/positions/AAPL", {}),
    "test_get_orders": ("GET", "/v2/orders", {"status": "all"}),
    "test_get_order_by_client_id": ("GET", "/v2/orders:by_client_order_id", {"client_order_id": "mine"}),
}


@pytest.mark.parametrize("name", ASKED)
def test_trading_answers_have_the_recorded_shape(shared: Path, client: httpx.Client, name: str) -> None:
    method, path, query = ASKED[name]
    answer = client.request(method, path, params=query)
    assert answer.status_code == 200
    assert differences(answer.json(), recorded(shared, name)) == []


SPAN = {"start": iso(NOON - HOUR), "end": iso(NOON + 2 * MINUTE), "limit": 5}
SHARES, PAIRS = {"symbols": "AAPL"}, {"symbols": "BTC/USD"}
DATA: dict[str, tuple[str, dict[str, Any]]] = {
    "test_get_bars": ("/v2/stocks/bars", SHARES | SPAN | {"timeframe": "1Min"}),
    "test_get_trades": ("/v2/stocks/trades", SHARES | SPAN),
    "test_get_quotes": ("/v2/stocks/quotes", SHARES | SPAN),
    "test_stock_latest_bar": ("/v2/stocks/bars/latest", SHARES),
    "test_get_latest_trade": ("/v2/stocks/trades/latest", SHARES),
    "test_get_latest_quote": ("/v2/stocks/quotes/latest", SHARES),
    "test_get_snapshot": ("/v2/stocks/snapshots", SHARES),
    "test_get_crypto_bars": ("/v1beta3/crypto/us/bars", PAIRS | SPAN | {"timeframe": "1Hour"}),
    "test_get_crypto_trades": ("/v1beta3/crypto/us/trades", PAIRS | SPAN),
    "test_get_crypto_quotes": ("/v1beta3/crypto/us/quotes", PAIRS | SPAN),
    "test_get_crypto_latest_trade": ("/v1beta3/crypto/us/latest/trades", PAIRS),
    "test_get_crypto_latest_quote": ("/v1beta3/crypto/us/latest/quotes", PAIRS),
    "test_crypto_get_snapshot": ("/v1beta3/crypto/us/snapshots", PAIRS),
}


@pytest.mark.parametrize("name", DATA)
def test_market_data_has_the_recorded_shape(shared: Path, client: httpx.Client, name: str) -> None:
    path, query = DATA[name]
    ours, theirs = client.get(path, params=query).json(), recorded(shared, name)
    assert differences(by_symbol(ours), by_symbol(theirs)) == []
    assert by_symbol(ours) != {}


@pytest.mark.parametrize("name", ["test_get_bars_multi_empty_response", "test_get_latest_quote_multi_empty_response"])
def test_an_unknown_symbol_is_an_empty_answer(shared: Path, client: httpx.Client, name: str) -> None:
    path = "/v2/stocks/bars" if "bars" in name else "/v2/stocks/quotes/latest"
    assert client.get(path, params={"symbols": "NOPE"}).json() == recorded(shared, name)


def test_orders_and_their_ends_have_the_recorded_shape(shared: Path) -> None:
    with venue() as (_, client):
        placed = client.post("/v2/orders", json=order(type="limit", limit_price="90")).json()
        assert differences(placed, recorded(shared, "test_limit_order")) == []
        replaced = client.patch(f"/v2/orders/{placed['id']}", json={"limit_price": "91"}).json()
        assert differences(replaced, recorded(shared, "test_replace_order")) == []
        assert differences(client.delete("/v2/orders").json(), recorded(shared, "test_cancel_orders")) == []
        market = client.post("/v2/orders", json=order()).json()
        assert differences(market, recorded(shared, "test_market_order")) == []
        client.post("/v2/orders", json=order("BTC/USD", "0.3"))
        theirs = recorded(shared, "test_close_all_positions")
        client.post("/v2/orders", json=order(side="sell", type="limit", limit_price="150"))
        stuck, closed = client.delete("/v2/positions").json()
        assert differences(closed, theirs[0]) == []
        assert differences(stuck, theirs[1]) == []
        client.delete("/v2/orders")
        one = client.delete("/v2/positions/AAPL").json()
        assert differences(one, recorded(shared, "test_close_position_with_symbol")) == []
