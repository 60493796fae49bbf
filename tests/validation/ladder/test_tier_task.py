"""The task `tier` of a worker: the workspace's bars, its trials and its files, in a process of its own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from desk.markets import write_bars
from quorum.bootstrap import open_desk, open_executor
from quorum.desk.settings.tiers import PROTOCOL_FILE
from quorum.desk.workspace import make_workspace
from quorum.domain import Done, Limits, Lost
from quorum.validation.ladder import Failed, Inconclusive, Passed, Tier, TierResult
from validation.ladder.grounds import START, swings

RISES = {
    "name": "rises",
    "summary": "long above the mean",
    "parameters": {"n": {"default": 3, "low": 2, "high": 40, "search": [2, 3, 4, 5]}},
    "long": "close > sma(close, n)",
    "exit_long": "close < sma(close, n)",
}
IDEA = {"strategy": RISES, "symbols": ["BTCUSDT"], "timeframe": "8h", "hypothesis": "what rises goes on rising"}
CLAIRVOYANT = """
import numpy as np
from quorum.signals import from_batch

strategy = from_batch("clairvoyant", lambda bars, p: np.append(np.diff(bars.close) > 0, False) * 1.0, lambda p: 2)
"""
BUDGET = {Tier.L0: (10.0, 200.0), Tier.L1: (30.0, 200.0), Tier.L2: (200.0, 500.0), Tier.L3: (60.0, 500.0)}
STRATEGIES = ("demo_ma", "trend_breakout", "mean_reversion", "momentum", "volatility", "pairs", "rotation")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with a market in which following pays."""
    folder = tmp_path_factory.mktemp("ladder")
    home = folder / ".quorum"
    make_workspace(home, ["momentum"])
    prices = swings(4, days=1200).close.tolist()
    open_desk(home).lake.import_path(write_bars(folder / "BTCUSDT.sim_8h.csv", prices, 8, start=START))
    (home / "config" / PROTOCOL_FILE).write_text("resamples: 300\nmonte_carlo_paths: 200\n", encoding="utf-8")
    (folder / "breaks.py").write_text("size = 1 / 0\n", encoding="utf-8")
    (folder / "clairvoyant.py").write_text(CLAIRVOYANT, encoding="utf-8")
    return home


def payload(home: Path, tier: Tier, idea: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    asked = {"home": str(home), "strategy_id": "STR-001", "tier": tier.value, "attempt": 1}
    return {**asked, "idea": idea or IDEA, "params": {}, **more}


def test_a_worker_answers_with_a_result_for_each_of_several(home: Path) -> None:
    payloads = [
        payload(home, Tier.L0),
        payload(home, Tier.L1),
        payload(home, Tier.L2),
        payload(home, Tier.L1, params={"n": 900}),
        payload(home, Tier.L1, {**IDEA, "symbols": ["ETHUSDT"]}),
        payload(home, Tier.L1, data={"days": 2000}),
        payload(home, Tier.L1, data={"venue": "elsewhere"}),
        payload(home, Tier.L0, {**IDEA, "strategy": str(home.parent / "clairvoyant.py")}),
        payload(home, Tier.L0, {**IDEA, "strategy": "nobody_knows_it"}),
        payload(home, Tier.L0, {**IDEA, "strategy": str(home.parent / "breaks.py")}),
        payload(home, Tier.L0, {"symbols": ["BTCUSDT"]}),
    ]
    with open_executor() as executor:
        outcomes = sorted(executor.run_many("tier", payloads, Limits(60.0, 500.0, 2)), key=lambda one: one.index)
    read = [TierResult.read(one.answer) if isinstance(one, Done) else one for one in outcomes]
    sound, lost = read[:10], read[10:]
    assert all(isinstance(one, TierResult) for one in sound), sound
    verdicts = [one.verdict for one in sound if isinstance(one, TierResult)]
    assert verdicts[:2] == [Passed(), Passed()]
    reasons = [getattr(verdict, "reason", type(verdict).__name__) for verdict in verdicts[3:]]
    flaw = "fundamental_strategy_flaw"
    assert reasons == ["parameter_out_of_bounds", "data_unavailable", "Passed", "data_unavailable", flaw, flaw, flaw]
    assert "it does not load: there is no strategy 'nobody_knows_it'" in getattr(verdicts[8], "why", "")
    assert "ZeroDivisionError" in getattr(verdicts[9], "why", "")
    assert all(isinstance(one, Lost) for one in lost)
    assert "an idea without 'strategy'" in str(lost[0])
    trials = open_desk(home).trials
    full = sound[2]
    assert isinstance(full, TierResult)
    assert full.trials == 4
    assert trials.count("clairvoyant") == 1


@pytest.mark.real_data
@pytest.mark.slow
def test_every_strategy_of_ours_climbs_within_its_budget_on_real_bars(tmp_path: Path, shared: Path) -> None:
    home = tmp_path / ".quorum"
    make_workspace(home, ["momentum"])
    lake = open_desk(home).lake
    lake.import_path(shared / "data" / "crypto" / "bars_1h")
    symbols = sorted(series.symbol for series in lake.series())
    symbols.insert(0, symbols.pop(symbols.index("BTCUSDT")))
    seconds = dict.fromkeys(STRATEGIES, 0.0)
    with open_executor() as executor:
        for tier, (most, memory) in BUDGET.items():
            ideas = [(name, [*symbols[:1], "ETHUSDT"] if name == "pairs" else symbols) for name in STRATEGIES]
            told = [{"strategy": name, "symbols": universe, "timeframe": "1h"} for name, universe in ideas]
            payloads = [payload(home, tier, idea) for idea in told]
            for one in executor.run_many("tier", payloads, Limits(300.0, memory, 2)):
                assert isinstance(one, Done), one
                result = TierResult.read(one.answer)
                assert isinstance(result.verdict, Passed | Failed | Inconclusive)
                assert one.cpu_seconds <= most, (tier, STRATEGIES[one.index])
                assert one.peak_mb <= memory
                seconds[STRATEGIES[one.index]] += one.cpu_seconds
    assert max(seconds.values()) <= 300.0, seconds
