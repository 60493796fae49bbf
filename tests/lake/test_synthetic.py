"""The made-up market: the same for the same seed, consistent bar by bar, and shaped like a real one."""

from __future__ import annotations

import numpy as np
import pytest

from lake.tables import START
from quorum.domain import DAY, HOUR, Timeframe, UsageError
from quorum.lake import Bars, synthetic_market
from quorum.lake.quality import find_decimals, inspect, row_faults

NAMES = ("BTCUSDT", "ETHUSDT", "SOLUSDT", "ADAUSDT")
LENGTHS = {"1m": 40_000, "15m": 15_000, "1h": 12_000, "4h": 6_000, "1d": 3_000}


def market(timeframe: str, seed: int = 3) -> dict[str, Bars]:
    return synthetic_market(seed, NAMES, Timeframe.parse(timeframe), START, LENGTHS[timeframe])


def returns(bars: Bars) -> np.ndarray:
    return np.diff(np.log(bars.close))


def test_a_seed_is_a_market() -> None:
    first, again, other = market("1h"), market("1h"), market("1h", seed=4)
    assert {n: b.data_hash for n, b in first.items()} == {n: b.data_hash for n, b in again.items()}
    assert not {b.data_hash for b in first.values()} & {b.data_hash for b in other.values()}


@pytest.mark.parametrize("timeframe", ["1m", "1d"])
def test_a_longer_run_begins_with_the_shorter_one_whoever_else_is_there(timeframe: str) -> None:
    length = Timeframe.parse(timeframe)
    whole = synthetic_market(9, NAMES, length, START, 2_000)
    for count in (1, 2, 777, 1_999):
        part = synthetic_market(9, NAMES[1:2], length, START, count)
        assert part["ETHUSDT"].data_hash == whole["ETHUSDT"].slice(0, count).data_hash


@pytest.mark.parametrize("timeframe", LENGTHS)
def test_every_bar_is_possible_and_on_its_grid(timeframe: str) -> None:
    for bars in market(timeframe).values():
        columns = {n: c for n, c in bars.columns().items() if n != "time"}
        assert not row_faults(columns).any()
        decimals = find_decimals({n: c for n, c in columns.items() if n != "volume"})
        assert decimals is not None
        assert bars.price_decimals is not None
        assert decimals <= bars.price_decimals
        found = inspect(bars, "24/7")
        assert (found.gaps, found.off_grid, found.zero_volume, found.stale_tail) == ((), (), (), 0)


@pytest.mark.parametrize("timeframe", LENGTHS)
def test_returns_look_like_a_markets(timeframe: str) -> None:
    made = market(timeframe)
    moves = np.array([returns(b) for b in made.values()])
    among = np.corrcoef(moves)[np.triu_indices(len(NAMES), 1)]
    assert 0.25 < among.min() <= among.max() < 0.9, "assets move together, not as one"
    for bars, r in zip(made.values(), moves, strict=True):
        assert ((r - r.mean()) ** 4).mean() / r.var() ** 2 - 3 > 1, "fat tails"
        size = np.abs(r)
        assert np.corrcoef(size[1:], size[:-1])[0, 1] > 0.08, "volatility comes in clusters"
        assert abs(np.corrcoef(r[1:], r[:-1])[0, 1]) < 0.08, "direction does not"
        yearly = r.std() * np.sqrt(365 * DAY / bars.timeframe.nanoseconds)
        assert 0.15 < yearly < 2.0
        assert bars.volume is not None
        assert np.corrcoef(np.log(bars.volume[1:]), size)[0, 1] > 0.2, "moves come with volume"


def test_the_day_has_its_busy_hours() -> None:
    bars = market("1h")["BTCUSDT"]
    assert bars.volume is not None
    hour = bars.time % DAY // HOUR
    assert bars.volume[(hour >= 13) & (hour < 17)].mean() > 1.5 * bars.volume[(hour >= 1) & (hour < 5)].mean()


def test_highs_and_lows_reach_as_far_as_a_random_walk_does() -> None:
    bars = market("1h")["ETHUSDT"]
    assert bars.open is not None
    assert bars.high is not None
    assert bars.low is not None
    reach = np.mean(np.log(bars.high / bars.low) ** 2) / (4 * np.log(2))
    assert reach / np.mean(np.log(bars.close / bars.open) ** 2) == pytest.approx(1.0, abs=0.15), "Parkinson (1980)"


@pytest.mark.parametrize(("symbols", "count"), [((), 5), (("A", "A"), 5), (("A",), 0)])
def test_no_market_is_made_of_nothing(symbols: tuple[str, ...], count: int) -> None:
    with pytest.raises(UsageError, match="make no market"):
        synthetic_market(1, symbols, Timeframe.parse("1h"), START, count)
