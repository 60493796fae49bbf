"""How much a backtest takes: six thousand symbols, and two hundred runs in one process."""

from __future__ import annotations

import resource
from pathlib import Path

import numpy as np
import pytest

from engine.scripts import D1, H1, START, PanelScript
from quorum.domain import DAY
from quorum.engine import Terms, backtest
from quorum.lake import Panel, synthetic_market
from quorum.signals import ConsensusRules, find_strategy

pytestmark = pytest.mark.slow
DEMO_MA = find_strategy("demo_ma", ConsensusRules())
SYMBOLS, DAYS, GB = 6_000, 2_520, 1e9


def resident() -> int:
    """Bytes of this process that are in memory."""
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * resource.getpagesize()


def test_six_thousand_symbols_over_ten_years() -> None:
    """Monthly equal weights of changing halves: prices 0.24 GB for opens and closes, and little beside them."""
    rng = np.random.default_rng(1)
    close = 50 * np.exp(np.cumsum(rng.normal(0, 0.01, (DAYS, SYMBOLS)), axis=0))
    start = close * 1.001
    close[:500, : SYMBOLS // 3] = start[:500, : SYMBOLS // 3] = np.nan
    names = tuple(f"S{j}" for j in range(SYMBOLS))
    panel = Panel(names, "test", D1, START + np.arange(DAYS) * DAY, close, start, start, close)
    held = rng.random((DAYS // 21, SYMBOLS)) < 0.5
    script = PanelScript({21 * q: row / SYMBOLS for q, row in enumerate(held[:, :])})  # type: ignore[misc]
    before = resident()
    result = backtest(panel, script, {}, Terms(), None)
    taken = resident() - before
    assert len(result.rows) > 100 * SYMBOLS / 2
    assert np.isfinite(result.equity).all()
    assert taken < 0.5 * GB


def test_two_hundred_runs_leave_memory_as_it_was() -> None:
    bars = synthetic_market(1, ["A"], H1, START, 20_000)["A"]
    runs = [{"fast": 5 + i % 20, "slow": 60 + i} for i in range(200)]

    def run(params: dict[str, int]) -> int:
        result = backtest(bars, DEMO_MA, params, Terms(sizing="units"), None)
        return len(result.trades) + len(result.fills)

    for params in runs[:20]:
        run(params)
    before = resident()
    assert all(run(params) > 0 for params in runs)
    assert resident() < before * 1.01
