"""What a participant of a meeting puts forward, and what there is to trade."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from quorum.domain import DAY, Timeframe, content_hash


@dataclass(frozen=True, slots=True)
class Proposal:
    """An idea as data: a StrategySpec as plain values, or the name of a strategy, on symbols of one timeframe.

    `by` is who had it, `parent` the strategy that it was made from. `evidence` are numbers that speak for it, as
    plain values. `params` replace the strategy's defaults.
    """

    strategy: str | Mapping[str, Any]
    symbols: tuple[str, ...]
    timeframe: str
    hypothesis: str
    by: str
    venue: str | None = None
    params: Mapping[str, float] = field(default_factory=dict)
    parent: str | None = None
    evidence: Mapping[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return self.strategy if isinstance(self.strategy, str) else str(self.strategy["name"])

    @property
    def key(self) -> str:
        """The same for the same rule on the same bars, whoever had it."""
        return content_hash((self.strategy, self.symbols, self.timeframe, self.venue, dict(self.params)))[:12]

    def called(self, name: str) -> Proposal:
        """The same idea, its spec under another name."""
        return self if isinstance(self.strategy, str) else replace(self, strategy={**self.strategy, "name": name})


class Offer(NamedTuple):
    """A series that could be traded: from its first bar to the close of its last (ns UTC).

    `funding` says that rates of its perpetual are known, `closes_only` that it has no open, high, low and volume.
    """

    symbol: str
    venue: str
    timeframe: Timeframe
    first: int
    end: int
    funding: bool = False
    closes_only: bool = False

    @property
    def days(self) -> float:
        return (self.end - self.first) / DAY
