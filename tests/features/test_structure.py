"""Swings and breaks: the reference data, the definition read slowly, and no event that changes later."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from quorum.domain import DataError, UsageError
from quorum.features.structure import advance, begin, breaks, swings

Floats = NDArray[np.float64]
Events = list[tuple[Any, ...]]


def eurusd(shared: Path, count: int) -> tuple[Floats, Floats, Floats]:
    with (shared / "reference/smc/EURUSD_15M.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))[:count]
    high, low, close = (np.array([float(r[k]) for r in rows]) for k in ("High", "Low", "Close"))
    return high, low, close


def listed(columns: tuple[NDArray[Any], ...]) -> Events:
    return list(zip(*(c.tolist() for c in columns), strict=True))


def slow_swings(high: Floats, low: Floats, left: int, right: int) -> Events:
    """(bar, known_at, side, level) by the definition."""
    found = []
    for i in range(left, len(high) - right):
        for side, x in ((1, high), (-1, -low)):
            if all(x[i] > x[i - left : i]) and all(x[i] >= x[i + 1 : i + 1 + right]):
                found.append((i, i + right, side, float(side * x[i])))
    return found


def slow_breaks(found: Events, close: Floats) -> Events:
    """(bar, known_at, side, level, swing, choch) by the definition: what is known at t, then the close of t."""
    events, trend = [], 0
    last: dict[int, tuple[Any, ...] | None] = {1: None, -1: None}
    for t in range(len(close)):
        for event in found:
            if event[1] == t:
                last[event[2]] = event
        for side in (1, -1):
            swing = last[side]
            if swing is not None and side * close[t] > side * swing[3]:
                events.append((t, t, side, swing[3], swing[0], trend == -side))
                trend, last[side] = side, None
    return events


@st.composite
def candles(draw: st.DrawFn) -> tuple[Floats, Floats, Floats]:
    """High, low and close of up to 60 bars on a coarse grid, so that ties are common."""
    steps = draw(st.lists(st.tuples(st.integers(-3, 3), *[st.integers(0, 2)] * 2), min_size=1, max_size=60))
    close = np.cumsum([float(step) for step, _, _ in steps]) + 200.0
    before = np.concatenate([close[:1], close[:-1]])
    high = np.maximum(close, before) + [up for _, up, _ in steps]
    low = np.minimum(close, before) - [down for _, _, down in steps]
    return high, low, close


@given(candles(), st.integers(1, 4), st.integers(1, 4))
@settings(deadline=None)
def test_events_are_those_of_the_definition(bars: tuple[Floats, Floats, Floats], left: int, right: int) -> None:
    high, low, close = bars
    expected = slow_swings(high, low, left, right)
    assert listed(swings(high, low, left, right)) == expected
    found = breaks(high, low, close, left, right)
    assert listed(found) == slow_breaks(expected, close)
    assert len(set(zip(found.side.tolist(), found.swing.tolist(), strict=True))) == len(found.bar)


@given(candles(), st.integers(0, 60))
@settings(deadline=None)
def test_a_shorter_series_has_the_same_events(bars: tuple[Floats, Floats, Floats], cut: int) -> None:
    high, low, close = bars
    h, lo, c = high[:cut], low[:cut], close[:cut]
    assert listed(swings(h, lo, 2, 2)) == [e for e in listed(swings(high, low, 2, 2)) if e[1] < cut]
    assert listed(breaks(h, lo, c, 2, 2)) == [e for e in listed(breaks(high, low, close, 2, 2)) if e[1] < cut]


def test_of_equal_highs_the_first_is_the_swing() -> None:
    high = np.array([1.0, 2.0, 4.0, 4.0, 4.0, 2.0, 1.0])
    assert listed(swings(high, high - 10.0, 2, 2)) == [(2, 4, 1, 4.0)]


def test_a_break_turns_the_trend_or_goes_on_with_it() -> None:
    close = np.array([1.0, 3.0, 1.0, 4.0, 2.0, 5.0, 1.0])
    found = breaks(close, close, close, 1, 1)
    assert listed(found) == [
        (3, 3, 1, 3.0, 1, False),
        (5, 5, 1, 4.0, 3, False),
        (6, 6, -1, 2.0, 4, True),
    ]


def test_a_missing_price_makes_no_swing() -> None:
    high = np.array([1.0, 2.0, 5.0, np.nan, 1.0, 3.0, 7.0, 3.0, 1.0])
    assert listed(swings(high, high - 100.0, 2, 2)) == [(6, 8, 1, 7.0)]


def test_the_stream_knows_what_the_columns_know() -> None:
    close = 100.0 + np.cumsum(np.random.default_rng(5).normal(size=200))
    found, known, state = breaks(close + 1, close - 1, close), 0, begin()
    for i, c in enumerate(close.tolist()):
        state = advance(state, c + 1, c - 1, c)
        known += state.last.bar == i
        assert known == int((found.known_at <= i).sum())
    assert state.last == listed(found)[-1][0:1] + listed(found)[-1][2:]


def test_nonsense_is_refused() -> None:
    with pytest.raises(UsageError, match="at least 1 bar"):
        swings(np.ones(3), np.ones(3), 0, 5)
    with pytest.raises(DataError, match="differ in length"):
        breaks(np.ones(3), np.ones(3), np.ones(2))


@pytest.mark.real_data
def test_swings_are_the_reference_fractals_but_for_ties(shared: Path) -> None:
    """The reference looks 4 bars back and 5 ahead and keeps both of two equal swings; here the first wins."""
    high, low, _ = eurusd(shared, 5000)
    with (shared / "reference/smc/eurusd_first5000_raw_fractals_L5.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    golden = {(int(r["index"]), int(r["known_at"]), int(float(r["HighLow"])), float(r["Level"])) for r in rows}
    found = set(listed(swings(high, low, 4, 5)))
    tied = {e for e in golden if e[3] in (high if e[2] > 0 else low)[e[0] - 4 : e[0]]}
    assert (len(golden), len(tied)) == (711, 26)
    assert found == golden - tied
    assert set(listed(swings(high, low))) < found


@pytest.mark.real_data
def test_519_events_and_not_one_changes_in_100_prefixes(shared: Path) -> None:
    high, low, close = eurusd(shared, 3000)
    turning, broken = listed(swings(high, low)), listed(breaks(high, low, close))
    assert (len(turning), len(broken)) == (374, 145)
    for t in range(2000, 2300, 3):
        assert listed(swings(high[:t], low[:t])) == [e for e in turning if e[1] < t]
        assert listed(breaks(high[:t], low[:t], close[:t])) == [e for e in broken if e[1] < t]
