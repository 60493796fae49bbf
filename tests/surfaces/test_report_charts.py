"""Charts: what travels to the page is what was given, to the grid's precision, and little of it is left out."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from quorum.domain import MINUTE, Side
from quorum.surfaces.report import Mark
from quorum.surfaces.report.charts import Curve, Trips, equity_chart, join_bars, price_chart, thin
from quorum.surfaces.report.packing import as_script, pack
from surfaces.pages import START, chart_of, made_bars, unpacked

whole = arrays(np.int64, st.integers(0, 60), elements=st.integers(-(2**30), 2**30))
real = arrays(np.float64, st.integers(0, 60), elements=st.floats(allow_nan=True, allow_infinity=True))


@given(whole, real)
def test_packed_columns_come_back_bit_for_bit(a: np.ndarray, b: np.ndarray) -> None:
    found = unpacked(json.loads(json.dumps(pack({"a": a, "b": b}))))
    assert np.array_equal(found["a"], a)
    assert found["b"].tobytes() == b.tobytes()


def test_steps_beyond_what_fits_are_refused() -> None:
    with pytest.raises(ValueError, match="column a"):
        pack({"a": np.array([0, 2**31])})


@given(st.text())
def test_words_in_a_script_cannot_end_it(text: str) -> None:
    made = str(as_script({"words": text + "</script><!--"}))
    assert "<" not in made
    assert json.loads(made)["words"] == text + "</script><!--"


def test_candles_are_the_bars_on_their_grid() -> None:
    bars = made_bars(1_000)
    chart = chart_of(str(price_chart("p", bars).html), "p")
    data, quantum = chart["data"], chart["quantum"]
    for name in ("open", "high", "low", "close"):
        assert data[name] * quantum == pytest.approx(getattr(bars, name), abs=quantum)
    assert (chart["start"] + data["time"] * chart["unit"]) * 1_000_000 == pytest.approx(bars.time)
    assert (data["high"] >= np.maximum(data["open"], data["close"])).all()
    on_cents = replace(bars, price_decimals=2)
    assert chart_of(str(price_chart("p", on_cents).html), "p")["quantum"] == 0.01


def test_each_round_trip_has_its_two_marks_in_order_of_time() -> None:
    bars = made_bars(100)
    entry, leave = bars.time[[10, 40, 90]], bars.time[[20, 60, 99]]
    price = np.array([1.0, 2.0, 3.0])
    reason = np.array(["stop", "target", "open"])
    trips = Trips(entry, leave, np.array([1, -1, 1], np.int8), price, price + 1, np.array([5.0, -5.0, 1.0]), reason)
    chart = chart_of(str(price_chart("p", bars, trips).html), "p")
    data = chart["data"]
    assert data["at"].tolist() == [10, 20, 40, 60, 90]
    assert data["side"].tolist() == [1, -1, -1, 1, 1]
    assert data["leaves"].tolist() == [0, 1, 0, 1, 0]
    assert data["price"].tolist() == [1, 2, 2, 3, 3]
    assert [chart["reasons"][k] for k in data["why"].tolist()] == ["stop", "target", "open"]


def test_more_bars_than_fit_are_joined_and_the_note_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("quorum.surfaces.report.charts.MOST_CANDLES", 400)
    monkeypatch.setattr("quorum.surfaces.report.charts.MOST_MARKS", 2)
    bars = made_bars(1_000, MINUTE)
    marks = [Mark(int(t), 1.0, Side.BUY, "x") for t in bars.time[[5, 500, 999]]]
    chart = price_chart("p", bars, marks)
    assert "The finest candle joins 3 bars of 1m, so that 1,000 bars fit." in chart.note
    assert "The last 2 of 3 entries and exits are marked." in chart.note
    assert chart_of(str(chart.html), "p")["data"]["at"].tolist() == [166, 333]


def test_a_hundredfold_rise_is_drawn_to_a_logarithmic_scale_and_says_so() -> None:
    bars = made_bars(200)
    steep = replace(bars, close=np.geomspace(1.0, 100.0, 200), open=None, high=None, low=None)
    assert "logarithmic" in price_chart("steep", steep).note
    assert chart_of(str(price_chart("steep", steep).html), "steep")["panes"][0]["log"] is True
    assert chart_of(str(price_chart("flat", bars).html), "flat")["panes"][0]["log"] is False


def test_the_equity_keeps_its_extremes_and_its_drawdown() -> None:
    equity = 1_000.0 * np.exp(np.cumsum(np.random.default_rng(2).normal(0, 0.01, 50_000)))
    time = START + np.arange(50_000, dtype=np.int64) * MINUTE
    drawn = chart_of(str(equity_chart("e", Curve(time, equity, 1_000.0)).html), "e")["data"]
    assert len(drawn["x"]) < 7_000
    assert (drawn["y0"].min(), drawn["y0"].max(), drawn["y0"][-1]) == (equity.min(), equity.max(), equity[-1])
    assert drawn["y1"].min() == (equity / np.maximum(np.maximum.accumulate(equity), 1_000.0) - 1).min()


@given(st.integers(1, 400), st.integers(4, 60))
def test_joined_bars_keep_what_candles_say(n: int, most: int) -> None:
    bars = made_bars(n)
    joined = join_bars(bars, most)
    assert len(joined) <= most
    assert joined.open is not None
    assert joined.high is not None
    assert joined.low is not None
    assert joined.volume is not None
    assert bars.open is not None
    assert bars.high is not None
    assert bars.low is not None
    assert (joined.open[0], joined.close[-1]) == (bars.open[0], bars.close[-1])
    assert (joined.high.max(), joined.low.min()) == (bars.high.max(), bars.low.min())
    assert joined.volume.sum() == n


@given(arrays(np.float64, st.integers(1, 500), elements=st.floats(-1e6, 1e6)), st.integers(4, 80))
def test_a_thinned_line_keeps_its_ends_and_extremes(values: np.ndarray, most: int) -> None:
    kept = thin(values, most)
    assert len(kept) <= most
    assert (kept[0], kept[-1]) == (0, len(values) - 1)
    assert (values[kept].max(), values[kept].min()) == (values.max(), values.min())
    assert bool(np.all(np.diff(kept) > 0))


def test_a_chart_of_one_bar_with_a_mark() -> None:
    chart = price_chart("one", made_bars(1), [Mark(START, 100.0, Side.BUY, "first")])
    assert chart_of(str(chart.html), "one")["labels"] == ["first"]
    assert chart.note == ""
