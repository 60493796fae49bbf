"""Exits inside the bar and the order of things in it, worked by hand."""

from __future__ import annotations

import pytest

from engine.scripts import FLAT, bars_of, closes_of, filled, trade, trips, want
from quorum.engine import Terms

QUIET = (100.0, 101.0, 99.0, 100.0)


def test_a_gap_through_the_stop_leaves_at_the_open() -> None:
    bars = bars_of([QUIET, QUIET, (90.0, 92.0, 88.0, 91.0), QUIET])
    result = trade(bars, [want(1, stop=95)])
    assert trips(result) == [(1, 2, 1, 1.0, 100.0, 90.0, -10.0, "stop")]
    assert result.equity.tolist() == [1000.0, 1000.0, 990.0, 990.0]
    short = trade(bars_of([QUIET, QUIET, (110.0, 111.0, 108.0, 109.0)]), [want(-1, stop=105)])
    assert trips(short) == [(1, 2, -1, 1.0, 100.0, 110.0, -10.0, "stop")]


def test_a_stop_and_a_limit_inside_the_bar_fill_at_their_levels() -> None:
    bars = bars_of([QUIET, QUIET, (100.0, 107.0, 93.0, 100.0)])
    assert trips(trade(bars, [want(1, stop=94)]))[0][5:] == (94.0, -6.0, "stop")
    assert trips(trade(bars, [want(1, target=106)]))[0][5:] == (106.0, 6.0, "limit")
    assert trips(trade(bars, [want(-1, stop=106)]))[0][5:] == (106.0, -6.0, "stop")
    assert trips(trade(bars, [want(-1, target=94)]))[0][5:] == (94.0, 6.0, "limit")


def test_a_gap_through_the_limit_leaves_at_the_better_open() -> None:
    bars = bars_of([QUIET, QUIET, (110.0, 111.0, 109.0, 110.0)])
    assert trips(trade(bars, [want(1, target=105)])) == [(1, 2, 1, 1.0, 100.0, 110.0, 10.0, "limit")]


def test_a_bar_that_reaches_both_levels_leaves_at_the_stop() -> None:
    bars = bars_of([QUIET, QUIET, (100.0, 120.0, 80.0, 118.0)])
    assert trips(trade(bars, [want(1, stop=90, target=110)]))[0][5:] == (90.0, -10.0, "stop")
    assert trips(trade(bars, [want(-1, stop=110, target=90)]))[0][5:] == (110.0, -10.0, "stop")


def test_a_level_is_reached_by_touching_it() -> None:
    bars = bars_of([QUIET, QUIET])
    assert trips(trade(bars, [want(1, stop=99)])) == [(1, 1, 1, 1.0, 100.0, 99.0, -1.0, "stop")]
    assert trips(trade(bars, [want(1, target=101)])) == [(1, 1, 1, 1.0, 100.0, 101.0, 1.0, "limit")]
    assert trips(trade(bars, [want(1, stop=98.99, target=101.01)]))[0][7] == "open"


def test_after_a_stop_out_the_target_counts_as_0_until_it_changes() -> None:
    bars = bars_of([QUIET, (100.0, 100.0, 90.0, 95.0), QUIET, QUIET, QUIET, QUIET, QUIET])
    held = [want(1, stop=95), want(1), want(1), want(0.5), want(0.5), FLAT]
    found = trips(trade(bars, held))
    assert [(t[0], t[1], t[3], t[7]) for t in found] == [(1, 1, 1.0, "stop"), (4, 6, 0.5, "target")]


def test_a_reversal_is_one_fill_that_ends_a_trade_and_begins_the_next() -> None:
    bars = bars_of([QUIET, QUIET, (110.0, 110.0, 110.0, 110.0), (105.0, 105.0, 105.0, 105.0)])
    result = trade(bars, [want(1), want(-1)], Terms(10, 0, "units", 2, 1_000))
    assert trips(result) == [
        (1, 2, 1, 2.0, 100.0, 110.0, pytest.approx(20 - 0.2 - 0.22), "target"),
        (2, 3, -1, 2.0, 110.0, 105.0, pytest.approx(10 - 0.22), "open"),
    ]
    assert [(i, q, p) for i, _, q, p, _ in filled(result)] == [(1, 2.0, 100.0), (2, -4.0, 110.0)]
    assert result.trades.fees.tolist() == pytest.approx([0.42, 0.22])
    assert result.final_equity == pytest.approx(1_000 + 30 - 0.64)


def test_an_entry_at_an_open_beyond_its_stop_leaves_at_once() -> None:
    bars = bars_of([QUIET, (90.0, 99.0, 89.0, 98.0), QUIET])
    result = trade(bars, [want(1, stop=95)], Terms(0, 100, "units", 1, 1_000))
    assert trips(result) == [(1, 1, 1, 1.0, 90.0 * 1.01, 90.0 * 0.99, pytest.approx(-1.8), "stop")]


def test_a_series_of_closes_fills_at_the_next_close() -> None:
    result = trade(closes_of([100.0, 102.0, 104.0, 97.0, 99.0]), [want(1, stop=98)])
    assert result.fill == "next_close"
    assert trips(result) == [(1, 3, 1, 1.0, 102.0, 97.0, -5.0, "stop")]
    assert result.equity.tolist() == [1000.0, 1000.0, 1002.0, 995.0, 995.0]


def test_the_signal_of_the_last_bar_is_never_filled() -> None:
    result = trade(bars_of([QUIET, QUIET, QUIET]), [FLAT, FLAT, want(1)])
    assert trips(result) == []
    assert result.equity.tolist() == [1000.0] * 3


def test_an_open_position_is_marked_at_the_last_close() -> None:
    result = trade(bars_of([QUIET, (100.0, 104.0, 100.0, 103.0)]), [want(1)], Terms(100, 0, "units", 1, 1_000))
    assert trips(result) == [(1, 1, 1, 1.0, 100.0, 103.0, pytest.approx(2.0), "open")]
    assert result.final_equity == pytest.approx(1_002.0)


def test_a_trailing_stop_follows_the_best_price_of_the_bars_before() -> None:
    rising = [QUIET, QUIET, (101.0, 108.0, 101.0, 107.0), (107.0, 109.0, 103.5, 106.0), (106.0, 106.0, 104.0, 105.0)]
    found = trips(trade(bars_of(rising), [want(1, trail=4)]))
    assert found == [(1, 3, 1, 1.0, 100.0, 104.0, 4.0, "stop")]
    falling = [QUIET, QUIET, (99.0, 99.0, 92.0, 93.0), (93.0, 95.0, 91.0, 92.0), (93.0, 97.0, 93.0, 96.0)]
    assert trips(trade(bars_of(falling), [want(-1, trail=4)])) == [(1, 4, -1, 1.0, 100.0, 95.0, 5.0, "stop")]


def test_slippage_moves_the_fill_and_not_the_trailing_stop() -> None:
    bars = bars_of([QUIET, QUIET, (97.0, 97.0, 96.0, 96.5)])
    found = trips(trade(bars, [want(1, trail=5)], Terms(0, 200, "units", 1, 1_000)))
    assert found[0][4] == pytest.approx(102.0)
    assert found[0][5:] == (pytest.approx(96.0 * 0.98), pytest.approx(96.0 * 0.98 - 102.0), "stop")


def test_the_tighter_of_stop_and_trail_holds() -> None:
    bars = bars_of([QUIET, QUIET, (100.0, 100.0, 90.0, 91.0)])
    assert trips(trade(bars, [want(1, stop=97, trail=8)]))[0][5] == 97.0
    assert trips(trade(bars, [want(1, stop=91, trail=3)]))[0][5] == 98.0
    up = bars_of([QUIET, QUIET, (100.0, 110.0, 100.0, 109.0)])
    assert trips(trade(up, [want(-1, stop=103, trail=8)]))[0][5] == 103.0
    assert trips(trade(up, [want(-1, stop=109, trail=3)]))[0][5] == 102.0


def test_a_round_trip_keeps_the_averages_of_all_that_went_in_and_out() -> None:
    rows = [(p, p, p, p) for p in (100.0, 100.0, 110.0, 120.0, 130.0)]
    result = trade(bars_of(rows), [want(1), want(0.5), want(0.75), FLAT], Terms(0, 0, "units", 4, 1_000))
    entry, leave = (4 * 100 + 1 * 120) / 5, (2 * 110 + 3 * 130) / 5
    assert trips(result) == [(1, 4, 1, 5.0, pytest.approx(entry), pytest.approx(leave), pytest.approx(90.0), "target")]
    assert result.final_equity == pytest.approx(1_090.0)
