"""Whatever a client says: each protocol answers it, and none breaks."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from quorum.simulator.binance.client import _wrong
from quorum.simulator.kraken.first import First
from quorum.simulator.kraken.second import Second
from simulator.sim_markets import order, venue

LEAVES = st.none() | st.booleans() | st.integers(-3, 2000) | st.floats() | st.text(max_size=4)
ODD = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=2), inner, max_size=2)
)
CHANNELS = st.sampled_from(["book", "ohlc", "ticker", "trade", "instrument", "spread"]) | ODD
SYMBOLS = st.lists(st.just("BTC/USD") | ODD, max_size=2) | ODD


def maybe(**fields: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.fixed_dictionaries({}, optional=fields) | ODD


SECOND = maybe(
    method=st.sampled_from(["subscribe", "unsubscribe", "ping"]) | ODD,
    req_id=ODD,
    params=maybe(channel=CHANNELS, symbol=SYMBOLS, depth=ODD, interval=ODD, event_trigger=ODD, snapshot=ODD),
)
FIRST = maybe(
    event=st.sampled_from(["subscribe", "unsubscribe", "ping"]) | ODD,
    pair=SYMBOLS,
    subscription=maybe(name=CHANNELS, depth=ODD, interval=ODD),
)
BINANCE = maybe(method=st.sampled_from(["SUBSCRIBE", "SET_PROPERTY"]) | ODD, params=ODD, id=ODD)


@given(FIRST, SECOND)
def test_both_protocols_of_kraken_understand_or_refuse(first: Any, second: Any) -> None:
    for dialect, said in ((First(), first), (Second(), second)):
        wish = dialect.read(json.dumps(said))
        assert wish.word or wish.wrong
        for topic in wish.topics or (None,):
            json.dumps(dialect.answer(wish, topic, wish.wrong, 0))


@given(BINANCE)
def test_binance_understands_or_refuses(said: Any) -> None:
    wrong = _wrong(said)
    assert wrong is None or isinstance(wrong, str)


FIELDS = """symbol qty notional side type time_in_force limit_price stop_price order_class take_profit stop_loss
    trail_price trail_percent client_order_id extended_hours"""


@pytest.fixture(scope="module")
def client() -> Any:
    with venue() as (_, client):
        yield client


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=100, deadline=None)
@given(st.dictionaries(st.sampled_from(FIELDS.split()), ODD, max_size=3))
def test_an_order_with_odd_fields_is_taken_or_refused(client: httpx.Client, odd: dict[str, Any]) -> None:
    answer = client.post("/v2/orders", content=json.dumps(order(qty="0.001") | odd))
    assert answer.status_code in (200, 400, 403, 422), (answer.status_code, odd)
    if answer.status_code != 200:
        assert set(answer.json()) >= {"code", "message"}
