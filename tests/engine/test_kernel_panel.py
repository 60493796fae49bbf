"""Many symbols and one purse: missing bars, late listings, what stays as it is, worked by hand."""

from __future__ import annotations

from dataclasses import replace

import pytest

from engine.scripts import FLAT, NAN, filled, flat_bars, panel_of, rebalance, trade, trips, want
from quorum.domain import DAY
from quorum.engine import Backtest, Terms

WEIGHT = Terms(fee_bps=0, sizing="weight", starting_equity=1_000)


def by_symbol(result: Backtest) -> list[tuple[int, str, float, float]]:
    return [(row[0], f.symbol, f.quantity, f.price) for row, f in zip(filled(result), result.fills, strict=True)]


def test_all_symbols_are_sized_by_the_one_equity_before_their_fills() -> None:
    panel = panel_of({"A": [10.0, 10.0, 20.0, 20.0], "B": [5.0, 5.0, 5.0, 5.0]})
    result = rebalance(panel, {0: [0.5, 0.5], 1: [0.5, 0.5]}, WEIGHT)
    assert by_symbol(result) == [(1, "A", 50.0, 10.0), (1, "B", 100.0, 5.0), (2, "A", -12.5, 20.0), (2, "B", 50.0, 5.0)]
    assert result.equity.tolist() == [1_000.0, 1_000.0, 1_500.0, 1_500.0]
    assert result.position[-1].tolist() == [37.5, 150.0]
    net, gross = result.exposure
    assert (net[-1], gross[-1]) == (1.0, 1.0)


def test_long_and_short_are_net_and_gross_exposure() -> None:
    panel = panel_of({"A": [10.0] * 3, "B": [5.0] * 3})
    result = rebalance(panel, {0: [0.5, -0.25]}, WEIGHT)
    net, gross = result.exposure
    assert net.tolist() == [0.0, 0.25, 0.25]
    assert gross.tolist() == [0.0, 0.75, 0.75]


def test_an_order_waits_for_its_symbols_next_bar_and_is_sized_there() -> None:
    panel = panel_of({"A": [10.0, 10.0, 10.0, 10.0], "B": [5.0, NAN, 4.0, 4.0]})
    result = rebalance(panel, {0: [0.5, 0.5]}, WEIGHT)
    assert by_symbol(result) == [(1, "A", 50.0, 10.0), (2, "B", 125.0, 4.0)]
    assert result.fills.decided.tolist() == [result.time[0]] * 2


def test_a_presized_order_is_sized_at_the_newest_close_and_waits_for_a_bar() -> None:
    panel = panel_of({"A": [10.0, 10.0, 10.0, 10.0], "B": [5.0, NAN, 4.0, 4.0]})
    result = rebalance(panel, {1: [0.0, 0.5]}, replace(WEIGHT, fill="next_open_presized"))
    assert by_symbol(result) == [(2, "B", 100.0, 4.0)]


@pytest.mark.parametrize(("fill", "bought"), [("next_open", (3, 125.0)), ("next_open_presized", (4, 100.0))])
def test_a_symbol_that_is_not_listed_yet_waits_for_its_first_price(fill: str, bought: tuple[int, float]) -> None:
    listed = [NAN, NAN, NAN, 4.0, 5.0]
    prices = listed if fill == "next_open" else [NAN, NAN, NAN, 5.0, 4.0]
    result = rebalance(panel_of({"A": [10.0] * 5, "B": prices}), {0: [0.0, 0.5]}, replace(WEIGHT, fill=fill))
    assert [row[:3:2] for row in by_symbol(result)] == [bought]


def test_a_symbol_that_never_comes_is_an_order_that_never_fills() -> None:
    panel = panel_of({"A": [10.0] * 3, "B": [1.0, NAN, NAN]})
    result = rebalance(panel, {0: [0.5, 0.5]}, WEIGHT)
    assert (len(result.rows), result.unfilled) == (1, 1)


def test_a_delisted_symbol_is_worth_its_last_close() -> None:
    panel = panel_of({"A": [10.0] * 4, "B": [5.0, 5.0, 8.0, NAN]})
    result = rebalance(panel, {0: [0.0, 1.0]}, WEIGHT)
    assert result.equity.tolist() == [1_000.0, 1_000.0, 1_600.0, 1_600.0]
    assert trips(result)[0][3:] == (200.0, 5.0, 8.0, 600.0, "open")
    assert result.exposure[0][-1] == 1.0


def test_equity_at_a_fill_counts_a_symbol_without_the_bar_at_its_last_close() -> None:
    panel = panel_of({"A": [10.0] * 4, "B": [5.0, 5.0, 10.0, NAN]})
    result = rebalance(panel, {0: [0.0, 1.0], 2: [0.5, NAN]}, WEIGHT)
    assert by_symbol(result)[1] == (3, "A", 100.0, 10.0)


def test_a_target_that_is_nan_leaves_the_symbol_and_its_order_as_they_are() -> None:
    panel = panel_of({"A": [10.0] * 5, "B": [5.0, NAN, NAN, 5.0, 5.0]})
    result = rebalance(panel, {0: [0.5, 0.5], 1: [0.2, NAN]}, WEIGHT)
    assert by_symbol(result) == [(1, "A", 50.0, 10.0), (2, "A", -30.0, 10.0), (3, "B", 100.0, 5.0)]
    assert (result.unfilled, result.fills.decided[2]) == (0, result.time[0])


def test_an_order_that_waits_is_replaced_by_the_next_target_of_its_symbol() -> None:
    panel = panel_of({"A": [10.0] * 5, "B": [5.0, NAN, NAN, 5.0, 5.0]})
    result = rebalance(panel, {0: [0.5, 0.5], 1: [0.5, 0.1]}, WEIGHT)
    assert by_symbol(result) == [(1, "A", 50.0, 10.0), (3, "B", 20.0, 5.0)]
    assert result.unfilled == 1


def test_a_target_that_rounding_alone_tells_from_the_holding_is_no_order() -> None:
    panel = panel_of({"A": [10.1, 10.1, 10.3, 10.7, 11.3, 11.9]})
    terms = replace(WEIGHT, minimum_fee=1.0, fill="next_open")
    free = rebalance(panel, {i: [1.0] for i in range(5)}, WEIGHT)
    assert len(free.rows) == 1
    assert len(rebalance(panel, {0: [0.0], 1: [0.0]}, terms).rows) == 0


def test_trades_of_symbols_are_apart_and_ordered_by_their_end() -> None:
    panel = panel_of({"A": [10.0] * 6, "B": [5.0] * 6})
    result = rebalance(panel, {0: [1.0, 1.0], 2: [1.0, 0.0], 3: [-1.0, 0.0]})
    t = result.trades
    assert list(zip(t.symbol.tolist(), t.side.tolist(), t.reason.tolist(), strict=True)) == [
        ("B", 1, "target"),
        ("A", 1, "target"),
        ("A", -1, "open"),
    ]
    assert ((t.exit_time - t.entry_time) // DAY).tolist() == [2, 3, 1]


@pytest.mark.parametrize("fill", ["next_open", "next_close", "same_close", "next_open_presized"])
def test_a_panel_of_one_symbol_is_its_bars(fill: str) -> None:
    prices = [10.0, 12.0, 11.0, 15.0, 14.0, 9.0]
    terms = replace(WEIGHT, fill=fill, fee_bps=10, slippage_bps=5)
    alone = trade(flat_bars(prices), [want(1), want(1), want(-0.5), FLAT], terms)
    panel = rebalance(panel_of({"A": prices}), {0: [1.0], 2: [-0.5], 3: [0.0]}, terms)
    assert panel.equity.tobytes() == alone.equity.tobytes()
    assert panel.rows.tobytes() == alone.rows.tobytes()
