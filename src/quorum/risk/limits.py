"""The limits of one book."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from quorum.domain import UsageError

_TOPS = {"risk_per_trade": 1, "max_total_loss": 1, "price_collar_bps": 9_999}


@dataclass(frozen=True, slots=True)
class RiskLimits:
    """Limits of a book, as fractions of its equity unless named otherwise.

    `risk_per_trade` is what a stop may lose; `max_position` and `max_deployed` bound one symbol and all of them;
    `max_total_loss` is of the capital paid in; `max_borrowed` is what purchases may take beyond the cash at hand;
    `min_order_notional` is in the book's currency;
    `price_collar_bps` is how far from the decision's price an order may still fill.
    """

    risk_per_trade: Decimal = Decimal("0.005")
    max_position: Decimal = Decimal("0.40")
    max_deployed: Decimal = Decimal("0.60")
    max_total_loss: Decimal = Decimal("0.20")
    min_reward_risk: Decimal = Decimal("1.5")
    min_order_notional: Decimal = Decimal(10)
    price_collar_bps: Decimal = Decimal(100)
    allow_short: bool = False
    max_borrowed: Decimal = Decimal(0)

    @classmethod
    def read(cls, values: Mapping[str, Any]) -> RiskLimits:
        """The limits whose plain form is `values`."""
        given: dict[str, Any] = {k: Decimal(v) if isinstance(v, str) else v for k, v in values.items()}
        return cls(**given)

    def __post_init__(self) -> None:
        for name in ("risk_per_trade", "max_position", "max_deployed", "max_total_loss"):
            if getattr(self, name) <= 0:
                raise UsageError(f"{name} = {getattr(self, name)} must be above 0")
        for name in ("min_reward_risk", "min_order_notional", "price_collar_bps", "max_borrowed"):
            if getattr(self, name) < 0:
                raise UsageError(f"{name} = {getattr(self, name)} must not be negative")
        for name, top in _TOPS.items():
            if getattr(self, name) > top:
                raise UsageError(f"{name} = {getattr(self, name)} must not be above {top}")
