"""The limits that a book knows by itself."""

from __future__ import annotations

from decimal import Decimal

from quorum.domain import ZERO, Check, Purpose, Side
from quorum.risk.checks.ask import Ask, risk_room, room


def book_checks(ask: Ask) -> list[Check]:
    """Each limit's check, before what is left is cut to whole lots."""
    wish, book, limits, equity = ask.wish, ask.book, ask.limits, ask.equity
    found = _gates(ask)
    found.append(room(ask, "max_position", equity * limits.max_position, book.exposure(wish.symbol)))
    found.append(room(ask, "max_deployed", equity * limits.max_deployed, book.deployed))
    if wish.side is Side.BUY:
        found.append(room(ask, "cash", book.cash + equity * limits.max_borrowed, book.reserves))
    if ask.risk is not None:
        found.append(risk_room(ask, "risk_per_trade", equity * limits.risk_per_trade, ZERO, ask.risk))
    return found


def _gates(ask: Ask) -> list[Check]:
    """Conditions that a proposal meets or not."""
    wish, book, limits = ask.wish, ask.book, ask.limits
    asked, equity = ask.asked, book.equity
    floor = book.funded * (1 - limits.max_total_loss)
    found = [Check("max_total_loss", ask.money, floor, equity, asked, asked if equity > floor else ZERO)]
    if wish.side is Side.SELL:
        allowed = asked if limits.allow_short else ZERO
        found.append(Check("allow_short", "bool", Decimal(int(limits.allow_short)), ZERO, asked, allowed))
    if wish.purpose is Purpose.SIGNAL:
        ratio = wish.reward_risk or ZERO
        allowed = asked if wish.exit.stop is not None and ratio >= limits.min_reward_risk else ZERO
        found.append(Check("min_reward_risk", "ratio", limits.min_reward_risk, ratio, asked, allowed))
    return found


def smallest(ask: Ask, quantity: Decimal) -> Check:
    """Whether the quantity that the other checks leave is an order at all."""
    limit, notional = max(ask.limits.min_order_notional, ask.instrument.min_notional), quantity * ask.wish.price
    asked = ask.asked
    allowed = asked if quantity > 0 and notional >= limit else ZERO
    return Check("min_order_notional", ask.money, limit, notional, asked, allowed)
