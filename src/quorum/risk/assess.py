"""Whether a proposal passes: every limit is looked at and written down, and the tightest one decides."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

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


def collar(proposal: Proposal, limits: RiskLimits, instrument: Instrument) -> Decimal:
    """The worst price at which an order of `proposal` may fill, on the tick grid."""
    width = limits.price_collar_bps / 10_000 * proposal.side.sign
    return instrument.price(proposal.price * (1 + width))


def assess(proposal: Proposal, book: Book, limits: RiskLimits, instrument: Instrument) -> RiskVerdict:
    """Approve, shrink or veto `proposal` against `book`, whose reserves count as if they had filled.

    What reduces a holding passes up to the part that no open order closes yet. What opens passes as far as the
    tightest limit allows, in whole lots, valued at the price collar, so that no fill can exceed a limit.
    """
    held = book.quantity(proposal.symbol)
    if held * proposal.side.sign < 0:
        return _reduction(proposal, abs(held) - book.closing.get(proposal.symbol, ZERO), instrument)
    if proposal.purpose is Purpose.REDUCTION:
        return Vetoed((f"there is no {proposal.symbol} to reduce",), ())
    checks = tuple(_opening(proposal, book, limits, instrument))
    quantity = instrument.quantity(min([proposal.quantity, *(c.allowed for c in checks)]))
    binding = tuple(c.name for c in checks if not c.passed)
    if quantity <= 0 or quantity * proposal.price < max(limits.min_order_notional, instrument.min_notional):
        return Vetoed(_reasons(checks) or ("the quantity is below the smallest order",), checks)
    if quantity < proposal.quantity:
        return Shrunk(quantity, proposal.quantity, binding or ("lot",), checks)
    return Approved(quantity, checks)


def _reduction(proposal: Proposal, free: Decimal, instrument: Instrument) -> RiskVerdict:
    allowed = max(ZERO, min(free, proposal.quantity))
    check = Check("holding", instrument.base, free, ZERO, proposal.quantity, allowed)
    if check.allowed <= 0:
        return Vetoed((f"open orders already close the whole holding of {proposal.symbol}",), (check,))
    if check.passed:
        return Approved(proposal.quantity, (check,))
    return Shrunk(check.allowed, proposal.quantity, ("holding",), (check,))


def _opening(proposal: Proposal, book: Book, limits: RiskLimits, instrument: Instrument) -> Iterator[Check]:
    """Each limit's check, `allowed` in lots of the instrument."""
    equity = max(book.equity, ZERO)
    worst = max(collar(proposal, limits, instrument), proposal.price)
    asked = proposal.quantity
    yield from _gates(proposal, book, limits)
    yield _room("max_position", equity * limits.max_position, book.exposure(proposal.symbol), asked, worst)
    yield _room("max_deployed", equity * limits.max_deployed, book.deployed, asked, worst)
    if proposal.side is Side.BUY:
        yield _room("cash", book.cash, sum(book.reserved.values(), ZERO), asked, worst)
    if proposal.exit.stop is not None:
        distance = abs(proposal.price - proposal.exit.stop)
        yield _room("risk_per_trade", equity * limits.risk_per_trade, ZERO, asked, distance)


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


def _room(name: str, limit: Decimal, used: Decimal, asked: Decimal, price: Decimal) -> Check:
    free = max(limit - used, ZERO)
    allowed = asked if price == 0 else min(asked, free / price)
    return Check(name, "currency", limit, used, asked, allowed)


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
    return f"{check.name}: {check.used:.2f} of {check.limit:.2f} used, no room for an order"
