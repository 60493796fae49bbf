"""The kernel against bare loops of the same work, written elsewhere: the known answers, other seeds, other windows."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from engine.scripts import D1, START
from quorum.domain import MINUTE, Timeframe
from quorum.engine import Terms, backtest
from quorum.lake import Bars, Panel
from quorum.signals import ConsensusRules, find_strategy

pytestmark = pytest.mark.real_data
DEMO_MA, ROTATION = (find_strategy(name, ConsensusRules()) for name in ("demo_ma", "rotation"))
UNIT = Terms(sizing="units", starting_equity=1e6)
PANEL = Terms(starting_equity=1e7)
YEAR = 525_600


@pytest.fixture(scope="module")
def floor(shared: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location("floor", shared / "bench" / "floor.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def year(floor: ModuleType) -> tuple[Any, ...]:
    """The columns of T1, and the generator that T3 goes on with."""
    columns: tuple[Any, ...] = floor.minute_bars()
    return columns


@pytest.fixture(scope="module")
def minutes(year: tuple[Any, ...]) -> Bars:
    return bars_of_minutes(*year[:5])


def bars_of_minutes(*columns: NDArray[np.float64]) -> Bars:
    open_, high, low, close, volume = columns
    time = START + np.arange(len(close)) * MINUTE
    return Bars("T1", "test", Timeframe(MINUTE), time, close, open_, high, low, volume, price_decimals=2)


@pytest.mark.parametrize(
    ("fill", "final"),
    [
        ("next_open", 800_608.62836),
        ("next_open_presized", 800_608.62836),
        ("same_close", 800_728.22),
        ("next_close", 798_804.09),
    ],
)
def test_a_year_of_minutes_ends_where_it_is_known_to(minutes: Bars, fill: str, final: float) -> None:
    result = backtest(minutes, DEMO_MA, {}, Terms(sizing="units", starting_equity=1e6, fill=fill), None)
    assert result.final_equity == pytest.approx(final, abs=5e-3)
    assert (len(result.rows), result.unfilled) == (7_189, 0)
    assert len(result.trades) + int(result.trades.closed.sum()) == 7_189
    assert result.final_equity - 1e6 == pytest.approx(result.trades.profit.sum(), rel=1e-9)


def assert_as_the_bare_loop(floor: ModuleType, bars: Bars, fast: int, slow: int) -> None:
    equity = np.empty(len(bars))
    final, fills = floor.crossover(bars.open, bars.close, fast, slow, 0.001, 1e6, equity)
    result = backtest(bars, DEMO_MA, {"fast": fast, "slow": slow}, UNIT, None)
    assert result.final_equity == pytest.approx(final, abs=1e-4)
    assert len(result.rows) == fills
    assert np.abs(result.equity - equity).max() < 1e-4


@pytest.mark.parametrize(("seed", "fast", "slow"), [(1, 5, 30), (8, 20, 100), (21, 50, 200), (34, 13, 255)])
def test_other_markets_and_windows_end_where_the_bare_loop_does(
    floor: ModuleType, seed: int, fast: int, slow: int
) -> None:
    """In whole cents the loop's sums are exact too, so that a tie is one in both; 1e-4 of a cent is 1e-6 of a unit."""
    columns = floor.minute_bars(seed, 40_000)[:5]
    cents = tuple(np.rint(column * 100) for column in columns[:4])
    bars = bars_of_minutes(*cents, columns[4])
    assert_as_the_bare_loop(floor, bars, fast, slow)


@pytest.mark.slow
@pytest.mark.parametrize("windows", [(5, 110), (20, 100), (60, 200), (100, 300)])
def test_a_whole_year_ends_where_the_bare_loop_does(
    floor: ModuleType, year: tuple[Any, ...], windows: tuple[int, int]
) -> None:
    cents = tuple(np.rint(column * 100) for column in year[:4])
    assert_as_the_bare_loop(floor, bars_of_minutes(*cents, year[4]), *windows)


def panel_of_days(opens: NDArray[np.float64], closes: NDArray[np.float64]) -> Panel:
    days, symbols = closes.shape
    time = np.busday_offset("2014-01-02", np.arange(days)).astype("datetime64[ns]").astype(np.int64)
    names = tuple(f"S{j:03d}" for j in range(symbols))
    return Panel(names, "test", D1, time, closes, opens, np.maximum(opens, closes), np.minimum(opens, closes))


@pytest.mark.parametrize(("fill", "final"), [("next_open", 25_258_384.45), ("next_open_presized", 25_244_513.7527)])
def test_ten_years_of_500_symbols_end_where_they_are_known_to(
    floor: ModuleType, year: tuple[Any, ...], fill: str, final: float
) -> None:
    rng = np.random.default_rng(7)
    rng.bit_generator.state = year[5].bit_generator.state
    opens, closes, month_end = floor.daily_panel(rng)
    terms = Terms(starting_equity=1e7, fill=fill)
    result = backtest(panel_of_days(opens, closes), ROTATION, {"lookback": 120, "top": 75}, terms, None)
    assert result.final_equity == pytest.approx(final, abs=5e-3 if fill == "next_open" else 1e-4)
    assert len(result.rows) == 11_081
    if fill == "next_open":
        equity = np.empty(len(closes))
        floor.rotation(opens, closes, month_end, 0.001, 1e7, 75, 120, equity)
        assert np.abs(result.equity - equity).max() < 1e-5


@pytest.mark.parametrize(("seed", "symbols", "lookback", "top"), [(3, 40, 20, 5), (4, 25, 60, 25), (5, 60, 250, 1)])
def test_other_panels_end_where_the_bare_loop_does(
    floor: ModuleType, seed: int, symbols: int, lookback: int, top: int
) -> None:
    opens, closes, month_end = floor.daily_panel(np.random.default_rng(seed), symbols, 800)
    equity = np.empty(len(closes))
    final, fills = floor.rotation(opens, closes, month_end, 0.001, 1e7, top, lookback, equity)
    result = backtest(panel_of_days(opens, closes), ROTATION, {"lookback": lookback, "top": top}, PANEL, None)
    assert result.final_equity == pytest.approx(final, abs=1e-6)
    assert len(result.rows) == fills
    assert np.abs(result.equity - equity).max() < 1e-6
