"""Each fill model on four bars, and orders that wait, are replaced or end, worked by hand."""

from __future__ import annotations

from dataclasses import replace

import pytest

from engine.scripts import FLAT, FREE, NAN, bars_of, closes_of, filled, flat_bars, trade, trips, want
from quorum.domain import DataError
from quorum.engine import FILLS, Terms
from quorum.lake import Bars

# open, high, low, close; the targets are 1 from the first close, 0 from the third
FOUR = [
    (100.0, 102.0, 99.0, 101.0),
    (103.0, 108.0, 102.0, 106.0),
    (107.0, 109.0, 104.0, 105.0),
    (110.0, 114.0, 109.0, 112.0),
]
TARGETS = [want(1), want(1), FLAT, FLAT]
WEIGHT = Terms(fee_bps=0, sizing="weight", starting_equity=1_000)


def at_half_volume(rows: list[tuple[float, float, float, float]] = FOUR, volume: float = 20.0) -> Bars:
    return bars_of(rows, volume=[volume] * len(rows))


@pytest.mark.parametrize(
    ("fill", "fills", "final"),
    [
        ("next_open", [(1, 0, 1.0, 103.0), (3, 2, -1.0, 110.0)], 1_007.0),
        ("next_open_presized", [(1, 0, 1.0, 103.0), (3, 2, -1.0, 110.0)], 1_007.0),
        ("next_close", [(1, 0, 1.0, 106.0), (3, 2, -1.0, 112.0)], 1_006.0),
        ("next_vwap", [(1, 0, 1.0, 316 / 3), (3, 2, -1.0, 335 / 3)], 1_000 + 19 / 3),
        ("volume_capped", [(1, 0, 1.0, 103.0), (3, 2, -1.0, 110.0)], 1_007.0),
        ("same_close", [(0, 0, 1.0, 101.0), (2, 2, -1.0, 105.0)], 1_004.0),
    ],
)
def test_each_fill_model_has_its_bar_and_its_price(
    fill: str, fills: list[tuple[int, int, float, float]], final: float
) -> None:
    result = trade(at_half_volume(), TARGETS, replace(FREE, fill=fill))
    assert [row[:4] for row in filled(result)] == [pytest.approx(row) for row in fills]
    assert result.final_equity == pytest.approx(final)
    assert (result.fill, result.unfilled) == (fill, 0)


def test_every_fill_model_is_worked_here() -> None:
    assert set(FILLS) == {
        "next_open",
        "next_open_presized",
        "next_close",
        "next_vwap",
        "volume_capped",
        "same_close",
    }


@pytest.mark.parametrize(
    ("fill", "bought"),
    [
        ("next_open", 1_000 / 103),
        ("next_open_presized", 1_000 / 101),
        ("next_close", 1_000 / 106),
        ("next_vwap", 3_000 / 316),
        ("same_close", 1_000 / 101),
    ],
)
def test_a_weight_becomes_a_quantity_at_its_fill_or_presized_at_its_close(fill: str, bought: float) -> None:
    assert filled(trade(bars_of(FOUR), TARGETS, replace(WEIGHT, fill=fill)))[0][2] == pytest.approx(bought)


def test_the_last_bars_target_is_filled_by_same_close_alone() -> None:
    wanted = [FLAT, FLAT, FLAT, want(1)]
    for fill in FILLS:
        result = trade(at_half_volume(), wanted, replace(FREE, fill=fill))
        assert (len(result.rows), result.unfilled) == ((1, 0) if fill == "same_close" else (0, 0))


def test_a_series_of_closes_fills_at_the_close_whatever_the_model() -> None:
    closes = closes_of([100.0, 102.0, 104.0, 97.0, 99.0])
    for fill in ("next_open", "next_close", "next_vwap"):
        result = trade(closes, [want(1, stop=98)], replace(FREE, fill=fill))
        assert result.fill == "next_close"
        assert trips(result) == [(1, 3, 1, 1.0, 102.0, 97.0, -5.0, "stop")]


def test_a_late_fill_is_after_the_exits_of_its_bar() -> None:
    """The order of the second close leaves the stop of the first in place until it is filled."""
    bars = bars_of([FOUR[0], FOUR[0], (100.0, 101.0, 90.0, 98.0), (98.0, 99.0, 97.0, 98.0)])
    held = [want(1, stop=95), want(0.5, stop=95), want(0.5)]
    late = trade(bars, held, replace(FREE, fill="next_close"))
    assert [(i, q, p) for i, _, q, p, _ in filled(late)] == [(1, 1.0, 101.0), (2, -1.0, 95.0), (2, 0.5, 98.0)]
    early = trade(bars, held, FREE)
    assert [(i, q, p) for i, _, q, p, _ in filled(early)] == [(1, 1.0, 100.0), (2, -0.5, 100.0), (2, -0.5, 95.0)]


def test_a_position_entered_late_is_not_looked_at_in_its_entry_bar() -> None:
    bars = bars_of([FOUR[0], (100.0, 101.0, 80.0, 100.0), (100.0, 101.0, 96.0, 100.0)])
    late = trade(bars, [want(1, stop=95)], replace(FREE, fill="next_close"))
    assert [(i, q) for i, _, q, _, _ in filled(late)] == [(1, 1.0)]
    assert [(i, q) for i, _, q, _, _ in filled(trade(bars, [want(1, stop=95)]))] == [(1, 1.0), (1, -1.0)]


@pytest.mark.parametrize("fill", ["next_close", "next_vwap"])
def test_levels_of_a_target_on_the_other_side_are_not_for_what_is_held(fill: str) -> None:
    """A short is held when a long with a stop at 95 is wanted: no price above 95 is a reason to buy it back early."""
    bars = bars_of([(100.0, 100.0, 100.0, 100.0)] * 4)
    result = trade(bars, [want(-1), want(1, stop=95)], replace(FREE, fill=fill))
    assert [(i, at, q) for i, at, q, _, _ in filled(result)] == [(1, 0, -1.0), (2, 1, 2.0)]
    assert [t[7] for t in trips(result)] == ["target", "open"]


def test_a_capped_flip_keeps_clear_of_the_new_targets_levels() -> None:
    bars = bars_of([(100.0, 100.0, 100.0, 100.0)] * 5, volume=[10.0] * 5)
    terms = replace(FREE, fill="volume_capped", volume_share=0.1)
    result = trade(bars, [want(-1), want(1, stop=95), want(1, stop=95)], terms)
    assert [(i, q) for i, _, q, _, _ in filled(result)] == [(1, -1.0), (2, 1.0), (3, 1.0)]


class TestVolumeCap:
    """A tenth of each bar's volume, 30 units wanted."""

    terms = replace(FREE, fill="volume_capped", size=30.0)

    def test_an_order_takes_its_share_until_it_is_whole(self) -> None:
        bars = flat_bars([10.0, 10.0, 11.0, 12.0, 13.0], volume=[0.0, 100.0, 120.0, 1_000.0, 0.0])
        result = trade(bars, [want(1)], self.terms)
        assert filled(result) == [(1, 0, 10.0, 10.0, 0.0), (2, 0, 12.0, 11.0, 0.0), (3, 0, 8.0, 12.0, 0.0)]
        assert result.unfilled == 0
        assert result.position.tolist() == [0.0, 10.0, 22.0, 30.0, 30.0]
        average = (10 * 10 + 12 * 11 + 8 * 12) / 30
        assert trips(result) == [(1, 4, 1, 30.0, pytest.approx(average), 13.0, pytest.approx(390 - 328), "open")]

    def test_an_order_that_is_replaced_is_counted(self) -> None:
        bars = flat_bars([10.0] * 5, volume=[100.0] * 5)
        result = trade(bars, [want(1), want(0.5), want(0.5)], self.terms)
        assert [(i, at, q) for i, at, q, _, _ in filled(result)] == [(1, 0, 10.0), (2, 1, 5.0)]
        assert result.unfilled == 1

    def test_an_order_that_the_bars_end_is_counted(self) -> None:
        result = trade(flat_bars([10.0] * 3, volume=[100.0] * 3), [want(1)], self.terms)
        assert (result.position.tolist(), result.unfilled) == ([0.0, 10.0, 20.0], 1)

    def test_an_exit_ends_what_is_still_to_be_filled_and_is_not_capped(self) -> None:
        rows = [(10.0, 10.0, 10.0, 10.0)] * 3 + [(10.0, 10.0, 8.0, 9.0)] + [(9.0, 9.0, 9.0, 9.0)] * 2
        result = trade(bars_of(rows, volume=[100.0, 100.0, 50.0, 50.0, 50.0, 50.0]), [want(1, stop=9)] * 6, self.terms)
        assert [(i, q, p) for i, _, q, p, _ in filled(result)] == [
            (1, 10.0, 10.0),
            (2, 5.0, 10.0),
            (3, 5.0, 10.0),
            (3, -20.0, 9.0),
        ]
        assert result.unfilled == 1

    @pytest.mark.parametrize("volume", [0.0, NAN])
    def test_a_bar_without_volume_fills_nothing(self, volume: float) -> None:
        result = trade(flat_bars([10.0] * 4, volume=[100.0, volume, volume, 1_000.0]), [want(1)], self.terms)
        assert filled(result) == [(3, 0, 30.0, 10.0, 0.0)]

    def test_bars_without_a_volume_are_refused(self) -> None:
        with pytest.raises(DataError, match="TEST has no volume; choose a fill without it"):
            trade(flat_bars([10.0] * 4), [want(1)], self.terms)
