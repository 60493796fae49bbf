"""The market's tasks, on markets whose numbers can be worked out by hand."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from desk.work.drawn import A_DAY, AN_HOUR, START, answer, candles, closes, end_of, looking_at, market
from quorum.desk import Desk
from quorum.desk.work.market.feature_state import FEATURES, NEEDS, WINDOW
from quorum.desk.work.market.longer import longer
from quorum.domain import DAY, HOUR, DataError, Timeframe, UsageError
from quorum.features.formulas import compute
from quorum.lake import Bars

FOUR_HOURS = Timeframe(4 * HOUR)


def test_four_bars_make_a_longer_one_and_what_has_not_ended_makes_none() -> None:
    bars = closes([100, 103, 99, 101, 105, 106])
    made = longer(bars, FOUR_HOURS, end_of(bars))
    assert made.time.tolist() == [START]
    row = made.row(0)
    assert (row.open, row.high, row.low, row.close, row.volume) == (100.0, 103.5, 98.5, 101.0, 40.0)
    assert len(longer(bars, FOUR_HOURS, START + 8 * HOUR)) == 2
    assert longer(bars, AN_HOUR, end_of(bars)) is bars


@pytest.mark.parametrize("length", [Timeframe(HOUR // 2), Timeframe(5 * HOUR), Timeframe(90 * 60 * 10**9)])
def test_a_length_that_does_not_fit_is_refused(length: Timeframe) -> None:
    with pytest.raises(UsageError):
        longer(closes([1, 2]), length, START)


@settings(max_examples=50)
@given(st.sets(st.integers(0, 60), min_size=1), st.integers(0, 70))
def test_longer_bars_are_what_a_loop_makes_of_the_bars_that_are_there(kept: set[int], hours: int) -> None:
    whole = market(61)
    rows = np.array(sorted(kept))
    bars = replace(whole, **{name: column[rows] for name, column in whole.columns().items()})
    as_of = START + hours * HOUR
    made = longer(bars, FOUR_HOURS, as_of)
    steps = [s for s in sorted({int(t) // (4 * HOUR) * 4 * HOUR for t in bars.time}) if s + 4 * HOUR <= as_of]
    assert made.time.tolist() == steps
    longs, shorts = made.columns(), bars.columns()
    for k, step in enumerate(steps):
        mine = [i for i, t in enumerate(bars.time) if step <= t < step + 4 * HOUR]
        assert longs["high"][k] == shorts["high"][mine].max()
        assert longs["low"][k] == shorts["low"][mine].min()
        assert longs["close"][k] == shorts["close"][mine[-1]]
        assert longs["volume"][k] == pytest.approx(shorts["volume"][mine].sum(), rel=1e-14)


def test_the_feature_state_has_the_newest_value_of_every_formula(shared_desk: Desk) -> None:
    bars = market(1_500)
    found = answer(looking_at(shared_desk, bars), "combined_features", end_of(bars))
    assert list(found["timeframes"]) == ["1h", "4h", "1d"]
    state = found["timeframes"]["1h"]
    assert state["unknown"] == {}
    for feature in FEATURES:
        assert state["values"][feature.name] == pytest.approx(compute(feature.formula, bars)[-1], rel=1e-11, abs=1e-15)
    assert state["values"]["return_1"] == bars.close[-1] / bars.close[-2] - 1
    assert found["snapshot"]["data_hash"] == bars.data_hash
    assert max(NEEDS.values()) < WINDOW
    days = found["timeframes"]["1d"]
    assert days["bars"] == "made of 1h bars"
    assert days["rows"] == 62
    assert days["unknown"]["trend_100"] == "needs 100 bars, has 62"
    assert days["values"]["trend_100"] is None


def test_the_lakes_own_longer_bars_come_first(shared_desk: Desk) -> None:
    hours, days = market(1_500), market(40, A_DAY, seed=9)
    found = answer(looking_at(shared_desk, hours, days), "combined_features", end_of(hours))
    assert found["timeframes"]["1d"]["bars"] == "lake"
    assert found["timeframes"]["1d"]["rows"] == 40


def test_a_feature_that_needs_wicks_says_so_where_there_are_none(shared_desk: Desk) -> None:
    bars = market(1_500)
    bare = Bars("BTCUSDT", "sim", AN_HOUR, bars.time, bars.close)
    state = answer(looking_at(shared_desk, bare), "combined_features", end_of(bare))["timeframes"]["1h"]
    assert state["values"]["atr_14"] is None
    assert "no column" in state["unknown"]["atr_14"]
    assert state["values"]["return_20"] is not None


def test_features_are_of_the_snapshots_bars_or_of_none(shared_desk: Desk) -> None:
    bars = market(500)
    desk, as_of = looking_at(shared_desk, bars), end_of(bars)
    seen = answer(desk, "key_levels", as_of)["snapshot"]
    again = answer(desk, "combined_features", as_of + DAY, {"snapshot": seen})
    assert again["snapshot"] == seen
    assert answer(desk, "combined_features", as_of, {"latest": {"snapshot": seen}})["snapshot"] == seen
    with pytest.raises(DataError, match="not what the snapshot"):
        answer(desk, "combined_features", as_of, {"snapshot": {**seen, "data_hash": "0" * 64}})


def calm_then(wild: float, days: int = 60) -> Bars:
    """Days that move by 1 % up and down, the last 20 of them by `wild`."""
    moves = [0.01 if k < days - 20 else wild for k in range(days)]
    prices = 100 * np.exp(np.cumsum([m if k % 2 else -m for k, m in enumerate(moves)]))
    return closes(prices.tolist(), length=A_DAY)


@pytest.mark.parametrize(("wild", "regime"), [(0.03, "high"), (0.002, "low")])
def test_the_volatility_regime_is_the_rank_of_the_last_20_days(shared_desk: Desk, wild: float, regime: str) -> None:
    bars = calm_then(wild)
    found = answer(looking_at(shared_desk, bars), "volatility_regime", end_of(bars), timeframe="1d")
    assert found["regime"] == regime
    assert found["volatility"] == pytest.approx(wild * np.sqrt(20 / 19) * np.sqrt(365), rel=1e-9)
    assert found["ranked_days"] == 40
    assert found["trend"] == "unknown"


def test_too_few_days_have_no_volatility_regime(shared_desk: Desk) -> None:
    bars = calm_then(0.01, 39)
    with pytest.raises(DataError, match=r"39 whole days, a rank needs 40"):
        answer(looking_at(shared_desk, bars), "volatility_regime", end_of(bars), timeframe="1d")


def test_what_moves_alike_is_correlated_and_what_moves_against_it_is_not(shared_desk: Desk) -> None:
    drawn = np.random.default_rng(1).normal(0, 0.02, 60)
    up, down = 100 * np.exp(np.cumsum(drawn)), 100 * np.exp(-np.cumsum(drawn))
    made = [closes(p.tolist(), name, A_DAY) for name, p in (("BTCUSDT", up), ("ETHUSDT", 3 * up), ("SHORT", down))]
    short = closes([1.0] * 10, "NEWUSDT", A_DAY, START + 50 * DAY)
    found = answer(looking_at(shared_desk, *made, short), "correlation_matrix", end_of(made[0]), timeframe="1d")
    assert found["symbols"] == ["BTCUSDT", "ETHUSDT", "SHORT"]
    assert np.allclose(np.array(found["matrix"]), [[1, 1, -1], [1, 1, -1], [-1, -1, 1]])
    assert found["close_pairs"] == [{"symbols": ["BTCUSDT", "ETHUSDT"], "correlation": pytest.approx(1.0)}]
    assert found["left_out"] == {"NEWUSDT": "9 days with a return, 20 are needed"}


def test_the_levels_of_a_day_a_week_and_a_month(shared_desk: Desk) -> None:
    days = candles([(100, 110, 90, 100)] * 31 + [(100, 105, 95, 102)] * 11 + [(102, 120, 99, 111)], A_DAY)
    found = answer(looking_at(shared_desk, days), "key_levels", end_of(days), timeframe="1d")
    at = {level["name"]: level for level in found["levels"]}
    assert {n: at[n]["price"] for n in ("day_before_high", "day_before_low", "day_before_close")} == {
        "day_before_high": 120.0,
        "day_before_low": 99.0,
        "day_before_close": 111.0,
    }
    assert at["pivot"]["price"] == pytest.approx(110.0)
    assert at["resistance_1"]["price"] == pytest.approx(121.0)
    assert at["support_1"]["price"] == pytest.approx(100.0)
    # the last day is Monday 2024-02-12: the week before began on the 5th, the month before is January
    assert (at["week_before_high"]["price"], at["week_before_high"]["since"][:10]) == (105.0, "2024-02-05")
    assert (at["month_before_high"]["price"], at["month_before_high"]["since"][:10]) == (110.0, "2024-01-01")
    assert at["20_days_low"]["price"] == 90.0
    assert at["day_before_high"]["distance"] == pytest.approx(120 / 111 - 1)
    assert [level["price"] for level in found["levels"]] == sorted((v["price"] for v in at.values()), reverse=True)


def hill(top: float, steps: int = 6) -> list[float]:
    """Closes that rise to `top` and fall again, so that it is a swing."""
    return [top - 2 * k for k in range(steps, 0, -1)] + [top] + [top - 2 * k for k in range(1, steps + 1)]


def test_the_bias_is_the_side_of_the_last_break(shared_desk: Desk) -> None:
    bars = closes([*hill(120), 130], length=FOUR_HOURS)
    found = answer(looking_at(shared_desk, bars), "higher_timeframe_bias", end_of(bars), timeframe="4h")
    four = found["timeframes"]["4h"]
    assert (found["bias"], four["bias"]) == ("bullish", "bullish")
    assert four["break"]["event"] == "BOS"
    assert four["break"]["level"] == 120.5
    assert found["timeframes"]["1d"]["bias"] == "neutral"


def test_an_open_gap_near_the_price_is_a_point_of_interest(shared_desk: Desk) -> None:
    flat = [(100.0, 100.5, 99.5, 100.0)] * 20
    bars = candles([*flat, (100, 104.5, 99.8, 104), (104, 105, 102, 104.5), (104.5, 105, 101.5, 104)])
    found = answer(looking_at(shared_desk, bars), "points_of_interest", end_of(bars))
    assert [(g["side"], g["bottom"], g["top"], g["filled"]) for g in found["gaps"]] == [
        ("bullish", 100.5, 102.0, "touched")
    ]
    assert found["gaps"][0]["distance"] == pytest.approx(102 / 104 - 1)
    assert "order_blocks" in found["left_out"]
    filled = candles([*flat, (100, 104.5, 99.8, 104), (104, 105, 102, 104.5), (104.5, 105, 100.2, 104)])
    assert answer(looking_at(shared_desk, filled), "points_of_interest", end_of(filled))["gaps"] == []


def test_equal_highs_are_one_level_and_a_wick_beyond_them_a_sweep(shared_desk: Desk) -> None:
    bars = closes([*hill(120), *hill(120.05)])
    found = answer(looking_at(shared_desk, bars), "liquidity_levels", end_of(bars))
    assert found["above"] == [
        {
            "kind": "equal highs",
            "level": 120.55,
            "touches": 2,
            "distance": pytest.approx(120.55 / 108.05 - 1),
            "last_touch": "2024-01-01T19:00:00Z",
        }
    ]
    assert found["sweeps"] == []


@pytest.mark.parametrize(
    ("after", "swept"), [([121, 122, 118], True), ([121, 122, 123, 118], False), ([119.9, 117, 116], False)]
)
def test_a_wick_beyond_a_level_that_closes_back_in_three_candles_is_a_sweep(
    shared_desk: Desk, after: list[float], swept: bool
) -> None:
    bars = closes([*hill(120), 114, *after])
    found = answer(looking_at(shared_desk, bars), "liquidity_levels", end_of(bars))
    levels = [(s["side"], s["level"]) for s in found["sweeps"]]
    assert (("above", 120.5) in levels) is swept
    assert bool(found["above"]) is (after[0] == 119.9)


def test_structure_needs_wicks(shared_desk: Desk) -> None:
    bars = market(300)
    bare = Bars("BTCUSDT", "sim", AN_HOUR, bars.time, bars.close)
    for task in ("points_of_interest", "liquidity_levels"):
        with pytest.raises(DataError, match="closes only"):
            answer(looking_at(shared_desk, bare), task, end_of(bare))


def test_the_dataset_is_the_bars_and_the_features_are_of_it(desk: Desk) -> None:
    bars = market(600)
    looked, as_of = looking_at(desk, bars), end_of(bars)
    data = answer(looked, "training_data", as_of)
    path = desk.workspace.home / data["path"]
    assert data["path"] == "data/training/latest_dataset.parquet"
    assert hashlib.sha256(path.read_bytes()).hexdigest() == data["sha256"]
    frame = pl.read_parquet(path)
    assert (frame.columns, len(frame)) == (data["columns"], data["rows"])
    assert frame["time"].to_list() == bars.time.tolist()
    assert frame["close"].to_list() == bars.close.tolist()
    assert answer(looked, "training_data", as_of) == data
    told = answer(looked, "training_features", as_of, {"dataset": data})
    columns = pl.read_parquet(desk.workspace.home / told["path"])
    assert len(columns) == told["rows"] == 600
    first = next(f for f in told["features"] if f["name"] == "return_20")
    known = np.array(columns["return_20"].to_list())[20:]
    assert first["known"] == 580 / 600
    assert first["mean"] == pytest.approx(known.mean(), rel=1e-12)
    assert sorted(p.name for p in path.parent.iterdir()) == ["latest_dataset.parquet", "latest_features.parquet"]


def test_features_refuse_a_dataset_that_was_replaced(desk: Desk) -> None:
    bars, other = market(600), market(600, seed=5)
    data = answer(looking_at(desk, bars), "training_data", end_of(bars))
    answer(looking_at(desk, other), "training_data", end_of(other))
    with pytest.raises(DataError, match="another run has replaced it"):
        answer(looking_at(desk, bars), "training_features", end_of(bars), {"dataset": data})


def test_a_price_that_is_none_makes_no_dataset(desk: Desk) -> None:
    bars = closes([100, 101, 102])
    spoilt = replace(bars, low=np.array([99.0, 0.0, 99.0]))
    with pytest.raises(DataError, match=r"low of the bar of 2024-01-01T01:00:00Z"):
        answer(looking_at(desk, spoilt), "training_data", end_of(bars))
    assert not (desk.workspace.home / "data" / "training").exists()


def test_what_is_strange_about_the_data_is_counted_with_its_place(desk: Desk) -> None:
    bars = market(300)
    there = np.delete(np.arange(300), [100, 101])
    holed = replace(bars, **{name: column[there] for name, column in bars.columns().items()})
    quality = answer(looking_at(desk, holed), "training_data", end_of(holed))["quality"]
    assert (quality["clean"], quality["missing_bars"]) == (False, 2)
    assert quality["first_places"] == {"missing_bars": ["2024-01-05T04:00:00Z"]}
