"""What an analyst says: a View or an Abstain, never a zero in place of a silence."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import pairwise
from typing import Any

from quorum.domain.errors import InvalidSignal


class Direction(StrEnum):
    """Where a view expects the price to go."""

    BULLISH = "bullish"
    BEARISH = "bearish"
    NEUTRAL = "neutral"

    @property
    def sign(self) -> int:
        return {Direction.BULLISH: 1, Direction.BEARISH: -1, Direction.NEUTRAL: 0}[self]


@dataclass(frozen=True, slots=True)
class View:
    """An opinion of one source on one symbol, known at `time` (ns UTC).

    `confidence` is 0..1; `entry` is a zone (low, high); `stop` and `targets` are prices, nearest target first,
    and absent when the view is neutral; it is valid for `valid_minutes` after `time`. InvalidSignal unless the
    prices are positive and finite, the stop lies behind the whole zone and every target beyond it.
    """

    source: str
    symbol: str
    time: int
    direction: Direction
    confidence: float
    valid_minutes: int
    rationale: str
    entry: tuple[float, float] | None = None
    stop: float | None = None
    targets: tuple[float, ...] = ()
    evidence: tuple[Mapping[str, object], ...] = field(default=())

    def __post_init__(self) -> None:
        if not 0.0 <= self.confidence <= 1.0:
            raise InvalidSignal(f"{self.source}: confidence {self.confidence} is not within 0..1")
        if self.direction is not Direction.NEUTRAL:
            self._check_levels()
        elif self.entry is not None or self.stop is not None or self.targets:
            raise InvalidSignal(f"{self.source}: a neutral view has no entry, no stop and no target")

    def _check_levels(self) -> None:
        if self.entry is None or self.stop is None or not self.targets:
            raise InvalidSignal(f"{self.source}: a {self.direction} view needs an entry zone, a stop and a target")
        low, high = self.entry
        if not all(0.0 < price < math.inf for price in (low, high, self.stop, *self.targets)) or low > high:
            raise InvalidSignal(
                f"{self.source}: entry {low}..{high}, stop {self.stop}, targets {self.targets} are no prices in order"
            )
        sign, near = self.direction.sign, low if self.direction is Direction.BULLISH else high
        if sign * (near - self.stop) <= 0:
            raise InvalidSignal(f"{self.source}: stop {self.stop} is on the wrong side of the entry {low}..{high}")
        if any(sign * (target - self.entry_price) <= 0 for target in self.targets):
            raise InvalidSignal(f"{self.source}: a target of {self.targets} is on the wrong side of {low}..{high}")
        if any(sign * (after - before) < 0 for before, after in pairwise(self.targets)):
            raise InvalidSignal(f"{self.source}: the nearest of the targets {self.targets} must come first")

    @classmethod
    def read(cls, values: Mapping[str, Any]) -> View:
        """The view whose plain form is `values`; InvalidSignal when it contradicts itself."""
        given: dict[str, Any] = dict(values)
        low_high = given["entry"]
        return cls(
            **{
                **given,
                "direction": Direction(given["direction"]),
                "entry": None if low_high is None else (low_high[0], low_high[1]),
                "targets": tuple(given["targets"]),
                "evidence": tuple(given["evidence"]),
            }
        )

    @property
    def entry_price(self) -> float:
        """The far edge of the entry zone: the worst price at which the view still wants to enter."""
        if self.entry is None:
            raise InvalidSignal(f"{self.source}: a neutral view has no entry")
        return self.entry[1] if self.direction is Direction.BULLISH else self.entry[0]

    @property
    def reward_risk(self) -> float:
        """Distance to the first target over distance to the stop; 0 for a neutral view."""
        if self.stop is None or not self.targets:
            return 0.0
        return abs(self.targets[0] - self.entry_price) / abs(self.entry_price - self.stop)


@dataclass(frozen=True, slots=True)
class Abstain:
    """No opinion, with the reason; it is left out of the vote, and that is on record."""

    source: str
    symbol: str
    time: int
    reason: str

    @classmethod
    def read(cls, values: Mapping[str, Any]) -> Abstain:
        """The abstention whose plain form is `values`."""
        return cls(**values)


Signal = View | Abstain
