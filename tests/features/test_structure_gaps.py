"""Fair value gaps: the reference data, every state read slowly, and no state that changes later."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from quorum.domain import DataError
from quorum.features.imbalance import FILLED, Candle, Gap, Gaps, begin, depth, fair_value_gaps, follow

Floats = NDArray[np.float64]
Columns = tuple[Floats, Floats, Floats, Floats]
NEVER = -1


def listed(gaps: Gaps) -> list[tuple[Any, ...]]:
    return list(zip(*(c.tolist() for c in gaps), strict=True))


def known(gaps: Gaps, cut: int) -> list[tuple[Any, ...]]:
    """What was known of the gaps before bar `cut`: later ones left out, later states not reached."""
    return [(*e[:5], *(s if s < cut else NEVER for s in e[5:])) for e in listed(gaps) if e[1] < cut]


def first(condition: NDArray[np.bool_], start: int) -> int:
    hits = np.flatnonzero(condition[start:])
    return int(hits[0]) + start if len(hits) else NEVER


def slow_gaps(open: Floats, high: Floats, low: Floats, close: Floats) -> list[tuple[Any, ...]]:
    """The definition, with each state looked for on its own."""
    found: list[tuple[Any, ...]] = []
    for i in range(1, len(close) - 1):
        if high[i - 1] < low[i + 1] and close[i] > open[i]:
            bottom, top = float(high[i - 1]), float(low[i + 1])
            levels = [low <= top, low <= (top + bottom) / 2, low <= bottom, close < bottom]
        elif low[i - 1] > high[i + 1] and close[i] < open[i]:
            bottom, top = float(high[i + 1]), float(low[i - 1])
            levels = [high >= bottom, high >= (top + bottom) / 2, high >= top, close > top]
        else:
            continue
        side = 1 if close[i] > open[i] else -1
        found.append((i, i + 1, side, bottom, top, *(first(level, i + 2) for level in levels)))
    return found


@st.composite
def candles(draw: st.DrawFn) -> Columns:
    """Up to 50 bars that jump on a coarse grid, so that gaps, returns and ties are common."""
    bar = st.tuples(st.integers(-4, 4), st.integers(-5, 5), st.integers(0, 2), st.integers(0, 2))
    steps = draw(st.lists(bar, min_size=1, max_size=50))
    price, rows = 300.0, []
    for jump, body, up, down in steps:
        start, price = price + jump, price + jump + body
        rows.append((start, max(start, price) + up, min(start, price) - down, price))
    o, h, low, c = (np.array(column) for column in zip(*rows, strict=True))
    return o, h, low, c


@given(candles(), st.integers(0, 50))
@settings(deadline=None)
def test_gaps_and_their_states_are_those_of_the_definition(bars: Columns, cut: int) -> None:
    gaps = fair_value_gaps(*bars)
    assert listed(gaps) == slow_gaps(*bars)
    shorter = fair_value_gaps(*(c[:cut] for c in bars))
    assert listed(shorter) == known(gaps, cut)


@given(candles(), st.integers(1, 20))
@settings(deadline=None)
def test_the_stream_keeps_the_young_gaps_that_are_not_filled(bars: Columns, life: int) -> None:
    gaps, state = listed(fair_value_gaps(*bars)), begin(life)
    for i, row in enumerate(zip(*(c.tolist() for c in bars), strict=True)):
        state = follow(state, Candle(*row))
        held = {int(state.bar[k]) for k in range(life) if state.side[k] != 0}
        young = [e for e in gaps if i - life < e[1] <= i]
        assert held == {e[0] for e in young if e[7] == NEVER or e[7] > i}


def test_the_depth_of_a_bar_in_a_gap() -> None:
    rising, falling = Gap(1, 10.0, 14.0), Gap(-1, 10.0, 14.0)
    bars = [(15.0, 15.0), (14.0, 15.0), (12.0, 15.0), (10.0, 10.0), (9.0, 9.5)]
    assert [depth(rising, Candle(20.0, 21.0, low, close)) for low, close in bars] == [0, 1, 2, 3, 4]
    mirror = [(24.0 - low, 24.0 - close) for low, close in bars]
    assert [depth(falling, Candle(4.0, high, 3.0, close)) for high, close in mirror] == [0, 1, 2, 3, 4]
    assert FILLED == 3


def test_gaps_that_never_fill_cost_no_more_than_others() -> None:
    """100,000 open gaps: a rule that looks at all of them in every bar would need minutes."""
    up = 10.0 * np.arange(1.0, 100_001.0)
    price = np.concatenate([up, up[::-1]])
    gaps = fair_value_gaps(price, price + 6.0, price - 1.0, price + 5.0)
    assert len(gaps.bar) == len(up) - 1
    assert gaps.touched[0] == len(price) - 3
    assert bool((gaps.touched >= len(up)).all())


def test_columns_of_different_lengths_are_refused() -> None:
    with pytest.raises(DataError, match="no bars"):
        fair_value_gaps(np.ones(3), np.ones(3), np.ones(3), np.ones(2))


@pytest.mark.real_data
def test_the_reference_events(shared: Path) -> None:
    folder = shared / "reference/smc"
    with (folder / "EURUSD_15M.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))[:5000]
    bars = [np.array([float(r[k]) for r in rows]) for k in ("Open", "High", "Low", "Close")]
    with (folder / "eurusd_first5000_fvg_events.csv").open(encoding="utf-8") as file:
        golden = list(csv.DictReader(file))
    found = [(e[0], e[2], e[4], e[3], max(e[5], 0), e[1]) for e in listed(fair_value_gaps(*bars))]
    names = ("index", "FVG", "Top", "Bottom", "MitigatedIndex", "known_at")
    assert found == [tuple(float(r[n]) for n in names) for r in golden]
    assert len(found) == 1017


@pytest.mark.real_data
def test_the_reference_toys(shared: Path) -> None:
    for case in json.loads((shared / "reference/smc/toy_fvg.json").read_text(encoding="utf-8")):
        o, h, low, c = (np.array(column, float) for column in zip(*case["ohlc"], strict=True))
        gaps, expected = fair_value_gaps(o, h, low, c), case["expected"]
        if expected["FVG"] is None:
            assert listed(gaps) == []
            continue
        seen = [expected[k] for k in ("index", "known_at", "FVG", "bottom", "top", "first_touch_index")]
        filled = expected["full_fill_index"]
        assert [e[:6] for e in listed(gaps)] == [tuple(seen)]
        assert gaps.filled.tolist() == [NEVER if filled is None else filled]
