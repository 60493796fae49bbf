"""When a venue trades, what an account may buy there, and in which order a batch leaves."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Protocol

from quorum.domain import Order, Side


class Hours(Protocol):
    """A venue's own word on time and means; BrokerUnreachable when it does not tell."""

    def closed_until(self, symbol: str) -> int | None:
        """When `symbol` trades next (ns UTC); None while it trades."""
        ...

    def buying_power(self) -> Decimal | None:
        """What new orders may cost in the account's currency; None where the venue has no such limit."""
        ...


class RoundTheClock:
    """Hours of a venue that never closes and lends nothing."""

    def closed_until(self, symbol: str) -> int | None:
        return None

    def buying_power(self) -> Decimal | None:
        return None


def sells_first(orders: Sequence[Order]) -> tuple[list[Order], list[Order]]:
    """The sells and the buys of a batch, each in its order.

    The sells go first and are followed to their end before a buy leaves: what a sale brings can be spent when it has
    filled, and not when it is placed.
    """
    sells = [order for order in orders if order.intent.side is Side.SELL]
    return sells, [order for order in orders if order.intent.side is Side.BUY]
