"""Every registered indicator: against its definition written out, in a stream, wherever it starts, and its warm-up."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from quorum import features
from quorum.domain import DAY, HOUR, MINUTE, ConfigError, DataError, Timeframe
from quorum.domain.grammar import parse
from quorum.features.formulas import INDICATORS, Columns, Kind, Planner, Running, bars_needed, compute
from quorum.lake import Bars

Floats = NDArray[np.float64]
N = 12
SAMPLE = {
    Kind.SERIES: ("close", "low"),
    Kind.CONDITION: ("close > open",),
    Kind.BARS: ("12", "15"),
    Kind.NUMBER: ("2",),
}


def bars(n: int, seed: int = 0, decimals: int | None = 2, start: int = 0) -> Bars:
    """A seeded walk with flat stretches."""
    rng = np.random.default_rng(seed)
    close = 100.0 * np.exp(np.cumsum(rng.normal(0, 0.002, n) * (rng.random(n) < 0.8)))
    opens = close * np.exp(rng.normal(0, 0.0005, n))
    high, low = np.maximum(opens, close) * 1.0007, np.minimum(opens, close) * 0.9992
    if decimals is not None:
        opens, high, low, close = (np.round(x, decimals) for x in (opens, high, low, close))
    time = start + np.arange(n) * 7 * MINUTE
    volume = np.round(rng.gamma(2.0, 10.0, n), 3)
    return Bars("X", "t", Timeframe(MINUTE), time, close, opens, high, low, volume, price_decimals=decimals)


def example(name: str) -> str:
    """A call of an indicator."""
    if name.startswith("cross"):
        return f"{name}(close, median(close, 12))"
    used: dict[Kind, int] = {}
    given = []
    for argument in INDICATORS[name].arguments:
        choices = SAMPLE[argument.kind]
        given.append(choices[used.get(argument.kind, 0) % len(choices)])
        used[argument.kind] = used.get(argument.kind, 0) + 1
    return f"{name}({', '.join(given)})"


def stream(text: str, data: Bars) -> Floats:
    running = Running(text, decimals=data.price_decimals)
    return np.array([running.step(row) for row in data.rows()])


def same_bits(one: Floats, other: Floats) -> bool:
    return np.where(np.isnan(one), np.nan, one).tobytes() == np.where(np.isnan(other), np.nan, other).tobytes()


def windows(x: Floats, n: int, rule: Callable[[Floats], float]) -> Floats:
    return np.array([rule(x[i + 1 - n : i + 1]) if i + 1 >= n else math.nan for i in range(len(x))])


def recursion(x: Floats, weight: float, first: int = 0) -> Floats:
    out = np.full(len(x), np.nan)
    out[first] = x[first]
    for i in range(first + 1, len(x)):
        out[i] = out[i - 1] * (1 - weight) + x[i] * weight
    return out


def strength(x: Floats, n: int) -> Floats:
    move = np.diff(x, prepend=x[0])
    up, down = (recursion(np.maximum(side * move, 0), 1 / n, 1) for side in (1, -1))
    return 100 * up / (up + down)


def shifted(x: Floats, k: int) -> Floats:
    return np.concatenate([np.full(k, np.nan), x[:-k]])


def typical_mean(b: dict[str, Floats]) -> Floats:
    value = (b["high"] + b["low"] + b["close"]) / 3 * b["volume"]
    return windows(value, N, np.sum) / windows(b["volume"], N, np.sum)


def slope(w: Floats) -> float:
    return float(np.polyfit(np.arange(len(w)), w, 1)[0])


def rank(w: Floats) -> float:
    return float((np.sum(w[:-1] < w[-1]) + 0.5 * np.sum(w[:-1] == w[-1])) / (len(w) - 1))


def ranges(b: dict[str, Floats]) -> Floats:
    out = features.true_range(b["high"], b["low"], b["close"])
    out[0] = np.nan
    return out


def deviation(x: Floats) -> Floats:
    return windows(x, N, lambda w: float(np.std(w, ddof=1)))


def mean(x: Floats) -> Floats:
    return windows(x, N, np.mean)


def crosses(excess: Floats) -> Floats:
    return np.concatenate([[math.nan], (excess[1:] > 0) & (excess[:-1] <= 0)])


Rule = Callable[[Floats, dict[str, Floats]], Floats]
BY_HAND: dict[str, Rule] = {
    "abs": lambda x, b: np.abs(x),
    "atr": lambda x, b: features.wilder_atr(b["high"], b["low"], x, N),
    "bollinger_lower": lambda x, b: mean(x) - 2 * deviation(x),
    "bollinger_upper": lambda x, b: mean(x) + 2 * deviation(x),
    "change": lambda x, b: x - shifted(x, 1),
    "count": lambda x, b: windows((x > b["open"]).astype(float), N, np.sum),
    "cross_above": lambda x, b: crosses(x - windows(x, N, np.median)),
    "cross_below": lambda x, b: crosses(windows(x, N, np.median) - x),
    "donchian_lower": lambda x, b: shifted(features.lowest(b["low"], N), 1),
    "donchian_upper": lambda x, b: shifted(features.highest(b["high"], N), 1),
    "ema": lambda x, b: recursion(x, 2 / (N + 1)),
    "exp": lambda x, b: np.exp(x),
    "floor": lambda x, b: np.floor(x),
    "highest": lambda x, b: features.highest(x, N),
    "log": lambda x, b: np.log(x),
    "lowest": lambda x, b: features.lowest(x, N),
    "macd": lambda x, b: recursion(x, 2 / (N + 1)) - recursion(x, 2 / 16),
    "max": lambda x, b: np.maximum(x, b["low"]),
    "mean_volume": lambda x, b: mean(b["volume"]),
    "median": lambda x, b: windows(x, N, np.median),
    "min": lambda x, b: np.minimum(x, b["low"]),
    "momentum": lambda x, b: x - shifted(x, N),
    "rank": lambda x, b: windows(x, N, rank),
    "roc": lambda x, b: x / shifted(x, N) - 1,
    "rsi": lambda x, b: strength(x, N),
    "slope": lambda x, b: windows(x, N, slope),
    "sma": lambda x, b: mean(x),
    "sqrt": lambda x, b: np.sqrt(x),
    "stdev": lambda x, b: deviation(x),
    "sum": lambda x, b: windows(x, N, np.sum),
    "true_range": lambda x, b: ranges(b),
    "volatility": lambda x, b: deviation(features.log_returns(x)),
    "vwap": lambda x, b: typical_mean(b),
    "where": lambda x, b: np.where(x > b["open"], x, b["low"]),
    "wilder": lambda x, b: recursion(x, 1 / N),
    "zscore": lambda x, b: (x - mean(x)) / deviation(x),
}
indicators = pytest.mark.parametrize("name", sorted(INDICATORS))


def test_every_indicator_is_written_out_here_and_listed_under_its_name() -> None:
    assert sorted(BY_HAND) == sorted(INDICATORS) == [i.name for i in INDICATORS.values()]


@indicators
def test_an_indicator_is_its_definition(name: str) -> None:
    data = bars(900, 3)
    columns = {k: np.asarray(v) for k, v in data.columns().items()}
    found, expected = compute(example(name), data), BY_HAND[name](columns["close"], columns)
    known = bars_needed(example(name)) - 1
    assert np.isnan(found[:known]).all() or INDICATORS[name].condition
    np.testing.assert_allclose(found[known:], expected[known:], rtol=1e-9, atol=1e-9)
    assert np.isfinite(found[known:]).all()


@indicators
@pytest.mark.parametrize("decimals", [2, None])
def test_a_stream_has_the_bits_of_a_batch(name: str, decimals: int | None) -> None:
    data = bars(600, 5, decimals)
    assert same_bits(stream(example(name), data), compute(example(name), data))


@indicators
def test_where_a_series_starts_is_forgotten(name: str) -> None:
    data, text = bars(1_500, 7), example(name)
    for offset in (1, 13, 400):
        late, whole = compute(text, data.slice(offset, len(data))), compute(text, data)[offset:]
        known = bars_needed(text) - 1
        if name in ("atr", "ema", "rsi", "wilder", "macd"):
            np.testing.assert_allclose(late[known:], whole[known:], rtol=1e-9, atol=1e-9)
        else:
            assert same_bits(late[known:], whole[known:])


@indicators
def test_cutting_the_future_changes_nothing(name: str) -> None:
    data, text = bars(700, 9), example(name)
    whole = compute(text, data)
    for cut in (0, 1, 30, 333, 699):
        assert same_bits(compute(text, data.slice(0, cut)), whole[:cut])


@settings(max_examples=60)
@given(
    st.lists(st.integers(1, 10**9), min_size=40, max_size=80),
    st.integers(1, 12),
    st.integers(1, 12),
    st.integers(0, 6),
)
def test_means_on_a_grid_are_the_exact_ones_rounded_once(ticks: list[int], one: int, other: int, decimals: int) -> None:
    prices = np.array([float(f"{t}e-{decimals}") for t in ticks])
    data = Bars("X", "t", Timeframe(MINUTE), np.arange(len(ticks)) * MINUTE, prices, price_decimals=decimals)
    for n in (one, other):
        found = compute(f"sma(close, {n})", data)
        exact = [Fraction(sum(ticks[i + 1 - n : i + 1]), n * 10**decimals) for i in range(n - 1, len(ticks))]
        assert found[n - 1 :].tolist() == [float(each) for each in exact]


@settings(max_examples=60)
@given(st.lists(st.floats(1e-6, 1e9), min_size=30, max_size=60), st.integers(1, 20))
def test_means_off_a_grid_are_the_exact_ones_rounded_once(values: list[float], n: int) -> None:
    data = Bars("X", "t", Timeframe(MINUTE), np.arange(len(values)) * MINUTE, np.array(values))
    found = compute(f"sma(close, {n})", data)
    exact = [float(sum(map(Fraction, values[i + 1 - n : i + 1])) / n) for i in range(n - 1, len(values))]
    np.testing.assert_array_max_ulp(found[n - 1 :], np.array(exact), 1)
    assert sum(a != b for a, b in zip(found[n - 1 :].tolist(), exact, strict=True)) <= 1


@settings(max_examples=40)
@given(st.integers(0, 2**32), st.integers(1, 200), st.integers(1, 60), st.sampled_from([0, 2, None]))
def test_any_window_of_any_length_streams_as_it_is_at_once(seed: int, n: int, window: int, grid: int | None) -> None:
    data = bars(n, seed, grid)
    data = replace(data, volume=np.where(np.arange(n) % 5 == 0, 0.0, -np.asarray(data.volume)))
    for text in (
        f"median(volume, {window})",
        f"sma(close, {window}) - highest(volume, {window})[2]",
        f"rank(volume - volume[1], {window + 1})",
        f"stdev(log(volume), {window + 1})",
        f"zscore(ema(where(volume < 0, close, 1 / 0), {window}), 5)",
    ):
        assert same_bits(stream(text, data), compute(text, data))


def test_equal_values_have_no_deviation_and_no_zscore() -> None:
    flat = Bars("X", "t", Timeframe(MINUTE), np.arange(50) * MINUTE, np.full(50, 0.1))
    assert set(compute("stdev(close, 20)", flat)[19:].tolist()) == {0.0}
    assert np.isnan(compute("zscore(close, 20)", flat)).all()
    assert set(compute("sma(close, 7) - sma(close, 20)", flat)[19:].tolist()) == {0.0}


def test_strength_is_50_where_nothing_moves_also_after_moves() -> None:
    close = np.concatenate([bars(300, 1).close, np.full(600, 104.0)])
    data = Bars("X", "t", Timeframe(MINUTE), np.arange(900) * MINUTE, close)
    assert set(compute("rsi(close, 5)", data)[-300:].tolist()) == {50.0}
    rising = Bars("X", "t", Timeframe(MINUTE), np.arange(300) * MINUTE, np.arange(300) + 1.0)
    assert set(compute("rsi(close, 5)", rising)[-100:].tolist()) == {100.0}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("close", 1),
        ("1 + 2", 0),
        ("close[3]", 4),
        ("sma(close, 20)", 20),
        ("sma(close, 20)[5]", 25),
        ("sma(sma(close, 20), 5)", 24),
        ("roc(close, 10)", 11),
        ("cross_above(sma(close, 5), sma(close, 20))", 21),
        ("atr(14)", 374),
        ("rsi(close, 14)", 375),
        ("ema(close, 14)", 195),
        ("ema(macd(close, 12, 26), 9)", 360 + 124 + 1),
        ("max(sma(close, 3), highest(high, 9))", 9),
    ],
)
def test_the_warm_up_is_that_of_the_longest_way(text: str, expected: int) -> None:
    assert bars_needed(text) == expected


def test_conditions_are_undecided_where_a_side_is_not_known() -> None:
    data = bars(30, 2)
    unknown = "(sma(close, 20) > 0)"
    for text, early in (
        (unknown, math.nan),
        (f"not {unknown}", math.nan),
        (f"{unknown} and close < 0", 0.0),
        (f"{unknown} or close > 0", 1.0),
        (f"{unknown} and close > 0", math.nan),
        ("close / 0 > 1", math.nan),
        ("close % 0 == 1", math.nan),
        ("where(sma(close, 20) > 0, 1, 2)", math.nan),
        ("log(0 - close)", math.nan),
        ("sqrt(0 - close)", math.nan),
        ("hour in [0, 1] and True", 1.0),
        ("weekday == 3", 1.0),
        ("-7 % 3", 2.0),
    ):
        found = compute(text, data)[5]
        assert found == early or (math.isnan(found) and math.isnan(early)), text


def test_hours_and_weekdays_are_those_of_the_bars_open_in_utc() -> None:
    data = bars(400, 1, start=4 * DAY + 22 * HOUR)
    days = (np.asarray(data.time) // DAY + 3) % 7
    assert compute("weekday", data).tolist() == days.tolist()
    assert compute("hour", data)[:3].tolist() == [22.0] * 3
    assert stream("hour + 100 * weekday", data).tolist() == compute("hour + 100 * weekday", data).tolist()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("clsoe > 1", "column 1: there is no 'clsoe'; did you mean close?"),
        ("1 + smaa(close, 3)", "column 5: there is no function 'smaa'; did you mean sma?"),
        ("sma(close)", "sma has 1 arguments, it takes 2; write sma(x, n)"),
        ("sma(close, 2.5)", "column 12: 2.5 is no count of bars; give a whole number in 1..5000"),
        ("stdev(close, 1)", "give a whole number in 2..5000"),
        ("sma(close, close)", "column 12: a count of bars that changes from bar to bar"),
        ("bollinger_upper(close, 20, close)", "k changes from bar to bar"),
        ("close[-1]", "column 7: -1 bars ago looks ahead"),
        ("close[1 - 3]", "-2 bars ago looks ahead"),
        ("close[close]", "a count of bars that changes"),
        ("sma(close > 1, 3)", "column 5: a condition stands where a number is needed"),
        ("count(close, 3)", "column 7: a number stands where a condition is needed"),
        ("not close", "a number stands where a condition is needed"),
        ("close and close > 1", "column 1: a number stands"),
        ("(close > 1) + 1", "a condition stands"),
        ("close == 'up'", "'up' is no number"),
        ("close == None", "None is no number"),
        ("close in []", "nothing to look among"),
        ("bars.close > 1", "there is no 'bars.close'"),
    ],
)
def test_what_cannot_be_computed_is_refused_at_its_column(text: str, says: str) -> None:
    with pytest.raises(ConfigError) as refused:
        bars_needed(text)
    assert says in str(refused.value)


def test_a_column_that_is_not_there_or_has_no_number_is_named() -> None:
    data = bars(30)
    with pytest.raises(DataError, match="X has no column high"):
        compute("high", Bars("X", "t", data.timeframe, data.time, data.close))
    broken = replace(data, close=np.where(np.arange(30) == 7, np.nan, data.close))
    with pytest.raises(DataError, match="close of the bar of 1970-01-01T00:49:00Z is nan"):
        compute("sma(close, 3)", broken)
    text = "high[2] + sma(close, 3)"
    running, fine = Running(text), Running(text)
    for k in range(7):
        assert same_bits(np.array(running.step(broken.row(k))), np.array(fine.step(broken.row(k))))
    with pytest.raises(DataError, match="1970-01-01T00:49:00Z"):
        running.step(broken.row(7))
    assert running.step(data.row(7)) == fine.step(data.row(7))


def test_what_is_asked_twice_is_computed_once_and_kept_for_the_next_plan() -> None:
    data, planner = bars(100), Planner(2)
    columns = Columns(data, planner)
    one = planner.add(parse("sma(close, 5) > sma(close, 9)"), {})
    count = len(planner.steps)
    assert planner.add(parse("(sma(close, 5)) > sma(close, 9)"), {}) == one
    assert len(planner.steps) == count
    two = planner.add(parse("sma(close, 5)"), {})
    columns.of([one])
    first, again = columns.of([two])[0], columns.of([two])[0]
    assert np.shares_memory(first, again)
    assert not first.flags.writeable


def test_parameters_are_names_for_numbers() -> None:
    data = bars(60)
    assert same_bits(compute("sma(close, n * 2) * k", data, {"n": 5, "k": 2.0}), compute("sma(close, 10) * 2", data))
    assert bars_needed("sma(close, n)[k]", {"n": 5, "k": 3}) == 8
    assert Running("n + 1", {"n": 2}).step(data.row(0)) == 3.0
