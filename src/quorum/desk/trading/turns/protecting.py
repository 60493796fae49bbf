"""Stops that rest at the venue: for each strategy's holding one, and together no more than the account holds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal

from quorum.domain import ZERO, Order


def resting(symbol: str, opened: Iterable[Order]) -> list[Order]:
    """The open stops of a symbol."""
    return [order for order in opened if order.intent.symbol == symbol and order.intent.terms.kind.waits]


def in_the_way(change: Decimal, held: Decimal, stops: Iterable[Order], exclusive: bool) -> list[Order]:
    """The stops that have to go before an order that changes the account's `held` by `change`.

    Those of the same side, where not enough is left for all of them; at an exclusive venue also those of the other.
    """
    same = [order for order in stops if order.intent.side.sign * change > 0]
    other = [order for order in stops if order.intent.side.sign * change < 0] if exclusive else []
    promised = sum((order.remaining for order in same), ZERO)
    return other + (same if same and abs(change) + promised > abs(held) else [])


def room(key: str, held: Decimal, account: Decimal, stops: Mapping[str, Decimal]) -> Decimal:
    """How much of a strategy's holding a stop may let go of: no more than the account holds beside other stops."""
    if held * account <= 0:
        return ZERO
    others = sum((quantity for name, quantity in stops.items() if name != key), ZERO)
    free = max(ZERO, abs(account) - others)
    return min(abs(held), free).copy_sign(held)
