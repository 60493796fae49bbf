"""A baseline is a band in which a record like the tested one lies nineteen times in twenty."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from desk.deploying.climbed import START, daily
from quorum.desk.deploying import Baseline
from quorum.domain import DAY, UsageError
from quorum.validation.ladder import Passed, Tier, TierResult

DRAWN = np.random.default_rng(5).normal(0.001, 0.01, 756)


def result_of(returns: object) -> TierResult:
    data = {"symbols": ["BTCUSDT"], "data_hash": "x"}
    empty: dict[str, float] = {}
    told = daily(returns)  # type: ignore[arg-type]
    return TierResult(Tier.L2, Passed(), empty, (), 1, 1, data, empty, "code", 0, 1.0, 1.0, daily=told)


def baseline_of(returns: object) -> Baseline:
    return Baseline.of(result_of(list(returns)))  # type: ignore[call-overload]


FOUND = baseline_of(DRAWN)


def test_the_mean_and_its_band_are_those_of_the_days() -> None:
    found = FOUND
    assert found.mean == pytest.approx(DRAWN.mean())
    error = DRAWN.std(ddof=1) / np.sqrt(len(DRAWN))
    assert found.interval.low == pytest.approx(found.mean - 1.96 * error, abs=0.35 * error)
    assert found.interval.high == pytest.approx(found.mean + 1.96 * error, abs=0.35 * error)
    assert found.interval.low < found.mean < found.interval.high


def test_a_longer_horizon_has_a_narrower_band_of_the_mean() -> None:
    widths = [band.mean.high - band.mean.low for band in FOUND.bands]
    assert widths == sorted(widths, reverse=True)
    totals = [band.total.high - band.total.low for band in FOUND.bands]
    assert totals == sorted(totals)


def test_the_band_holds_what_comes_nineteen_times_in_twenty() -> None:
    found, rng = FOUND, np.random.default_rng(6)
    centre = found.mean
    inside = [found.against(rng.normal(centre, 0.01, 60)).inside for _ in range(200)]
    assert 0.89 <= np.mean(inside) <= 0.99


@settings(max_examples=20)
@given(st.integers(1, 400))
def test_a_record_of_the_same_days_lies_inside(days: int) -> None:
    found = FOUND
    standing = found.against([found.mean] * days)
    assert standing.inside
    assert standing.band.days == days
    assert standing.total == pytest.approx((1 + found.mean) ** days - 1)


def test_much_worse_and_much_better_days_lie_outside() -> None:
    found = FOUND
    assert not found.against([-0.01] * 60).inside
    assert not found.against([0.01] * 60).inside
    with pytest.raises(UsageError, match="nothing was traded"):
        found.against([])


def test_it_is_read_again_as_it_was_told() -> None:
    found = FOUND
    assert Baseline.read(json.loads(json.dumps(found.told()))) == found
    summary = found.summary()
    assert (summary["first"], summary["last"], summary["rows"]) == ("2018-01-01", "2020-01-26", 756)
    assert "returns" not in summary
    assert found.day[0] == START // DAY * DAY


def test_a_short_record_is_no_baseline() -> None:
    with pytest.raises(UsageError, match="59 days says nothing, 60 are needed"):
        baseline_of(DRAWN[:59])
    with pytest.raises(UsageError, match="0 days"):
        Baseline.of(replace(result_of([0.1]), daily=None))
