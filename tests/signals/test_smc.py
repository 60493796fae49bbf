"""The analyst of structure: what it says of markets drawn by hand, its mirror, its evidence and its silences."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from quorum.domain import Abstain, Direction, Timeframe, View, iso, parse_instant
from quorum.features.imbalance import fair_value_gaps
from quorum.features.structure import breaks, swings
from quorum.lake import Bars
from quorum.signals.analyst import Silence
from quorum.signals.smc import FLOOR, SMC

HOUR = Timeframe.parse("1h")
START = parse_instant("2024-03-01")


def path(*turns: int, length: int = 8) -> list[float]:
    """Closes in straight lines from turn to turn, `length` bars each."""
    legs = [np.linspace(a, b, length, endpoint=False) for a, b in pairwise(turns)]
    return [*np.concatenate(legs).tolist(), float(turns[-1])]


def candles(closes: list[float], wick: float = 0.5) -> Bars:
    """Bars that open at the close before, with a wick on each end."""
    close = np.array(closes)
    open = np.concatenate([close[:1], close[:-1]])
    return bars_of(open, np.maximum(open, close) + wick, np.minimum(open, close) - wick, close)


def bars_of(*columns: NDArray[np.float64]) -> Bars:
    """Hourly bars with these opens, highs, lows and closes."""
    open, high, low, close = columns
    time = START + np.arange(len(close)) * HOUR.nanoseconds
    return Bars("BTCUSDT", "test", HOUR, time, close, open, high, low, price_decimals=2)


def walk(seed: int, n: int, start: float = 2048.0) -> Bars:
    """A walk on a grid of eighths."""
    steps = np.random.default_rng(seed).normal(0.0, 2.0, n)
    return candles((start + np.round(np.cumsum(steps) * 8) / 8).tolist(), wick=0.125)


# Higher highs and lows: the swing high at 132.5 is broken in bar 37, the last swings are 117.5 and 146.5. Of the
# last 14 bars 5 rise by 3.5 and 9 fall by 2, each with a wick of 0.5 at both ends.
PULLBACK = [*path(100, 120, 108, 132, 118, 146, 130), 128.0]
AVERAGE = (5 * 4.5 + 9 * 3.0) / 14


def said(bars: Bars) -> View:
    signal = SMC.signal(bars)
    assert isinstance(signal, View), signal
    return signal


def reason(bars: Bars) -> str:
    signal = SMC.signal(bars)
    assert isinstance(signal, Abstain), signal
    return signal.reason


def found(view: View, event: str) -> dict[str, Any]:
    return dict(next(e for e in view.evidence if e["event"] == event))


def test_a_pullback_after_a_break_is_bought_behind_the_swing() -> None:
    view = said(candles(PULLBACK))
    far, stop = 128.0 + 0.1 * AVERAGE, 117.5 - 0.25 * AVERAGE
    assert view.direction is Direction.BULLISH
    assert view.entry == (125.5, pytest.approx(far))
    assert view.stop == pytest.approx(stop)
    assert view.targets == (146.5, pytest.approx(far + 3 * (far - stop)))
    assert view.reward_risk == pytest.approx((146.5 - far) / (far - stop))
    assert found(view, "BOS")["level"] == 132.5
    assert found(view, "swing low")["role"] == "protects the stop"
    assert found(view, "fair value gap")["bottom"] == 125.5
    assert found(view, "confidence")["terms"] == pytest.approx(
        {
            "trend": 0.30,
            "kind": 0.10,
            "freshness": 0.20 * (1 - 12 / 48),
            "location": 0.35 * (0.5 - 10.5 / 29.0),
            "optimal_entry": 0.05,
            "imbalance": 0.15,
        }
    )
    assert "BOS above 132.50, 12 bars ago; 36% of the way from 117.50 to 146.50" in view.rationale


def test_times_of_the_evidence() -> None:
    view = said(candles(PULLBACK))
    bar = [iso(START + i * HOUR.nanoseconds) for i in range(60)]
    for event, at, sure in (("BOS", 37, 37), ("swing low", 32, 37), ("swing high", 40, 45)):
        assert (found(view, event)["time"], found(view, event)["known_at"]) == (bar[at], bar[sure + 1])
    assert found(view, "dealing range")["known_at"] == iso(view.time) == bar[50]


def test_without_a_swing_ahead_the_target_is_twice_the_risk() -> None:
    bars = candles([*PULLBACK, *path(131, 158, length=6)])
    view = said(bars)
    assert found(view, "swing high")["role"] == "ahead, broken"
    assert view.reward_risk == pytest.approx(2.0)
    assert view.targets[1] - view.entry_price == pytest.approx(1.5 * (view.targets[0] - view.entry_price))


def test_without_a_gap_the_zone_reaches_half_a_range_back() -> None:
    """Wicks that overlap leave no gap."""
    bars = candles(PULLBACK, wick=3.0)
    view, average = said(bars), AVERAGE + 5.0
    assert not any(e["event"] == "fair value gap" for e in view.evidence)
    assert view.entry == (pytest.approx(128.0 - 0.5 * average), pytest.approx(128.0 + 0.1 * average))


def test_a_market_upside_down_is_sold_where_the_other_is_bought() -> None:
    bars = walk(21, 4000)
    assert bars.open is not None
    assert bars.high is not None
    assert bars.low is not None
    mirror = SMC.read(bars_of(4096 - bars.open, 4096 - bars.low, 4096 - bars.high, 4096 - bars.close))
    plain = SMC.read(bars)
    assert (plain.direction != 0).sum() > 1000
    assert np.array_equal(mirror.direction, -plain.direction)
    assert np.array_equal(mirror.silence, plain.silence)
    for one, other in (
        (mirror.confidence, plain.confidence),
        (mirror.stop, 4096 - plain.stop),
        (mirror.target1, 4096 - plain.target1),
        (mirror.target2, 4096 - plain.target2),
        (mirror.entry_low, 4096 - plain.entry_high),
        (mirror.entry_high, 4096 - plain.entry_low),
    ):
        np.testing.assert_allclose(one, other, rtol=1e-12)


def test_the_evidence_is_true() -> None:
    """Every view stands on the events that the features know at its bar, and its terms add up."""
    bars = walk(22, 3000)
    assert bars.open is not None
    assert bars.high is not None
    assert bars.low is not None
    broke, turned = breaks(bars.high, bars.low, bars.close), swings(bars.high, bars.low)
    gaps, opinions = fair_value_gaps(bars.open, bars.high, bars.low, bars.close), SMC.read(bars)
    spoken = np.flatnonzero(opinions.direction)
    with_gap = 0
    for i in spoken[::4].tolist():
        view = SMC.view(bars, opinions, i)
        assert isinstance(view, View)
        last = np.flatnonzero(broke.known_at <= i)[-1]
        assert broke.side[last] == view.direction.sign
        assert found(view, "CHoCH" if broke.choch[last] else "BOS")["level"] == broke.level[last]
        for name, side in (("swing high", 1), ("swing low", -1)):
            newest = np.flatnonzero((turned.known_at <= i) & (turned.side == side))[-1]
            assert found(view, name)["level"] == turned.level[newest]
            assert found(view, name)["known_at"] == iso(int(bars.time[turned.known_at[newest]]) + HOUR.nanoseconds)
        for gap in (e for e in view.evidence if e["event"] == "fair value gap"):
            with_gap += 1
            open_now = (gaps.known_at <= i) & ((gaps.filled < 0) | (gaps.filled > i))
            same = (gaps.bottom == gap["bottom"]) & (gaps.top == gap["top"]) & (gaps.side == view.direction.sign)
            assert bool((open_now & same).any())
            average, close = found(view, "dealing range")["average_range"], float(bars.close[i])
            assert gap["top"] - gap["bottom"] >= 0.5 * average
            assert max(close - gap["top"], gap["bottom"] - close) <= average
        assert view.confidence == pytest.approx(sum(found(view, "confidence")["terms"].values()))
        assert FLOOR <= view.confidence <= 1.0
        assert view.reward_risk >= 1.0 - 1e-12
    assert len(spoken) > 500
    assert with_gap > 20


def test_a_break_counts_less_as_it_ages() -> None:
    opinions = SMC.read(walk(23, 2000))
    broke, freshness = opinions.evidence[:, 0], opinions.evidence[:, -4]
    waiting = (broke[1:] == broke[:-1]) & (freshness[:-1] > 0)
    assert waiting.sum() > 500
    assert bool((freshness[1:][waiting] < freshness[:-1][waiting]).all())


def test_silences_that_are_drawn() -> None:
    bars = candles(PULLBACK)
    assert reason(bars.slice(0, 12)) == "needs 50 bars, has 12"
    assert reason(candles([100.0] * 60, wick=0.0)) == "prices are flat over the last 14 bars"
    assert reason(candles(path(100, 200, length=60))) == "no break of structure yet"
    closes = Bars("BTCUSDT", "test", HOUR, bars.time, bars.close)
    assert reason(closes) == "needs high and low, the series has closes only"


def test_a_missing_price_silences_for_as_long_as_it_is_in_the_average() -> None:
    bars = candles([*PULLBACK, *path(127, 124, length=20)])
    assert bars.open is not None
    assert bars.high is not None
    assert bars.low is not None
    high = bars.high.copy()
    high[50] = np.nan
    silence = SMC.read(bars_of(bars.open, high, bars.low, bars.close)).silence
    assert set(silence[50:64].tolist()) == {Silence.BAD_PRICE}
    assert silence[49] == Silence.NONE
    assert silence[64] != Silence.BAD_PRICE


def test_silences_that_occur() -> None:
    expected = {
        Silence.UNSURE: r"confidence 0\.[0-3]\d is below 0\.40",
        Silence.POOR_REWARD: r"the swing ahead at [\d.]+ is nearer than the stop",
        Silence.UNPROTECTED: r"no unbroken swing protects a stop",
    }
    bars = walk(24, 4000)
    opinions = SMC.read(bars)
    for silence, words in expected.items():
        rows = np.flatnonzero(opinions.silence == silence)
        assert len(rows), silence
        for i in rows[:50].tolist():
            signal = SMC.view(bars, opinions, i)
            assert isinstance(signal, Abstain)
            assert re.fullmatch(words, signal.reason), signal.reason


def test_no_target_lies_below_zero() -> None:
    """A fall from 146 to about 2: three times the risk is more than the price."""
    bars = candles([*(150 - p for p in PULLBACK), 21.0, 20.0, *path(18, 2, length=4)], wick=0.25)
    opinions = SMC.read(bars)
    assert Silence.NO_ROOM in opinions.silence
    row = int(np.flatnonzero(opinions.silence == Silence.NO_ROOM)[0])
    signal = SMC.view(bars, opinions, row)
    assert isinstance(signal, Abstain)
    assert signal.reason == "stop and targets would not be positive prices in order"
