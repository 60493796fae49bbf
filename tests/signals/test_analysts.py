"""The laws of every analyst: one rule in two forms, nothing from the future, no data that makes it fall over."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from quorum.domain import HOUR, MINUTE, Abstain, Direction, Timeframe, View, canonical, parse_instant
from quorum.lake import Bars
from quorum.signals.absent import MICROSTRUCTURE, ML_MODEL
from quorum.signals.analyst import Analyst, Opinions, Silence, valid_bars
from quorum.signals.momentum import MOMENTUM
from quorum.signals.smc import SMC

ANALYSTS: tuple[Analyst, ...] = (SMC, MOMENTUM, MICROSTRUCTURE, ML_MODEL)
THINKING: tuple[Analyst, ...] = (SMC, MOMENTUM)
KINDS = ("walk", "wild", "flat", "halting", "holes", "closes", "trend")

every = pytest.mark.parametrize("analyst", ANALYSTS, ids=lambda a: a.name)
thinking = pytest.mark.parametrize("analyst", THINKING, ids=lambda a: a.name)


def market(seed: int, n: int, kind: str = "walk", scale: float = 100.0, timeframe: str = "1h") -> Bars:
    """Bars of a geometric walk of 4 steps a bar, made ill as `kind` says."""
    rng = np.random.default_rng(seed)
    steps = rng.normal(0.002 if kind == "trend" else 0.0, 0.08 if kind == "wild" else 0.003, (n, 4))
    if kind == "flat":
        steps[:] = 0.0
    if kind == "halting":
        steps[rng.random(n) < 0.5] = 0.0
        steps[n // 3 : n // 2] = 0.0
    path = scale * np.exp(np.cumsum(steps.ravel()).clip(-300, 300)).reshape(n, 4)
    open = np.concatenate([[scale], path[:-1, -1]])[:n]
    close, high, low = path[:, -1].copy(), np.maximum(path.max(1), open), np.minimum(path.min(1), open)
    if kind == "holes":
        for column in (open, high, low, close):
            column[rng.random(n) < 0.01] = rng.choice([np.nan, 0.0, -1.0, np.inf])
    frame = Timeframe.parse(timeframe)
    time = parse_instant("2024-01-01") + np.arange(n) * frame.nanoseconds
    if kind == "closes":
        return Bars("X", "test", frame, time, close)
    return Bars("X", "test", frame, time, close, open, high, low, np.ones(n))


def assert_same(one: Opinions, other: Opinions) -> None:
    for name, a, b in zip(Opinions._fields, one, other, strict=True):
        assert np.array_equal(a, b, equal_nan=name not in ("direction", "silence")), name


def head(opinions: Opinions, n: int) -> Opinions:
    return Opinions._make([*(column[:n] for column in opinions[:-1]), opinions.valid_bars])


def with_future(bars: Bars, cut: int, rng: np.random.Generator) -> Bars:
    """`bars` with everything from `cut` on replaced by noise."""
    columns: dict[str, NDArray[np.float64]] = {}
    for name in ("open", "high", "low", "close", "volume"):
        columns[name] = getattr(bars, name).copy()
        columns[name][cut:] = rng.lognormal(3.0, 2.0, len(bars) - cut)
    return Bars(bars.symbol, bars.venue, bars.timeframe, bars.time, **columns)


@every
@pytest.mark.parametrize("kind", KINDS)
def test_a_step_says_what_the_columns_say(analyst: Analyst, kind: str) -> None:
    bars = market(3, 400, kind)
    opinions, state = analyst.read(bars), analyst.start(bars)
    for i, row in enumerate(bars.rows()):
        state, said = analyst.step(state, row)
        row_of_columns = [*(float(column[i]) for column in opinions[:8]), *opinions.evidence[i]]
        assert np.array_equal([*map(float, said[:8]), *said.evidence], row_of_columns, equal_nan=True), i


@every
@pytest.mark.parametrize("kind", KINDS)
def test_a_shorter_series_gives_the_same_rows(analyst: Analyst, kind: str) -> None:
    bars, rng = market(11, 900, kind), np.random.default_rng(1)
    whole = analyst.read(bars)
    for cut in (0, 1, 2, 49, 50, 51, 168, 169, 170, *rng.integers(1, 900, 20).tolist()):
        assert_same(analyst.read(bars.slice(0, cut)), head(whole, cut))


@thinking
def test_another_future_changes_nothing_before_it(analyst: Analyst) -> None:
    bars, rng = market(12, 900), np.random.default_rng(2)
    whole = analyst.read(bars)
    for cut in rng.integers(100, 900, 10).tolist():
        other = analyst.read(with_future(bars, cut, rng))
        assert_same(head(other, cut), head(whole, cut))
        assert not np.array_equal(other.confidence, whole.confidence)


@given(
    st.integers(0, 2**32 - 1),
    st.sampled_from(KINDS),
    st.sampled_from([5e-324, 1e-300, 1e-8, 1.0, 6e4, 1e12, 1e300]),
    st.sampled_from(["1m", "1h", "1d", "1w"]),
)
@settings(max_examples=40, deadline=None)
def test_no_data_makes_an_analyst_fall_over(seed: int, kind: str, scale: float, timeframe: str) -> None:
    bars = market(seed, 220, kind, scale, timeframe)
    for analyst in ANALYSTS:
        opinions = analyst.read(bars)
        for i in range(len(bars)):
            signal = analyst.view(bars, opinions, i)
            assert (signal.source, signal.symbol) == (analyst.name, "X")
            assert signal.time == int(bars.time[i]) + bars.timeframe.nanoseconds
            if isinstance(signal, Abstain):
                assert signal.reason
                assert (opinions.direction[i], opinions.confidence[i]) == (0, 0.0)
            else:
                assert_speaks_well(signal)


def assert_speaks_well(view: View) -> None:
    """View has checked the sides; here: positive prices, a zone before the stop, targets in order, all on record."""
    canonical(view)
    assert view.rationale
    assert view.evidence
    assert all(parse_instant(str(e["known_at"])) <= view.time for e in view.evidence)
    if view.direction is Direction.NEUTRAL:
        assert (view.entry, view.stop, view.targets) == (None, None, ())
        return
    assert view.entry is not None
    assert view.stop is not None
    near = view.entry[0] if view.direction is Direction.BULLISH else view.entry[1]
    ordered = [view.direction.sign * p for p in (view.stop, near, view.entry_price, *view.targets)]
    assert ordered == sorted(ordered)
    assert ordered[0] < ordered[1] <= ordered[2] < ordered[3] < ordered[4]
    assert min(view.stop, *view.entry, *view.targets) > 0.0
    assert np.isfinite(max(view.stop, *view.entry, *view.targets))


@every
def test_the_last_signal_is_the_view_of_the_last_row(analyst: Analyst) -> None:
    for seed in range(8):
        bars = market(seed, 300)
        assert analyst.signal(bars) == analyst.view(bars, analyst.read(bars), 299)


@every
def test_no_bars_are_no_reason_to_fail(analyst: Analyst) -> None:
    signal = analyst.signal(market(1, 0))
    assert isinstance(signal, Abstain)
    assert signal.time == 0
    assert len(analyst.read(market(1, 0)).direction) == 0


@thinking
def test_an_analyst_lives(analyst: Analyst) -> None:
    """On a walk it takes a side in a fair share of bars, both sides, and is silent or neutral in the others."""
    direction = analyst.read(market(4, 20_000)).direction
    assert 0.25 < float((direction != 0).mean()) < 0.60
    assert float((direction > 0).mean()) > 0.1
    assert float((direction < 0).mean()) > 0.1


@thinking
def test_an_analyst_speaks_after_its_warm_up(analyst: Analyst) -> None:
    for timeframe in ("5m", "1h", "1d", "1w"):
        silence = analyst.read(market(6, 400, timeframe=timeframe)).silence
        assert Silence.TOO_FEW not in silence[analyst.warmup - 1 :]
        assert silence[0] == Silence.TOO_FEW


def test_absent_analysts_say_so_in_these_words() -> None:
    bars = market(7, 5)
    for analyst, name, reason in (
        (MICROSTRUCTURE, "microstructure", "no source"),
        (ML_MODEL, "ml_model", "no model"),
    ):
        known = int(bars.time[-1]) + HOUR
        assert analyst.signal(bars) == Abstain(name, "X", known, reason)
        assert analyst.signal(bars.slice(0, 0)) == Abstain(name, "X", 0, reason)


def test_an_opinion_holds_for_an_hour_or_four_bars() -> None:
    frames = ("1s", "1m", "7m", "15m", "20m", "1h", "1d")
    assert [valid_bars(Timeframe.parse(f)) for f in frames] == [3600, 60, 9, 4, 4, 4, 4]
    for timeframe, minutes in (("1m", 60), ("15m", 60), ("1h", 240), ("1d", 4 * 24 * 60)):
        view = next(v for v in map(MOMENTUM.signal, _markets(timeframe)) if isinstance(v, View))
        assert view.valid_minutes == minutes
        assert view.valid_minutes * MINUTE >= valid_bars(Timeframe.parse(timeframe))


def _markets(timeframe: str) -> list[Bars]:
    return [market(seed, 200, timeframe=timeframe) for seed in range(3)]


@thinking
@pytest.mark.real_data
@pytest.mark.parametrize("symbol", ["BTCUSDT", "SOLUSDT"])
def test_an_analyst_lives_on_hourly_crypto(analyst: Analyst, symbol: str, shared: Path) -> None:
    table = pl.read_parquet(shared / f"data/crypto/bars_1h/{symbol}.binance.parquet")
    columns = [table[name].to_numpy() for name in ("close", "open", "high", "low", "volume")]
    time = table["ts"].dt.timestamp("ns").to_numpy()
    bars = Bars(symbol, "binance", Timeframe.parse("1h"), time.copy(), *(c.copy() for c in columns))
    opinions = analyst.read(bars)
    share = float((opinions.direction != 0).mean())
    assert 0.25 < share < 0.60
    sides = [analyst.view(bars, opinions, i) for i in range(20_000, 21_000)]
    for view in sides:
        if isinstance(view, View):
            assert_speaks_well(view)
