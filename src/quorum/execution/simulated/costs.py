"""What trading costs at the simulated venue."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal
from typing import Protocol

from quorum.domain import ZERO, UsageError


class Costs(Protocol):
    """What a venue takes for a fill; a resting order's fill moves no price and may have a fee of its own."""

    @property
    def max_volume_share(self) -> Decimal:
        """The most of a print's volume that a fill takes."""
        ...

    def worse(self, symbol: str, quantity: Decimal) -> Decimal:
        """The fraction by which taking `quantity` now makes its price worse."""
        ...

    def fee(self, quantity: Decimal, price: Decimal, resting: bool) -> Decimal:
        """The fee of a fill, in the quote currency."""
        ...

    def outlay(self, price: Decimal) -> Decimal:
        """What buying one unit at about `price` takes, a taker's slippage and fee included, impact and minimum not."""
        ...


@dataclass(frozen=True, slots=True)
class VenueCosts:
    """Fee and slippage in basis points of a fill's notional and price; a fill takes at most `max_volume_share` of its
    print's volume, and the rest waits for the next print.

    A limit that rested pays `maker_bps` where given. To the fee comes `fee_per_unit`; the whole is at least
    `minimum_fee`, rounded up to `fee_step`, 0 for no rounding.
    """

    fee_bps: Decimal = Decimal(10)
    slippage_bps: Decimal = Decimal(2)
    max_volume_share: Decimal = Decimal("0.1")
    maker_bps: Decimal | None = None
    fee_per_unit: Decimal = ZERO
    minimum_fee: Decimal = ZERO
    fee_step: Decimal = Decimal("1e-8")

    def __post_init__(self) -> None:
        least = min(self.fee_bps, self.slippage_bps, self.fee_per_unit, self.minimum_fee, self.fee_step)
        if least < 0 or not 0 < self.max_volume_share <= 1:
            raise UsageError(f"costs {self} make no sense", "fees and slippage are >= 0, the volume share in (0, 1]")

    def worse(self, symbol: str, quantity: Decimal) -> Decimal:
        """See Costs: the slippage, whatever the symbol and the quantity."""
        return self.slippage_bps / 10_000

    def fee(self, quantity: Decimal, price: Decimal, resting: bool) -> Decimal:
        """See Costs."""
        bps = self.maker_bps if resting and self.maker_bps is not None else self.fee_bps
        fee = max(quantity * (price * bps / 10_000 + self.fee_per_unit), self.minimum_fee or _LEAST)
        return fee.quantize(self.fee_step, ROUND_CEILING) if self.fee_step else fee

    def outlay(self, price: Decimal) -> Decimal:
        """See Costs."""
        return price * (1 + self.slippage_bps / 10_000) * (1 + self.fee_bps / 10_000) + self.fee_per_unit


_LEAST = Decimal("-Infinity")
