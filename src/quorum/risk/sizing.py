"""How large a trade is before the limits look at it."""

from __future__ import annotations

from decimal import Decimal

from quorum.domain import Instrument


def size_by_stop(equity: Decimal, price: Decimal, stop: Decimal, risk: Decimal, instrument: Instrument) -> Decimal:
    """The quantity, in lots, that loses `risk` (a fraction) of `equity` between `price` and `stop`.

    0 when equity is not positive or the stop lies at the price.
    """
    distance = abs(price - stop)
    if equity <= 0 or distance == 0:
        return Decimal(0)
    return instrument.quantity(equity * risk / distance)
