"""How often luck and skill get through the gates."""

from __future__ import annotations

import json

import numpy as np
import pytest

from quorum.validation import Draws, Rule, simulate_gates
from quorum.validation.gates.simulation import draw_grid
from quorum.validation.walkforward import span_sharpes


def test_a_grid_is_as_it_is_described() -> None:
    one = draw_grid(np.random.default_rng(1), 2.5)
    assert one.returns.shape == (400, 1260)
    ratios = span_sharpes(one.returns, 252.0)
    lifted = np.sort(np.argsort(ratios)[-25:])
    rows, columns = lifted // 20, lifted % 20
    assert (np.ptp(rows), np.ptp(columns)) == (4, 4)
    rest = np.delete(one.returns, lifted, axis=0)
    correlation = np.corrcoef(rest[:40])[np.triu_indices(40, 1)]
    assert correlation.mean() == pytest.approx(0.9, abs=0.01)
    assert rest.std() == pytest.approx(0.01, rel=0.05)
    assert ratios[lifted].mean() - np.delete(ratios, lifted).mean() == pytest.approx(2.5, abs=0.1)


def test_noise_hardly_passes_and_skill_mostly_shows() -> None:
    found = simulate_gates(10, seed=3, draws=Draws(paths=50, resamples=100))
    assert found.noise.passed <= 1
    assert found.noise.stopped["stability"] >= 8
    assert found.planted.stopped["oos_sharpe"] <= 1
    assert found.planted.stopped["pbo"] == 0
    assert found.planted.stopped["spa_p"] == 0
    assert found.planted.passed > found.noise.passed
    told = found.told()
    assert json.loads(json.dumps(told)) == told


@pytest.mark.slow
@pytest.mark.timeout(1200)
@pytest.mark.parametrize(("rule", "least"), [(Rule.BEST, 0.40), (Rule.PLATEAU, 0.60)])
def test_the_rates_of_200_grids_each(rule: Rule, least: float) -> None:
    found = simulate_gates(200, rule=rule)
    assert found.noise.interval.high <= 0.09
    assert found.planted.share >= least
