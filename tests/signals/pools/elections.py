"""Votes to count: drawn in great number, and one by one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from quorum.domain import MINUTE, Abstain, Direction, View
from quorum.signals.pools import POOLS, Count, Scene, Terms

NOW = 1_700_000_000_000_000_000
UP, DOWN, NEUTRAL = Direction.BULLISH, Direction.BEARISH, Direction.NEUTRAL


def view(source: str, direction: Direction, confidence: float, reward: float = 2.0, **more: Any) -> View:
    """A view of now, valid for an hour, whose first target is `reward` times as far as its stop."""
    prices: dict[str, Any] = {}
    if direction is not NEUTRAL:
        side = direction.sign
        prices = {"entry": (100.0, 100.0), "stop": 100.0 - side * 8.0, "targets": (100.0 + side * 8.0 * reward,)}
    given = {"valid_minutes": 60, "time": NOW, **prices, **more}
    return View(source, "BTC", direction=direction, confidence=confidence, rationale="why", **given)


def silent(source: str, reason: str = "no data") -> Abstain:
    return Abstain(source, "BTC", NOW, reason)


def stale(source: str, direction: Direction, confidence: float) -> View:
    return view(source, direction, confidence, time=NOW - 61 * MINUTE)


Election = tuple[Count, Terms, Scene]


def elections(n: int, seed: int, pool: str) -> Iterator[Election]:
    """`n` votes of one to seven participants, with ties and edges, under drawn rules."""
    rng = np.random.default_rng(seed)
    for _ in range(n):
        k = int(rng.integers(1, 8))
        side = rng.integers(-1, 2, k).astype(np.int8)
        sure = rng.integers(0, 21, k) / 20.0
        yield (
            Count(
                side=side,
                live=(side != 0) | (rng.random(k) < 0.5),
                confidence=sure,
                belief=np.clip(sure + rng.choice([0.0, 0.1], k), 0.5, 0.99),
                weight=rng.integers(0, 11, k) / 10.0,
                veto=rng.random(k) < 0.2,
                model=np.arange(k) == rng.integers(0, 2 * k),
            ),
            Terms(
                pool=POOLS[pool],
                threshold=float(rng.choice([0.5, 0.6, 0.8])),
                escalate_below=float(rng.choice([0.0, 0.15])),
                least_score=float(rng.choice([0.01, 0.25])),
                least_votes=int(rng.integers(0, 4)),
                exponent=float(rng.choice([1.0, 2.0])),
                strongest_wins=bool(rng.random() < 0.8),
                model_first=bool(rng.random() < 0.5),
            ),
            Scene(bool(rng.random() < 0.9), bool(rng.random() < 0.1), bool(rng.random() < 0.5)),
        )
