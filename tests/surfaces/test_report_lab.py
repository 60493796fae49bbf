"""The lab's chapter: what was swept, judged and caught, as it is printed."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
import pytest
from numpy.typing import NDArray

from quorum.domain import Timeframe, parse_instant
from quorum.engine import Terms, backtest, grid, sweep
from quorum.engine.fakes import MemoryTrials
from quorum.lake import Bars, synthetic_market
from quorum.signals import Number, from_batch
from quorum.signals.strategies import DEMO_MA
from quorum.surfaces.report import Checked, LabStory, Proof
from quorum.surfaces.report.chapters.lab import chapter
from quorum.validation import L2, Effort, Inconclusive, WalkForwardResult, evidence, examine, judge, walk_forward

AXES = {"fast": [3, 5, 10], "slow": [20, 40]}
TERMS = Terms(sizing="weight")


def market(days: int) -> Bars:
    return synthetic_market(3, ["ALFAUSDT"], Timeframe.parse("1d"), parse_instant("2021-01-01"), days)["ALFAUSDT"]


def peek(bars: Bars, params: Mapping[str, Number]) -> NDArray[np.float64]:
    return np.append(bars.close[1:] > bars.close[:-1], False).astype(np.float64)


def story_of(days: int) -> LabStory:
    bars, trials = market(days), MemoryTrials()
    tried = sweep(bars, DEMO_MA, grid(DEMO_MA, AXES), TERMS, trials)
    forward = walk_forward(tried, DEMO_MA)
    effort = Effort(seconds=5.0, cuts=20, streaming=0.05, every=0.05)
    checked = tuple(
        Checked(examine(rule, [bars], effort=effort), backtest(bars, rule, {}, TERMS, trials))
        for rule in (DEMO_MA, from_batch("peek", peek, warmup=2))
    )
    tests = (checked[0].test,)
    if not isinstance(forward, WalkForwardResult):
        return LabStory(checked, tests, {"carry": "it has no funding"}, tried, forward)
    found = evidence(tried, forward, trials).evidence
    proof = Proof(forward, found, judge(found.metrics(), L2))
    return LabStory(checked, tests, {"carry": "it has no funding"}, tried, proof)


@pytest.fixture(scope="module")
def story() -> LabStory:
    return story_of(1_010)


def test_the_same_story_makes_the_same_chapter(story: LabStory) -> None:
    assert chapter(story) == chapter(story)


def test_the_map_has_every_combination_where_its_values_cross(story: LabStory) -> None:
    drawn, tried = chapter(story).map, story.tried
    assert drawn is not None
    assert (drawn.down, drawn.across, drawn.columns) == ("fast", "slow", ["20", "40"])
    for combination, sharpe in zip(tried.combinations, tried.sharpe, strict=True):
        cell = dict(drawn.rows)[str(combination["fast"])][drawn.columns.index(str(combination["slow"]))]
        assert cell is not None
        assert cell.value == sharpe
        assert cell.tone == ("up" if sharpe > 0 else "down")
    strengths = [cell.much for _, cells in drawn.rows for cell in cells if cell]
    assert max(strengths) == 60


def test_a_leak_is_told_with_its_column_and_row_and_the_clean_rule_without(story: LabStory) -> None:
    clean, leaking = chapter(story).checks
    assert (clean.strategy, clean.clean, clean.place) == ("demo_ma", True, "")
    assert (leaking.strategy, leaking.clean) == ("peek", False)
    assert leaking.place.startswith("column weight, row ")


def test_every_gate_stands_with_what_was_found_and_asked(story: LabStory) -> None:
    told, proof = chapter(story), story.proof
    assert isinstance(proof, Proof)
    gates = [row for row in proof.judgement.rows if row.gate.weight == "gate"]
    assert [row.name.replace(" ", "_") for row in told.gates] == [row.gate.metric for row in gates]
    assert all(row.meaning for row in told.gates)
    trades = next(row for row in told.gates if row.name == "trades")
    assert trades.threshold == ">= 100"
    assert trades.value == f"{proof.forward.oos.trades.profit.size:,}"
    held = sum(row.passed is True for row in told.gates)
    assert told.verdict.headline == f"Failed: {held} of {len(gates)} gates hold, and all have to"
    assert not math.isnan(proof.forward.walk.sharpe)


def test_too_few_days_are_told_and_nothing_is_drawn() -> None:
    short = story_of(400)
    told = chapter(short)
    assert isinstance(short.proof, Inconclusive)
    assert told.verdict.headline.startswith("Inconclusive")
    assert "1008 needed, 400 found" in told.verdict.why
    assert (told.growth, told.gates, told.walk_words) == (None, [], "")
