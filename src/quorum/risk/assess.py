"""Whether a proposal passes: every limit is looked at and written down, and the tightest one decides."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import ROUND_CEILING, ROUND_DOWN, ROUND_FLOOR, Context, Decimal

from quorum.domain import (
    ZERO,
    Approved,
    Book,
    Check,
    Instrument,
    Proposal,
    Purpose,
    RiskVerdict,
    Shrunk,
    Side,
    Vetoed,
)
from quorum.risk.limits import RiskLimits

_DOWN = Context(rounding=ROUND_DOWN)


def collar(proposal: Proposal, limits: RiskLimits, instrument: Instrument) -> Decimal:
    """The worst price at which an order of `proposal` may fill: the last tick within the collar's width."""
    width = limits.price_collar_bps / 10_000 * proposal.side.sign
    inward = ROUND_FLOOR if proposal.side is Side.BUY else ROUND_CEILING
    return (proposal.price * (1 + width) / instrument.tick).to_integral_value(inward) * instrument.tick


def assess(proposal: Proposal, book: Book, limits: RiskLimits, instrument: Instrument) -> RiskVerdict:
    """Approve, shrink or veto `proposal` against `book`, whose reserves count as if they had filled.

    What reduces a holding passes up to the part that no open order closes yet. What opens passes as far as the
    tightest limit allows, in whole lots, valued at the price collar, so that no fill can exceed a limit.
    """
    held = book.quantity(proposal.symbol)
    if proposal.quantity == 0:
        return Vetoed((f"nothing is asked for: 0 {proposal.symbol}",), ())
    if held * proposal.side.sign < 0:
        return _reduction(proposal, abs(held) - book.closing.get(proposal.symbol, ZERO), instrument)
    if proposal.purpose is Purpose.REDUCTION:
        return Vetoed((f"there is no {proposal.symbol} to reduce by a {proposal.side}",), ())
    checks = tuple(_opening(proposal, book, limits, instrument))
    quantity = instrument.quantity(min([proposal.quantity, *(c.allowed for c in checks)]))
    smallest = _smallest(proposal, quantity, max(limits.min_order_notional, instrument.min_notional), book)
    binding = tuple(c.name for c in checks if not c.passed)
    if not smallest.passed:
        return Vetoed(_reasons(checks) or (_reason(smallest),), (*checks, smallest))
    if quantity < proposal.quantity:
        return Shrunk(quantity, proposal.quantity, binding or ("lot",), (*checks, smallest))
    return Approved(quantity, (*checks, smallest))


def _reduction(proposal: Proposal, free: Decimal, instrument: Instrument) -> RiskVerdict:
    allowed = max(ZERO, min(free, proposal.quantity))
    check = Check("holding", instrument.base, free, ZERO, proposal.quantity, allowed)
    if check.allowed <= 0:
        return Vetoed((f"open orders already close the whole holding of {proposal.symbol}",), (check,))
    if check.passed:
        return Approved(proposal.quantity, (check,))
    return Shrunk(check.allowed, proposal.quantity, ("holding",), (check,))


def _opening(proposal: Proposal, book: Book, limits: RiskLimits, instrument: Instrument) -> Iterator[Check]:
    """Each limit's check, before what is left is cut to whole lots."""
    equity = max(book.equity, ZERO)
    worst = max(collar(proposal, limits, instrument), proposal.price)
    asked, money = proposal.quantity, book.currency
    yield from _gates(proposal, book, limits)
    yield _room("max_position", money, (equity * limits.max_position, book.exposure(proposal.symbol)), asked, worst)
    yield _room("max_deployed", money, (equity * limits.max_deployed, book.deployed), asked, worst)
    if proposal.side is Side.BUY:
        spendable = book.cash + equity * limits.max_borrowed
        yield _room("cash", money, (spendable, sum(book.reserved.values(), ZERO)), asked, worst)
    if proposal.risk is not None:
        yield _room("risk_per_trade", money, (equity * limits.risk_per_trade, ZERO), asked, proposal.risk)


def _gates(proposal: Proposal, book: Book, limits: RiskLimits) -> Iterator[Check]:
    """Conditions that a proposal meets or not: the whole quantity passes, or none."""
    asked = proposal.quantity
    floor = book.funded * (1 - limits.max_total_loss)
    yield Check("max_total_loss", book.currency, floor, book.equity, asked, asked if book.equity > floor else ZERO)
    if proposal.side is Side.SELL:
        allowed = asked if limits.allow_short else ZERO
        yield Check("allow_short", "bool", Decimal(int(limits.allow_short)), ZERO, asked, allowed)
    if proposal.purpose is Purpose.SIGNAL:
        ratio = proposal.reward_risk or ZERO
        allowed = asked if proposal.exit.stop is not None and ratio >= limits.min_reward_risk else ZERO
        yield Check("min_reward_risk", "ratio", limits.min_reward_risk, ratio, asked, allowed)


def _room(name: str, unit: str, room: tuple[Decimal, Decimal], asked: Decimal, price: Decimal) -> Check:
    """What fits between limit and used (`room`) when one costs `price`; nothing when that is not positive."""
    limit, used = room
    free = max(limit - used, ZERO)
    allowed = min(asked, _DOWN.divide(free, price)) if price > 0 else ZERO
    return Check(name, unit, limit, used, asked, allowed)


def _smallest(proposal: Proposal, quantity: Decimal, limit: Decimal, book: Book) -> Check:
    """Whether the quantity that the other checks leave is an order at all."""
    notional = quantity * proposal.price
    allowed = proposal.quantity if quantity > 0 and notional >= limit else ZERO
    return Check("min_order_notional", book.currency, limit, notional, proposal.quantity, allowed)


def _reasons(checks: tuple[Check, ...]) -> tuple[str, ...]:
    blocking = [c for c in checks if c.allowed <= 0] or [c for c in checks if not c.passed]
    return tuple(_reason(c) for c in blocking)


def _reason(check: Check) -> str:
    if check.name == "allow_short":
        return "the book may not sell short (allow_short is false)"
    if check.name == "min_reward_risk":
        return f"reward/risk {check.used:.2f} is below {check.limit} or there is no stop (min_reward_risk)"
    if check.name == "max_total_loss":
        return f"equity {check.used:.2f} is at or below {check.limit:.2f} (max_total_loss)"
    if check.name == "min_order_notional":
        left = f"an order of {check.used:.2f}" if check.used else "less than one lot"
        return f"{left} is below the smallest order of {check.limit:.2f} (min_order_notional)"
    if check.name == "risk_per_trade":
        return f"no lot loses at most {check.limit:.2f} at the stop, or it is not behind the price (risk_per_trade)"
    return f"{check.name}: {check.used:.2f} of {check.limit:.2f} used, no room for an order"
