"""Fills as round trips and objects: averages, shared fees, flips, ends."""

from __future__ import annotations

import numpy as np
import pytest

from engine.scripts import FLAT, FREE, START, flat_bars, trade, want
from quorum.domain import HOUR
from quorum.engine import Filled, RoundTrip
from quorum.engine.records import trades_of

TIME = START + np.arange(10) * HOUR


def fill(row: int, quantity: float, price: float, fee: float = 0.0, symbol: int = 0) -> list[float]:
    return [row, row - 1, symbol, quantity, price, fee, 0]


def paired(*rows: list[float], symbols: tuple[str, ...] = ("A",), mark: float = 20.0) -> list[RoundTrip]:
    return list(trades_of(np.array(rows).reshape(-1, 7), TIME, symbols, np.full(len(symbols), mark)))


def test_no_fills_are_no_trades() -> None:
    assert paired() == []


def test_entries_and_exits_are_averaged() -> None:
    (trip,) = paired(fill(1, 1, 10, 0.1), fill(2, 3, 14, 0.2), fill(3, -2, 15, 0.3), fill(5, -2, 17, 0.4))
    assert trip == RoundTrip(
        "A", TIME[1], TIME[5], 1, 4.0, 13.0, 16.0, pytest.approx(1.0), pytest.approx(11.0), "target"
    )


def test_a_fill_through_zero_ends_one_trade_and_begins_the_next_and_shares_its_fee() -> None:
    one, other = paired(fill(1, 2, 10, 1.0), fill(3, -6, 13, 3.0))
    assert (one.exit_time, one.quantity, one.exit_price, one.fees) == (TIME[3], 2.0, 13.0, 2.0)
    assert (other.entry_time, other.side, other.quantity, other.fees) == (TIME[3], -1, 4.0, 2.0)
    assert (other.reason, other.exit_price, other.profit) == ("open", 20.0, -30.0)


def test_what_is_left_by_rounding_is_flat() -> None:
    trips = paired(fill(1, 0.1, 10), fill(2, 0.2, 10), fill(3, -(0.1 + 0.2), 11), fill(4, 5, 10), fill(5, -5, 12))
    assert [(t.entry_time, t.exit_time, t.reason) for t in trips] == [
        (TIME[1], TIME[3], "target"),
        (TIME[4], TIME[5], "target"),
    ]


def test_an_open_trade_ends_at_the_mark_of_the_last_bar() -> None:
    (trip,) = paired(fill(1, -2, 30))
    assert (trip.exit_time, trip.exit_price, trip.profit, trip.reason) == (TIME[-1], 20.0, 20.0, "open")


def test_fills_and_trades_are_columns_and_objects() -> None:
    result = trade(flat_bars([10.0, 10.0, 12.0, 12.0]), [want(1), FLAT], FREE)
    assert len(result.fills) == 2
    assert result.fills[0] == Filled(START + HOUR, START, "TEST", 1.0, 10.0, 0.0, "target")
    assert [f.quantity for f in result.fills] == result.fills.quantity.tolist() == [1.0, -1.0]
    assert list(result.trades) == [result.trades[0]]
    assert result.trades[0].profit == 2.0
    assert result.trades.closed.tolist() == [True]
    assert result.orders is result.fills
