"""The analyst of structure: what it says of markets drawn by hand, its mirror, and its evidence."""

from __future__ import annotations

import numpy as np
import pytest

from quorum.domain import Abstain, Direction, Timeframe, View, parse_instant
from quorum.features.structure import breaks, swings
from quorum.lake import Bars
from quorum.signals.analyst import Opinions, Silence
from quorum.signals.smc import FLOOR, SMC, Facts

START = parse_instant("2024-03-01")
KEYS = ("trend", "kind", "freshness", "location", "optimal_entry", "imbalance")


def path(*turns: int, length: int = 8) -> list[float]:
    """Closes in straight lines from turn to turn, `length` bars each."""
    legs = [np.linspace(a, b, length, endpoint=False) for a, b in zip(turns, turns[1:], strict=False)]
    return [*np.concatenate(legs).tolist(), float(turns[-1])]


def candles(closes: list[float], wick: float = 0.5) -> Bars:
    close = np.array(closes)
    open = np.concatenate([close[:1], close[:-1]])
    high, low = np.maximum(open, close) + wick, np.minimum(open, close) - wick
    time = START + np.arange(len(close)) * Timeframe.parse("1h").nanoseconds
    return Bars("BTCUSDT", "test", Timeframe.parse("1h"), time, close, open, high, low, price_decimals=2)


def walk(seed: int, n: int) -> Bars:
    return candles((1000.0 + np.cumsum(np.random.default_rng(seed).normal(0, 2, n).round(2))).tolist())


RISE = path(100, 120, 108, 132, 118, 146, 130)
"""Higher highs and lows; the swing high at 132.5 is broken in bar 37, the last low is at 117.5, the last high 146.5."""


def said(bars: Bars) -> View:
    signal = SMC.signal(bars)
    assert isinstance(signal, View), signal
    return signal


def evidence(view: View, event: str) -> dict[str, object]:
    return dict(next(e for e in view.evidence if e["event"] == event))


def reason(bars: Bars) -> str:
    signal = SMC.signal(bars)
    assert isinstance(signal, Abstain), signal
    return signal.reason


def test_a_pullback_after_a_break_is_bought_behind_the_swing() -> None:
    bars = candles([*RISE, 128.0, 126.0])
    view = said(bars)
    average = float(evidence(view, "dealing range")["average_range"])  # type: ignore[arg-type]
    last = 126.0
    assert view.direction is Direction.BULLISH
    assert view.stop == pytest.approx(117.5 - 0.25 * average)
    assert view.entry == (pytest.approx(last - 0.5 * average), pytest.approx(last + 0.1 * average))
    risk = view.entry_price - view.stop
    assert view.targets == (pytest.approx(min(146.5, view.entry_price + 2 * risk)), pytest.approx(view.entry_price + 3 * risk))
