"""Limits over every account of the desk: what the other accounts hold and have lost, in the money of one book."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from quorum.domain import ZERO, UsageError

LOSSES = ("max_total_loss", "max_day_loss", "max_week_loss")
SUMMED = frozenset(
    {
        *LOSSES,
        *("max_position", "max_deployed", "max_strategy", "max_sector", "max_cluster", "max_leverage"),
        "max_orders_per_minute",
    }
)
"""The desk-wide limits that are of all accounts together; any other one bounds each book by itself."""
_MONEY = ("equity", "funded", "day_equity", "week_equity", "deployed")


@dataclass(frozen=True, slots=True)
class Wide:
    """Desk-wide `limits`, by the names of a book's, and all other accounts added up in a book's currency.

    `exposures` are by symbol and `strategies` by strategy, open orders included, `deployed` all of them; `orders` is
    the count of the last minute. `unrated` says of a currency why it has no rate: then nothing can be added up.
    UsageError, with the field's name, for a number that makes no sense.
    """

    limits: Mapping[str, Decimal]
    equity: Decimal = ZERO
    funded: Decimal = ZERO
    day_equity: Decimal = ZERO
    week_equity: Decimal = ZERO
    deployed: Decimal = ZERO
    exposures: Mapping[str, Decimal] = field(default_factory=dict)
    strategies: Mapping[str, Decimal] = field(default_factory=dict)
    orders: int = 0
    unrated: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in _MONEY:
            if not getattr(self, name).is_finite():
                raise UsageError(f"{name} = {getattr(self, name)} of the desk makes no sense", "give a finite number")
        if unknown := sorted(set(self.limits) - SUMMED):
            raise UsageError(f"{', '.join(unknown)} cannot be added up", f"these can: {', '.join(sorted(SUMMED))}")

    @classmethod
    def read(cls, values: Mapping[str, Any] | None) -> Wide | None:
        """The value whose plain form is `values`; None for None."""
        if values is None:
            return None
        exact: dict[str, Any] = {name: Decimal(values[name]) for name in _MONEY}
        for name in ("limits", "exposures", "strategies"):
            exact[name] = {key: Decimal(amount) for key, amount in values[name].items()}
        return cls(**{**values, **exact})

    def exposure_of(self, symbols: Iterable[str]) -> Decimal:
        """What the other accounts hold and have ordered of some symbols."""
        return sum([held for held in map(self.exposures.get, symbols) if held is not None], ZERO)

    def held_by(self, members: frozenset[str]) -> Decimal:
        """What a cluster's members, symbols or strategies, hold and have ordered there."""
        held = self.exposure_of(members)
        if self.strategies.keys().isdisjoint(members):
            return held
        return sum([self.strategies[name] for name in members if name in self.strategies], held)

    def about(self, symbols: frozenset[str] | None, strategies: frozenset[str]) -> Wide:
        """Only what a check of an order needs that looks at these; None for every symbol."""
        exposures = {s: held for s, held in self.exposures.items() if symbols is None or s in symbols}
        kept = {name: held for name, held in self.strategies.items() if name in strategies}
        return replace(self, exposures=exposures, strategies=kept)
