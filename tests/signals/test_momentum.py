"""The analyst of momentum: its numbers worked out a second way, and the map from score to view."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from quorum.domain import Abstain, Direction, Timeframe, View, iso, parse_instant
from quorum.lake import Bars
from quorum.signals.analyst import Silence
from quorum.signals.momentum import MOMENTUM, horizons_of

START = parse_instant("2024-03-01")
Floats = NDArray[np.float64]


def closes(close: Floats, timeframe: str = "1h") -> Bars:
    frame = Timeframe.parse(timeframe)
    return Bars("X", "test", frame, START + np.arange(len(close)) * frame.nanoseconds, close)


def candles(seed: int, n: int) -> Bars:
    rng = np.random.default_rng(seed)
    close = 50.0 * np.exp(np.cumsum(rng.normal(0, 0.01, n)))
    open = close * np.exp(rng.normal(0, 0.004, n))
    high, low = (
        np.maximum(open, close) * (1 + rng.random(n) / 100),
        np.minimum(open, close) * (1 - rng.random(n) / 100),
    )
    frame = Timeframe.parse("1h")
    return Bars("X", "test", frame, START + np.arange(n) * frame.nanoseconds, close, open, high, low)


def walk(seed: int, n: int) -> Floats:
    return 100.0 * np.exp(np.cumsum(np.random.default_rng(seed).normal(0, 0.01, n)))


def steady(rate: float, n: int = 200) -> Floats:
    return 100.0 * np.exp(rate * np.arange(n))


@pytest.mark.parametrize("bars", [candles(1, 1200), closes(walk(2, 400))], ids=["candles", "closes"])
def test_the_numbers_of_every_row(bars: Bars) -> None:
    opinions = MOMENTUM.read(bars)
    log, close = np.log(bars.close), bars.close
    for i in range(168, len(bars)):
        volatility = np.sqrt(np.mean(np.diff(log[i - 168 : i + 1]) ** 2))
        z = [(log[i] - log[i - h]) / (volatility * np.sqrt(h)) for h in (12, 48, 168)]
        score = np.tanh(np.array(z) / 2).mean()
        window, before = slice(i - 13, i + 1), close[i - 14 : i]
        ranges = np.abs(close[window] - before)
        if bars.high is not None and bars.low is not None:
            ranges = np.maximum(bars.high[window], before) - np.minimum(bars.low[window], before)
        average = ranges.mean()
        np.testing.assert_allclose(opinions.evidence[i], [*z, score, volatility, average], rtol=1e-9)
        side = 0 if abs(score) < 0.25 else int(np.sign(score))
        assert opinions.direction[i] == side
        if side:
            far, stop = close[i] + side * 0.1 * average, close[i] - side * 2.5 * average
            expected = [stop, far + 2 * (far - stop), far + 3 * (far - stop)]
            levels = [opinions.stop[i], opinions.target1[i], opinions.target2[i]]
            np.testing.assert_allclose(levels, expected, rtol=1e-9)
            zone = sorted([far, close[i] - side * 0.5 * average])
            np.testing.assert_allclose([opinions.entry_low[i], opinions.entry_high[i]], zone, rtol=1e-9)
            assert opinions.confidence[i] == pytest.approx(0.5 + 0.45 * (abs(score) - 0.25) / 0.75)
    assert {-1, 0, 1} <= set(opinions.direction.tolist())


def test_a_steady_climb_has_a_finite_z() -> None:
    """Every return equal: z over h bars is the square root of h."""
    view = MOMENTUM.signal(closes(steady(0.01)))
    assert isinstance(view, View)
    assert view.direction is Direction.BULLISH
    z = [e["z"] for e in view.evidence if e["event"] == "move"]
    assert z == pytest.approx([np.sqrt(12), np.sqrt(48), np.sqrt(168)])
    assert 0.9 < view.confidence <= 0.95
    down = MOMENTUM.signal(closes(steady(-0.001)))
    assert isinstance(down, View)
    assert down.direction is Direction.BEARISH


def test_what_does_not_move_far_is_neutral_and_not_silent() -> None:
    close = 100.0 + np.tile([0.0, 1.0], 100)
    view = MOMENTUM.signal(closes(close))
    assert isinstance(view, View)
    assert (view.direction, view.confidence, view.targets) == (Direction.NEUTRAL, 0.5, ())
    assert "goes nowhere" in view.rationale


def test_the_rationale_names_each_horizon() -> None:
    bars = closes(walk(3, 300))
    view = MOMENTUM.signal(bars)
    assert isinstance(view, View)
    moves = [e for e in view.evidence if e["event"] == "move"]
    for event, h in zip(moves, (12, 48, 168), strict=True):
        assert f"{event['z']:+.2f} over {h} bars" in view.rationale
        assert event["level"] == bars.close[299 - h]
        assert event["time"] == iso(int(bars.time[299 - h]))


def test_horizons_follow_the_timeframe() -> None:
    found = {t: horizons_of(Timeframe.parse(t)) for t in ("1m", "12h", "1d", "3d", "1w")}
    assert found == {
        "1m": (12, 48, 168),
        "12h": (12, 48, 168),
        "1d": (21, 63, 126),
        "3d": (21, 63, 126),
        "1w": (4, 13, 26),
    }
    for timeframe, (_, _, longest) in found.items():
        silence = MOMENTUM.read(closes(walk(4, 200), timeframe)).silence
        assert int(np.flatnonzero(silence == Silence.NONE)[0]) == longest


def test_where_the_series_starts_does_not_matter() -> None:
    bars = candles(5, 700)
    whole = MOMENTUM.read(bars)
    for first in (1, 13, 14, 100, 169, 333):
        late = MOMENTUM.read(bars.slice(first, 700))
        for one, other in zip(late[:-1], whole[:-1], strict=True):
            assert np.array_equal(one[168:], other[first + 168 :], equal_nan=one.dtype == np.float64)


def test_silences() -> None:
    def reason(close: Floats) -> str:
        signal = MOMENTUM.signal(closes(close))
        assert isinstance(signal, Abstain)
        return signal.reason

    holed = walk(6, 300)
    holed[250] = 0.0
    assert reason(walk(6, 57)) == "needs 169 bars, has 57"
    assert reason(np.full(200, 3.0)) == "prices are flat over the last 14 bars"
    assert reason(holed) == "a close of the last 169 bars is missing or not positive"
    assert reason(holed[:251]) == reason(holed)
    plunge = np.concatenate([np.full(180, 100.0), 100.0 * 0.6 ** np.arange(20)])
    assert reason(plunge) == "stop and targets would not be positive prices in order"
