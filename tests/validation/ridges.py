"""Candidates drawn from a seed: returns without skill, with one skilled combination, on a grid."""

from __future__ import annotations

from itertools import product

import numpy as np
from numpy.typing import NDArray

from quorum.domain import DAY, parse_instant
from quorum.validation.walkforward import Tried

MONDAY = parse_instant("2018-01-01")


def square(side: int) -> tuple[dict[str, int], ...]:
    """A grid of fast and slow."""
    return tuple({"fast": i, "slow": j} for i, j in product(range(1, side + 1), repeat=2))


def tried(returns: NDArray[np.float64]) -> Tried:
    """Candidates with returns (k, d), on a square where k is one."""
    side = round(len(returns) ** 0.5)
    combinations = square(side) if side**2 == len(returns) else tuple({"n": i} for i in range(len(returns)))
    return Tried(combinations, MONDAY + np.arange(returns.shape[1]) * DAY, returns)


def noise(seed: int, k: int = 9, days: int = 400) -> Tried:
    return tried(np.random.default_rng(seed).normal(0.0, 0.01, (k, days)))


def skilled(seed: int, which: int = 4, k: int = 9, days: int = 400) -> Tried:
    """Noise of which one combination earns 0.3 % a day."""
    returns = np.random.default_rng(seed).normal(0.0, 0.01, (k, days))
    returns[which] += 0.003
    return tried(returns)
