"""Recorded answers of Alpaca are read as they are."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from quorum.adapters.alpaca.trading.refusals import refused
from quorum.adapters.alpaca.trading.words import Unreadable, exact, named, placed
from quorum.adapters.rest import Answer
from quorum.domain import OrderStatus, Side

ORDERS = ("market_order", "limit_order", "get_order_by_client_id", "get_order_by_id", "order_position_intent")


def answer(shared: Path, name: str) -> Any:
    path = shared / "data" / "streams" / "alpaca" / f"test_{name}_0.json"
    return json.loads(path.read_text(encoding="utf-8"))["response"]


@pytest.mark.real_data
@pytest.mark.parametrize("name", ORDERS)
def test_an_order_is_read_from_text_and_from_numbers(shared: Path, name: str) -> None:
    found = placed(answer(shared, name))
    assert found.quantity > 0
    assert (found.filled, found.side, found.status) == (Decimal(0), Side.BUY, OrderStatus.ACCEPTED)


@pytest.mark.real_data
def test_a_list_of_orders_and_what_closing_all_answers(shared: Path) -> None:
    (listed,) = map(placed, answer(shared, "get_orders"))
    assert (listed.symbol, listed.quantity) == ("SPY", Decimal(1))
    done, held, short = answer(shared, "close_all_positions")
    assert placed(done["body"]).symbol == "BTC/USD"
    errors = [str(refused(Answer("alpaca", row["status"], {}, row["body"]))) for row in (held, short)]
    assert "available 0, existing_qty 1000, held_for_orders 1000" in errors[0]
    assert "cancel the orders that hold it" in errors[0]
    assert "let the strategy hold long only" in errors[1]


@pytest.mark.real_data
def test_the_account_and_its_positions(shared: Path) -> None:
    assert exact(answer(shared, "get_account"), "cash") == Decimal("-23140.2")
    (row,) = answer(shared, "get_all_positions")
    assert (named(row["symbol"], row["asset_class"]), exact(row, "qty")) == ("AAPL", Decimal(5))


@pytest.mark.parametrize("form", [None, [], {}, {"id": "1"}, "order", 3])
def test_what_is_no_order_tells_nothing(form: Any) -> None:
    with pytest.raises(Unreadable):
        placed(form)


@pytest.mark.parametrize("value", ["NaN", "Infinity", "ten", True, [], {}])
def test_what_is_no_number_tells_nothing(value: Any) -> None:
    with pytest.raises(Unreadable, match="qty"):
        exact({"qty": value}, "qty")
