"""How new an idea is: its likeness to each one that is known, and what that makes of it."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from enum import StrEnum
from typing import NamedTuple

from quorum.discovery.fingerprint import Fingerprint
from quorum.discovery.space import HORIZONS
from quorum.domain import Timeframe

_RULE, _FAMILY, _UNIVERSE, _HORIZON, _DIRECTION = 0.45, 0.20, 0.15, 0.10, 0.10
_SAME_FORM = 0.9


class Novelty(StrEnum):
    """What the insight says of an idea."""

    NOVEL = "NOVEL"
    SIMILAR_WITH_TWIST = "SIMILAR_WITH_TWIST"
    DUPLICATE = "DUPLICATE"


class Bounds(NamedTuple):
    """From which likeness on an idea is similar, and above which it is a duplicate."""

    similar: float = 0.75
    duplicate: float = 0.95


BOUNDS = Bounds()


class Insight(NamedTuple):
    """The verdict, the likeness (0 to 1) to the known idea that comes nearest, and that one's name."""

    novelty: Novelty
    similarity: float
    like: str | None

    @property
    def value(self) -> float:
        """How new it is, 0 to 1."""
        return 0.0 if self.novelty is Novelty.DUPLICATE else 1.0 - self.similarity


def similarity(one: Fingerprint, other: Fingerprint) -> float:
    """How alike two ideas are, 0 to 1; 1 for the same rule on the same symbols and timeframe, whatever its parameters.

    The rule counts 0.45 (0.9 of it at most for rules that differ by more than names and parameters), the family 0.20,
    common symbols 0.15, horizon with timeframe 0.10, direction 0.10 (ours).
    """
    rule = 1.0 if one.rule == other.rule else _SAME_FORM * _common(one.traits, other.traits)
    sides = {one.direction, other.direction}
    direction = 1.0 if len(sides) == 1 else 0.5 if "both" in sides else 0.0
    return (
        _RULE * rule
        + _FAMILY * (one.family == other.family)
        + _UNIVERSE * _common(frozenset(one.symbols), frozenset(other.symbols))
        + _HORIZON * _near(one, other)
        + _DIRECTION * direction
    )


def insight(new: Fingerprint, known: Iterable[tuple[str, Fingerprint]], bounds: Bounds = BOUNDS) -> Insight:
    """What is to be said of a new idea beside the known ones, each with its name."""
    best, like = 0.0, None
    for name, other in known:
        found = similarity(new, other)
        if found > best:
            best, like = found, name
    best = round(best, 9)
    if best > bounds.duplicate:
        return Insight(Novelty.DUPLICATE, best, like)
    return Insight(Novelty.SIMILAR_WITH_TWIST if best >= bounds.similar else Novelty.NOVEL, best, like)


def _common(one: Collection[str], other: Collection[str]) -> float:
    both = set(one) | set(other)
    return len(set(one) & set(other)) / len(both) if both else 1.0


def _near(one: Fingerprint, other: Fingerprint) -> float:
    """1 for the same horizon on the same bars, half of it for either, a quarter for the next horizon."""
    apart = abs(HORIZONS.index(one.horizon) - HORIZONS.index(other.horizon))
    horizon = 0.5 if apart == 0 else 0.25 if apart == 1 else 0.0
    bars = Timeframe.parse(one.timeframe).nanoseconds, Timeframe.parse(other.timeframe).nanoseconds
    return horizon + 0.5 * min(bars) / max(bars)
