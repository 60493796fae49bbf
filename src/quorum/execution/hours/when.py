"""When a venue trades, what an account may buy there, and in which order a batch leaves."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Protocol

from quorum.domain import Clock, Order, Side


class Hours(Protocol):
    """A venue's own word on time and means; BrokerUnreachable when it does not tell."""

    def trades(self, symbol: str) -> bool:
        """Whether `symbol` is traded there at all."""
        ...

    def closed_until(self, symbol: str) -> int | None:
        """When `symbol` trades next (ns UTC); None while it trades."""
        ...

    def opens_by_auction(self, symbol: str, at: int) -> bool:
        """Whether an order for the next opening of `symbol` may be placed at `at` (ns UTC)."""
        ...

    def skew(self) -> int:
        """How far the venue's clock is ahead of ours, in ns."""
        ...

    def buying_power(self) -> Decimal | None:
        """What new orders may cost in the account's currency; None where the venue has no such limit."""
        ...


class RoundTheClock:
    """Hours of a venue that never closes and lends nothing, and trades whatever has prices."""

    def trades(self, symbol: str) -> bool:
        return True

    def closed_until(self, symbol: str) -> int | None:
        return None

    def opens_by_auction(self, symbol: str, at: int) -> bool:
        return False

    def skew(self) -> int:
        return 0

    def buying_power(self) -> Decimal | None:
        return None


class VenueClock:
    """Time by a venue's clock: ours, moved by how far the venue's was ahead when it was last set."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._ahead = 0

    def set(self, hours: Hours) -> None:
        """Ask the venue; BrokerUnreachable when it does not tell."""
        self._ahead = hours.skew()

    def now(self) -> int:
        return self._clock.now() + self._ahead


def sells_first(orders: Sequence[Order]) -> tuple[list[Order], list[Order]]:
    """The sells and the buys of a batch, each in its order.

    The sells go first: what a sale brings can be spent when it has filled, and not when it is placed.
    """
    sells = [order for order in orders if order.intent.side is Side.SELL]
    return sells, [order for order in orders if order.intent.side is Side.BUY]
