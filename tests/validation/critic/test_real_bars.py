"""The critic on real hourly bars: what a tier told comes out again, on one market and on several."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from quorum.domain import HOUR, SystemClock, Timeframe
from quorum.engine.fakes import MemoryTrials
from quorum.lake import Lake
from quorum.signals import WITHOUT_MODEL, find_strategy
from quorum.validation.critic import review
from quorum.validation.ladder import LADDER, Asked, Passed, Tier, TierResult, check_tier


@pytest.mark.real_data
@pytest.mark.slow
@pytest.mark.parametrize("symbols", [("BTCUSDT",), ("BTCUSDT", "ETHUSDT", "SOLUSDT")])
def test_a_result_on_real_bars_comes_out_again(shared: Path, tmp_path: Path, symbols: tuple[str, ...]) -> None:
    lake = Lake(tmp_path, SystemClock())
    for symbol in symbols:
        lake.import_path(shared / "data" / "crypto" / "bars_1h" / f"{symbol}.binance.parquet")
    asked = Asked(find_strategy("demo_ma", WITHOUT_MODEL), symbols, Timeframe(HOUR))
    found = check_tier(LADDER, Tier.L2, asked, lake, MemoryTrials())
    result = TierResult.read(json.loads(json.dumps(found.told())))
    quiet = tuple({**d, "verdict": "pass"} for d in result.diagnostics)
    said = review(LADDER, asked, replace(result, verdict=Passed(), critic=(), diagnostics=quiet), lake)
    assert isinstance(said.verdict, Passed), said.told()
    assert said.rounds[0][0].evidence[0].value == 0.0
