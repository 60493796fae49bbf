"""What the evidence costs: overfitting, bootstrap, splits."""

from __future__ import annotations

import numpy as np

from quorum.stats import bootstrap_paths, combinatorial_splits, probability_of_overfitting
from quorum.surfaces.bench.clocks import cpu_of
from quorum.surfaces.bench.measure import Measure
from quorum.validation import Rule, simulate_gates

RUNS = 5
REPETITIONS = 200


def gates() -> list[Measure]:
    """How often the gates let noise pass, and a planted plateau: 200 grids each, by both rules of choosing."""
    plateau, best = (simulate_gates(REPETITIONS, 0, rule) for rule in (Rule.PLATEAU, Rule.BEST))
    noise, planted = plateau.noise, plateau.planted
    worst = max(planted.stopped, key=lambda gate: planted.stopped[gate], default="none")
    return [
        Measure("gates_noise", "noise that passes, 95 % upper bound", noise.interval.high, "share", target=0.09),
        Measure(
            "gates_planted",
            f"planted that pass (most stopped by {worst})",
            planted.share,
            "share",
            target=0.6,
            at_least=True,
        ),
        Measure("gates_noise_best", "noise that passes, best Sharpe chosen", best.noise.interval.high, "share"),
        Measure("gates_planted_best", "planted that pass, best Sharpe chosen", best.planted.share, "share"),
    ]


def statistics() -> list[Measure]:
    """PBO of 400 configurations, 1,000 bootstrap paths of 5 years, purged splits of 100,000 rows."""
    rng = np.random.default_rng(7)
    returns = rng.normal(0.0004, 0.01, (2_520, 400))
    days = rng.normal(0.0004, 0.01, 1_260)
    overfit = cpu_of(lambda: probability_of_overfitting(returns, 16), RUNS)
    paths = cpu_of(lambda: bootstrap_paths(days, 1_000), RUNS)
    splits = cpu_of(lambda: combinatorial_splits(100_000, 6, 2, purge=10, embargo=10), RUNS)
    return [
        Measure("pbo", "PBO, 16 blocks, 400 x 2,520 days", overfit, "CPU s", target=0.25),
        Measure("bootstrap", "1,000 bootstrap paths of 5 years", paths, "CPU s", target=0.1),
        Measure("cpcv", "purged splits of 100,000 rows", splits, "CPU s", target=0.1),
    ]
