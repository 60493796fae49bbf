"""The quality of a consensus: a score, a tier, and what it recommends."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from quorum.domain import MINUTE, Signal, UsageError, View
from quorum.signals.consensus import Consensus
from quorum.signals.pools.counting import ROUNDING, Count
from quorum.stats import kernel

TIER_B, TIER_C = 0.65, 0.50
TIERS = (("A", 0.80), ("B", TIER_B), ("C", TIER_C), ("D", 0.35))
AGREEMENT, SOURCE, MOST_SOURCES = 0.1, 0.05, 0.15


@dataclass(frozen=True, slots=True)
class Adjustments:
    """What regime, session and volatility add to a score or take from it; None is one that is not built: it adds 0."""

    regime: float | None = None
    session: float | None = None
    volatility: float | None = None


@dataclass(frozen=True, slots=True)
class Quality:
    """How good a signal is: `score` in 0..1, tier A to F, recommendation, and `size` as a share of the normal one.

    It is valid until `valid_until` (ns UTC), for `valid_minutes` from the oldest view on; None without a side. `parts`
    are the numbers that add up to the score, and under `not_built` the names of those that are not there yet.
    """

    score: float
    tier: str
    recommendation: str
    size: float
    valid_minutes: int | None
    valid_until: int | None
    parts: Mapping[str, Any]


@kernel
def quality_score(code: int, count: Count) -> float:
    """The score of `quality` for the winning side `code` (1 or -1) of a vote, within 0..1."""
    winners = took_part = 0
    confidence = weighted = weights = 0.0
    for k in range(len(count.side)):
        took_part += count.live[k]
        if count.live[k] and count.side[k] == code:
            winners += 1
            confidence += count.confidence[k]
            weights += count.weight[k]
            weighted += count.weight[k] * count.confidence[k]
    mean = weighted / weights if weights > 0.0 else confidence / winners
    return min(1.0, mean + AGREEMENT * winners / took_part + min(SOURCE * winners, MOST_SOURCES))


def quality(
    outcome: Consensus, signals: Sequence[Signal], tier_c_size: float = 0.0, adjustments: Adjustments | None = None
) -> Quality:
    """Score the consensus of `signals`, which stand in the order of its votes.

    score = confidence + 0.1 agreement + min(0.05 sources, 0.15) + adjustments, kept within 0..1, where confidence is
    the mean stated confidence of the winning side's views by their weights (unweighted where these are all 0),
    agreement the winning side's share, by heads, of all who took part (neutral ones do), and sources how many views
    are on the winning side. A from 0.80, B from 0.65, C from 0.50, D from 0.35, else F. A and B recommend TRADE, C
    too when `tier_c_size` (0..1) is above 0, else MONITOR as D does; F is NO_TRADE. Without a winning side it is F
    with a score of 0. Valid as long as the winning side's shortest-lived view. (Source: the signal evaluator of the
    trading coordinator.) UsageError for a size outside 0..1.
    """
    if not 0.0 <= tier_c_size <= 1.0:
        raise UsageError(f"a size of {tier_c_size} for tier C", "give a share of the normal size, 0..1")
    wanted = f"for_{outcome.direction}"
    given = zip(signals, outcome.votes, strict=True)
    winners = [(s, v.weight) for s, v in given if v.choice == wanted and isinstance(s, View)]
    if outcome.lead is None or not winners:
        return Quality(0.0, "F", "NO_TRADE", 0.0, None, None, {})
    parts = _parts(winners, outcome, adjustments or Adjustments())
    score = min(1.0, max(0.0, math.fsum(v for v in parts.values())))
    tier = next((name for name, least in TIERS if score >= least - ROUNDING), "F")
    size = {"A": 1.0, "B": 1.0, "C": tier_c_size}.get(tier, 0.0)
    advice = "TRADE" if size > 0.0 else "NO_TRADE" if tier == "F" else "MONITOR"
    views = [view for view, _ in winners]
    ends = min(view.time + view.valid_minutes * MINUTE for view in views)
    missing = [name for name, value in _named(adjustments or Adjustments()).items() if value is None]
    told: dict[str, Any] = {**parts, "not_built": missing}
    return Quality(score, tier, advice, size, min(view.valid_minutes for view in views), ends, told)


def _parts(winners: Sequence[tuple[View, float]], outcome: Consensus, adjustments: Adjustments) -> dict[str, float]:
    took_part = sum(v.choice not in ("abstain", "dropped") for v in outcome.votes)
    total = math.fsum(weight for _, weight in winners)
    shares = [weight / total if total > 0.0 else 1.0 / len(winners) for _, weight in winners]
    return {
        "confidence": math.fsum(view.confidence * share for (view, _), share in zip(winners, shares, strict=True)),
        "agreement": AGREEMENT * len(winners) / took_part,
        "sources": min(SOURCE * len(winners), MOST_SOURCES),
        **{name: value or 0.0 for name, value in _named(adjustments).items()},
    }


def _named(adjustments: Adjustments) -> dict[str, float | None]:
    names = ("regime", "session", "volatility")
    return {name: getattr(adjustments, name) for name in names}
