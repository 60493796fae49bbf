"""Capacity: at the capital that it names, the impact of a real run has eaten what it says."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from quorum.domain import DAY, Timeframe
from quorum.engine import Backtest, Terms, backtest
from quorum.lake import Bars
from quorum.signals import AnyStrategy, from_batch
from quorum.stats.performance import volatility
from quorum.validation.evidence import Capacity, capacity
from validation.markets import START

LONG = Terms(fee_bps=0.0, starting_equity=1_000.0)


def rising(days: int = 800, volume: bool = True) -> Bars:
    """Daily bars that rise 0.2 % a day, with a million units traded."""
    rng = np.random.default_rng(0)
    close = 100.0 * np.exp(np.cumsum(rng.normal(0.002, 0.01, days)))
    start = np.append(100.0, close[:-1])
    high, low = np.maximum(start, close), np.minimum(start, close)
    time, traded = START + np.arange(days) * DAY, np.full(days, 1e6)
    return Bars("UP", "test", Timeframe(DAY), time, close, start, high, low, traded if volume else None)


def on_and_off() -> AnyStrategy:
    """Four days in the market, one out of it."""
    return from_batch("busy", lambda bars, p: (np.arange(len(bars)) % 5 != 4).astype(np.float64), 0)


def traded(terms: Terms = LONG, bars: Bars | None = None) -> Backtest:
    return backtest(bars or rising(), on_and_off(), {}, terms, None)


def yearly(result: Backtest) -> float:
    return float(result.daily[1].mean()) * 365.0


def test_at_the_capital_that_it_names_half_of_the_edge_is_gone() -> None:
    free = traded()
    found = capacity(free)
    assert found.half_edge > 1e4
    hit = traded(replace(LONG, impact=1.0, starting_equity=found.half_edge))
    small = traded(replace(LONG, impact=1.0, starting_equity=found.half_edge / 1e6))
    assert yearly(small) == pytest.approx(yearly(free), rel=0.01)
    assert 0.2 < 1.0 - yearly(hit) / yearly(free) < 0.8  # the run compounds and grows out of what it started with


def test_both_capitals_follow_the_square_root() -> None:
    free = traded()
    found, tighter = capacity(free), capacity(free, floor=2.0)
    edge, spread = yearly(free), volatility(free.daily[1], 365.0)
    cost = edge / 2.0 / math.sqrt(found.half_edge)
    assert math.sqrt(found.sharpe_floor) * cost == pytest.approx(edge - spread)
    assert math.sqrt(tighter.sharpe_floor) * cost == pytest.approx(edge - 2.0 * spread)
    assert capacity(free, floor=99.0).sharpe_floor == 0.0


def test_nobody_knows_without_volume_or_an_edge() -> None:
    assert math.isnan(capacity(traded(bars=rising(volume=False))).half_edge)
    bars = rising()
    falling = replace(bars, close=1e4 / bars.close, open=1e4 / bars.open, high=1e4 / bars.low, low=1e4 / bars.high)
    assert capacity(traded(bars=falling)).told() == {"half_edge": None, "sharpe_floor": None, "floor": 1.0}


def test_who_holds_all_along_can_hold_any_amount_after_the_first_days() -> None:
    hold = from_batch("hold", lambda bars, p: np.ones(len(bars)), 0)
    found = capacity(backtest(rising(), hold, {}, LONG, None))  # bought before any volume was measured
    assert found == Capacity(math.inf, math.inf, 1.0)
