"""Extreme moves: the bar against the 14 before it, the same all at once and bar by bar."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quorum.domain import HOUR, Timeframe
from quorum.lake import Bars, synthetic_market
from quorum.signals import Circumstances, Conflict, extreme_move
from quorum.signals.pools import extreme_moves
from quorum.signals.pools.circumstances import RANGES, move, still

START = 1_700_000_000_000_000_000 // HOUR * HOUR


def bars(close: list[float], high: list[float] | None = None, low: list[float] | None = None) -> Bars:
    c = np.array(close)
    o = c if high is not None else None
    columns = [None if column is None else np.array(column) for column in (high, low)]
    return Bars("X", "sim", Timeframe(HOUR), START + np.arange(len(c)) * HOUR, c, o, *columns)


def quiet(last: float, n: int = RANGES + 1) -> list[float]:
    """`n` closes that change by 1, then one that is `last` away from them."""
    closes = [100.0 + k % 2 for k in range(n)]
    return [*closes, closes[-1] + last]


@pytest.mark.parametrize(("move_of", "found"), [(5.0, False), (5.01, True), (-5.01, True), (0.5, False)])
def test_a_move_above_five_average_ranges_is_extreme(move_of: float, found: bool) -> None:
    assert extreme_move(bars(quiet(move_of))) is found


def test_the_multiple_is_a_number_of_the_rules() -> None:
    assert extreme_move(bars(quiet(3.5)), multiple=3.0)
    assert not extreme_move(bars(quiet(6.0)), multiple=7.0)


def test_a_spike_within_the_bar_counts() -> None:
    closes = quiet(0.0)
    high, low = list(closes), list(closes)
    high[-1] += 6.0
    assert extreme_move(bars(closes, high, low))


@pytest.mark.parametrize("closes", [[], [100.0], quiet(50.0, RANGES), [100.0] * 15 + [200.0]])
def test_too_few_bars_or_a_flat_market_show_none(closes: list[float]) -> None:
    """A market that did not move at all has no range to compare with."""
    assert not extreme_move(bars(closes))


def test_a_missing_price_shows_none_until_it_is_fourteen_bars_ago() -> None:
    closes = quiet(50.0, 40)
    closes[30] = math.nan
    assert not extreme_moves(bars(closes), 5.0).any()
    closes = quiet(50.0, 47)
    closes[30] = math.nan
    assert extreme_moves(bars(closes), 5.0).tolist() == [0.0] * 47 + [1.0]


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 200), st.booleans(), st.sampled_from([1.5, 3.0]))
def test_bar_by_bar_it_is_the_same(cut: int, closes_only: bool, multiple: float) -> None:
    market = synthetic_market(cut, ["X"], Timeframe(HOUR), START, 200)["X"]
    if closes_only:
        market = replace(market, open=None, high=None, low=None)
    whole, motion = extreme_moves(market, multiple), still()
    for i, row in enumerate(market.rows()):
        motion, found = move(motion, (row.high, row.low, row.close), multiple)
        assert float(found) == whole[i]
    part = market.slice(0, cut)
    assert extreme_moves(part, multiple).tolist() == whole[:cut].tolist()
    assert extreme_move(part, multiple) is bool(cut and whole[cut - 1])


def test_calm_is_what_the_exceptions_leave() -> None:
    both = Conflict()
    assert Circumstances().calm(both)
    assert not Circumstances(extreme=True).calm(both)
    assert not Circumstances(news="statement").calm(both)
    assert Circumstances(extreme=True, news="statement").calm(Conflict(exceptions=()))
