"""What comes after the instant changes no answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from desk.markets import ENTRY, write_bars
from desk.work.drawn import A_DAY, AN_HOUR, START, answer, looking_at, market, without
from quorum.desk import Desk
from quorum.domain import DAY, HOUR
from quorum.lake import Bars

AS_OF = START + 60 * DAY + 5 * HOUR
ANALYSES = (
    "training_data",
    "combined_features",
    "volatility_regime",
    "correlation_matrix",
    "key_levels",
    "higher_timeframe_bias",
    "points_of_interest",
    "liquidity_levels",
    "verify_data_feeds",
    "drawdown_status",
    "daily_risk_budget",
    "survey_data",
)


def with_future(bars: Bars, as_of: int, seed: int, count: int) -> Bars:
    """The bars that were closed by then, and `count` others after them."""
    known = bars.as_of(as_of)
    later = int(known.time[-1]) + bars.timeframe.nanoseconds * (1 + np.arange(count, dtype=np.int64))
    drawn = np.random.default_rng(seed)
    close = np.maximum(np.round(float(known.close[-1]) * np.exp(np.cumsum(drawn.normal(0, 0.2, count))), 2), 0.01)
    wild = {
        "open": close,
        "close": close,
        "high": np.round(close * 1.5, 2) + 0.01,
        "low": np.round(close * 0.5, 2),
        "volume": drawn.uniform(1, 1e6, count),
    }
    joined = {name: np.concatenate([getattr(known, name), column]) for name, column in wild.items()}
    low = np.maximum(joined["low"], 0.01)
    return replace(known, **{**joined, "low": low}, time=np.concatenate([known.time, later]))


def lake(seed: int, count: int) -> tuple[Bars, ...]:
    """Hours and days of two symbols; with a count of 0 nothing after AS_OF."""
    hours = [market(1_500, symbol=s) for s in ("BTCUSDT", "ETHUSDT")]
    days = market(70, A_DAY)
    late = replace(market(50, symbol="NEWUSDT"), time=AS_OF + np.arange(50, dtype=np.int64) * HOUR)
    known = [with_future(b, AS_OF, seed + k, count) for k, b in enumerate((*hours, days))]
    return (*known, late) if count else tuple(known)


def told(desk: Desk, task: str, bars: tuple[Bars, ...]) -> Any:
    return without(answer(looking_at(desk, *bars), task, AS_OF), "revision")


@pytest.mark.parametrize("task", ANALYSES)
def test_what_comes_after_the_instant_changes_no_answer(shared_desk: Desk, task: str) -> None:
    known = told(shared_desk, task, lake(0, 0))

    @settings(max_examples=25)
    @given(st.integers(0, 2**32 - 1), st.integers(1, 400))
    def holds(seed: int, count: int) -> None:
        assert told(shared_desk, task, lake(seed, count)) == known

    holds()


@pytest.mark.parametrize("task", ["data_windows", "walk_forward", "run_backtest"])
def test_nor_does_it_change_a_proof(shared_desk: Desk, task: str) -> None:
    plan: Mapping[str, Any] = {"strategy": "demo_ma", "n_windows": 2, "train_period": 20, "test_period": 10}
    more: Mapping[str, Any] = {"values": {"fast": [5, 10], "slow": [20, 30]}} if task == "walk_forward" else {}
    found = [
        without(answer(looking_at(shared_desk, *lake(seed, count)), task, AS_OF, **plan, **more), "trials_in_family")
        for seed, count in ((0, 0), (1, 30), (2, 300))
    ]
    assert found[0] == found[1] == found[2]


def test_what_is_imported_later_changes_no_answer_of_a_lake_on_disk(desk: Desk, tmp_path: Path) -> None:
    as_of, asked = ENTRY + 20 * HOUR, {"symbol": "CRASHUSDT"}
    tasks = [task for task in ANALYSES if task != "volatility_regime"]  # the drawn market has too few days for it
    before = [without(answer(desk, task, as_of, **asked), "revision") for task in tasks]
    last = int(desk.lake.bars("CRASHUSDT", AN_HOUR).time[-1])
    desk.lake.import_path(write_bars(tmp_path / "CRASHUSDT.sim_1h.csv", [50.0, 500.0, 5.0], start=last + HOUR))
    assert len(desk.lake.bars("CRASHUSDT", AN_HOUR).between(last + HOUR)) == 3
    assert [without(answer(desk, task, as_of, **asked), "revision") for task in tasks] == before
