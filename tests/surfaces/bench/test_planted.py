"""The planted benchmark: what it says of its strategies is true, and a seed says all."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from quorum.bootstrap import use_kernel_cache
from quorum.domain import QuorumError, VirtualClock
from quorum.engine import Backtest, Terms, backtest
from quorum.lake import Lake
from quorum.signals import AnyStrategy, find_strategy
from quorum.signals.pools import WITHOUT_MODEL
from quorum.signals.specs import SpecStrategy, read_spec
from quorum.surfaces.bench.planted import (
    DEVELOPMENT,
    FAULTS,
    KINDS,
    STRENGTHS,
    TEST,
    TRUE_SHARPE,
    Case,
    Group,
    plant,
    planted,
    shape_of,
)
from quorum.surfaces.bench.planted.faults import plan
from quorum.surfaces.bench.planted.kinds import SHAPES
from quorum.surfaces.bench.planted.truth import YEAR, daily_of
from quorum.validation.life import Idea

use_kernel_cache()
FREE = Terms(fee_bps=0.0)


def ratio(returns: list[np.ndarray[tuple[int, ...], np.dtype[np.float64]]]) -> tuple[float, float]:
    """The yearly ratio of days put together, and its standard error (Lo 2002)."""
    days = np.concatenate(returns)
    daily = days.mean() / days.std(ddof=1)
    return float(daily * YEAR**0.5), float(((1 + daily**2 / 2) / len(days)) ** 0.5 * YEAR**0.5)


def drawn(name: str, markets: int, strength: float | None, terms: Terms) -> list[np.ndarray]:  # type: ignore[type-arg]
    """Daily returns of every shape of a kind in fresh markets."""
    kind = KINDS[name]
    return [
        daily_of(kind, shape_of(kind, k), STRENGTHS[name][k] if strength is None else strength, (9, k, i), terms)[0]
        for k in range(SHAPES)
        for i in range(markets)
    ]


def strategy_of(idea: Idea) -> AnyStrategy:
    if isinstance(idea.strategy, str):
        return find_strategy(idea.strategy, WITHOUT_MODEL)
    return SpecStrategy(read_spec(idea.strategy))


def traded(case: Case, idea: Idea, terms: Terms | None = None) -> Backtest:
    """The idea on the last 400 days of its venue's bars."""
    bars = next(bars for bars in case.draw() if bars.venue == idea.venue)
    newest = bars.between(int(bars.time[-1]) - 400 * 86_400 * 10**9)
    return backtest(newest, strategy_of(idea), idea.params, terms or Terms(), None)


def test_development_and_test_differ() -> None:
    assert DEVELOPMENT != TEST
    ours, theirs = planted(DEVELOPMENT, 12, 4, 4), planted(TEST, 12, 4, 4)
    for a, b in zip(ours, theirs, strict=True):
        assert a.draw()[0].data_hash != b.draw()[0].data_hash
        assert a.fault is None or a.twin != b.twin


def test_the_sound_rules_earn_what_is_stated() -> None:
    sharpe, error = ratio([daily for name in KINDS for daily in drawn(name, 1, None, Terms())])
    assert error < 0.06
    assert abs(sharpe - TRUE_SHARPE) < 3 * error


@pytest.mark.slow
@pytest.mark.parametrize("name", KINDS)
def test_each_kind_earns_what_is_stated(name: str) -> None:
    sharpe, error = ratio(drawn(name, 8, None, Terms()))
    assert error < 0.05
    assert abs(sharpe - TRUE_SHARPE) < 3 * error


@pytest.mark.slow
@pytest.mark.parametrize("name", KINDS)
def test_without_strength_there_is_nothing_to_earn(name: str) -> None:
    sharpe, error = ratio(drawn(name, 3, 0.0, FREE))
    assert abs(sharpe) < 3 * error


def test_a_seed_says_all() -> None:
    few, more = planted(TEST, 3, 3, 3), planted(TEST, 4, 5, 6)
    by_name = {case.name: case for case in more}
    for case in few:
        same = by_name[case.name]
        assert (case.idea, case.twin, case.fault) == (same.idea, same.twin, same.fault)
        assert [b.data_hash for b in case.draw()] == [b.data_hash for b in same.draw()]


def test_faults_are_planted_as_often_as_the_table_says() -> None:
    cases = planted(TEST, 60, 0, 0)
    found = Counter(case.fault.name for case in cases if case.fault)
    assert found == {fault.name: fault.times for fault in FAULTS}
    assert len(plan()) == 60
    assert {case.tier for case in cases} == {"L1", "L2"}
    assert len({case.fault.name for case in cases[:12] if case.fault}) >= 6


def test_every_strategy_is_a_family_of_its_own() -> None:
    specs = [read_spec(c.idea.strategy) for c in planted(TEST) if not isinstance(c.idea.strategy, str)]
    assert len({spec.spec_id for spec in specs}) == len(specs) > 300


@pytest.mark.parametrize("case", planted(DEVELOPMENT, 60, 0, 0), ids=lambda case: case.name)
def test_a_fault_changes_what_its_row_says(case: Case) -> None:
    assert case.fault is not None
    assert case.twin is not None
    if case.fault.late:
        assert case.idea == case.twin
        assert case.late is not None
        assert case.late < 1
    elif case.fault.dirty:
        assert case.idea.strategy == case.twin.strategy
        assert {bars.venue for bars in case.draw()} == {case.idea.venue, case.twin.venue}
    else:
        assert (case.idea.strategy, case.idea.params) != (case.twin.strategy, case.twin.params)
        assert case.idea.venue == case.twin.venue
        wrong = strategy_of(case.idea)
        if case.fault.name == "out_of_bounds":
            with pytest.raises(QuorumError, match="out of bounds"):
                traded(case, case.idea)
        else:
            assert wrong.parameters


def test_faults_hurt() -> None:
    """At the quick tier's own numbers most faulty ones fail and most twins pass; the tiers themselves decide later."""
    good, bad, tried = 0, 0, 0
    for case in planted(DEVELOPMENT, 60, 0, 0):
        assert case.fault is not None
        assert case.twin is not None
        if case.tier == "L1" and case.fault.name not in ("out_of_bounds", "slow"):
            twin, faulty = traded(case, case.twin), traded(case, case.idea)
            tried += 1
            good += twin.performance.sharpe > 0.5 and len(twin.trades) > 30
            bad += not (faulty.performance.sharpe > 0.5 and len(faulty.trades) > 30)
    assert good > 0.85 * tried
    assert bad > 0.8 * tried


def test_illusions_earn_before_costs_and_lose_after() -> None:
    cases = [case for case in planted(TEST, 0, 0, 60) if case.kind in ("bounce", "stale")]
    before, after = [], []
    for case in cases:
        before.append(traded(case, case.idea, FREE).performance.sharpe)
        after.append(traded(case, case.idea).performance.sharpe)
    assert len(cases) == 24
    assert np.mean(before) > 1.0
    assert max(after) < -0.5


def test_leaks_look_better_than_anything_can() -> None:
    cases = [case for case in planted(TEST, 0, 0, 60) if case.kind not in ("bounce", "stale")]
    kinds = {case.kind: traded(case, case.idea).performance.sharpe for case in cases}
    whole = {"scored_over_all", "scaled_over_all"}
    assert min(sharpe for kind, sharpe in kinds.items() if kind not in whole) > 4.0


def test_noise_earns_nothing_before_costs() -> None:
    results = [traded(case, case.idea, FREE) for case in planted(TEST, 0, 60, 0)]
    days = [result.daily[1] / max(float(result.daily[1].std()), 1e-12) for result in results]
    sharpe, error = ratio(days)
    assert abs(sharpe) < 3 * error


def test_markets_lie_in_a_lake(tmp_path: Path) -> None:
    lake = Lake(tmp_path, VirtualClock(0))
    cases = [case for case in planted(DEVELOPMENT, 12, 2, 2) if case.fault is None or case.fault.dirty]
    plant(lake, cases)
    for case in cases:
        for bars in case.draw():
            kept = lake.bars(bars.symbol, bars.timeframe, bars.venue)
            assert kept.data_hash == bars.data_hash
            assert kept.price_decimals == bars.price_decimals
    assert {case.group for case in cases} == set(Group)
