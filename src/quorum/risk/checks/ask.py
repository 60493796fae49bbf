"""What is asked of the limits, and how much of it fits into a room."""

from __future__ import annotations

from decimal import ROUND_DOWN, Context, Decimal
from typing import NamedTuple

from quorum.domain import ZERO, Book, Check, Instrument, Proposal
from quorum.risk.limits import RiskLimits

_new = tuple.__new__  # half the cost of calling the class, for what is made most often
_DOWN = Context(rounding=ROUND_DOWN)


class Ask(NamedTuple):
    """A proposal that opens, before its book and limits.

    `asked` is its quantity, `money` the book's currency; `equity` is not negative; `worst` is what a unit may cost,
    above 0, and `cost` what all of it may; `risk` is what a unit loses at its stop, None without one.
    """

    wish: Proposal
    book: Book
    limits: RiskLimits
    instrument: Instrument
    asked: Decimal
    money: str
    equity: Decimal
    worst: Decimal
    cost: Decimal
    risk: Decimal | None


def room(ask: Ask, name: str, limit: Decimal, used: Decimal) -> Check:
    """How much of what is asked fits between limit and used, money of the book, at the worst price."""
    asked, free = ask.asked, limit - used
    return _new(Check, (name, ask.money, limit, used, asked, asked if ask.cost <= free else _fits(free, ask.worst)))


def risk_room(ask: Ask, name: str, limit: Decimal, used: Decimal, risk: Decimal) -> Check:
    """How much of it may be lost at its stop, where a unit loses `risk`; nothing where the stop protects nothing."""
    asked, free = ask.asked, limit - used
    fits = risk > 0 and asked * risk <= free
    return Check(name, ask.money, limit, used, asked, asked if fits else _fits(free, risk))


def _fits(free: Decimal, price: Decimal) -> Decimal:
    return _DOWN.divide(free, price) if free > 0 < price else ZERO
