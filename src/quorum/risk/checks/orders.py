"""The limits of an order itself: how large, how far from the last trade, how often, and not twice."""

from __future__ import annotations

from bisect import bisect_left
from decimal import Decimal

from quorum.domain import MINUTE, SECOND, ZERO, Check
from quorum.risk.around import Around
from quorum.risk.checks.ask import Ask, room

_UNKNOWN = Decimal(-1)


def order_checks(ask: Ask, around: Around) -> list[Check]:
    """Each limit of the order's size, price and rate. Where no trade is known its age is -1."""
    limits, asked = ask.limits, ask.asked
    found = []
    if limits.max_order_notional is not None:
        found.append(room(ask, "max_order_notional", limits.max_order_notional, ZERO))
    if limits.max_order_lots is not None:
        units = limits.max_order_lots * ask.instrument.lot
        found.append(Check("max_order_lots", ask.instrument.base, units, ZERO, asked, min(asked, units)))
    recent = recent_orders(around)
    most = limits.max_orders_per_minute
    allowed = asked if recent < most else ZERO
    found.append(Check("max_orders_per_minute", "orders", Decimal(most), Decimal(recent), asked, allowed))
    return found + _price_checks(ask, around)


def recent_orders(around: Around) -> int:
    """How many orders of the account are of the last minute."""
    # (t,) stands before every order of t: one that is exactly a minute old still counts.
    return len(around.orders) - bisect_left(around.orders, (around.now - MINUTE,))


def _price_checks(ask: Ask, around: Around) -> list[Check]:
    """Whether there is a last trade that is young enough, and how far from it the order may fill."""
    wish, limits, asked = ask.wish, ask.limits, ask.asked
    oldest, trade = Decimal(limits.last_trade_seconds), around.last.get(wish.symbol)
    if trade is None:
        return [Check("last_trade_seconds", "s", oldest, _UNKNOWN, asked, ZERO)]
    age = Decimal(abs(around.now - trade.time)) / SECOND
    most = limits.max_from_last_bps
    away = max(abs(wish.price - trade.price), abs(ask.worst - trade.price)) / trade.price * 10_000
    return [
        Check("last_trade_seconds", "s", oldest, age, asked, asked if age <= oldest else ZERO),
        Check("max_from_last_bps", "bps", most, away, asked, asked if away <= most else ZERO),
    ]


def duplicate(ask: Ask, around: Around, quantity: Decimal) -> Check:
    """Whether the order that is asked for, or what is left of it, was intended already a moment ago."""
    seconds, wish = ask.limits.duplicate_seconds, ask.wish
    start = bisect_left(around.orders, (around.now - seconds * SECOND,)) if seconds else len(around.orders)
    asked, symbol = ask.asked, wish.symbol
    same = [order for order in around.orders[start:] if order[1] == symbol]
    found = sum(side is wish.side and size in (asked, quantity) for _, _, side, size in same)
    return Check("duplicate_seconds", "s", Decimal(seconds), Decimal(found), asked, ZERO if found else asked)
