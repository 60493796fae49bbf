"""Whether a proposal passes: every limit is looked at and written down, and the tightest one decides."""

from __future__ import annotations

from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

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
from quorum.risk.around import Around
from quorum.risk.checks import (
    DESK,
    Ask,
    book_checks,
    duplicate,
    loss_checks,
    order_checks,
    reasons,
    room_checks,
    smallest,
    wide_checks,
)
from quorum.risk.limits import RiskLimits
from quorum.risk.overrides import raised

_OWN = frozenset({"strategy_red_at", "max_strategy", "kelly_share", DESK + "max_strategy"})
"""What bounds a strategy that opens, whatever the account does by it; and not one that lets go."""


def collar(proposal: Proposal, limits: RiskLimits, instrument: Instrument) -> Decimal:
    """The worst price at which an order of `proposal` may fill: the last tick within the collar's width."""
    width = limits.price_collar_bps / 10_000 * proposal.side.sign
    inward = ROUND_FLOOR if proposal.side is Side.BUY else ROUND_CEILING
    return (proposal.price * (1 + width) / instrument.tick).to_integral_value(inward) * instrument.tick


def assess(
    proposal: Proposal, book: Book, limits: RiskLimits, instrument: Instrument, around: Around | None = None
) -> RiskVerdict:
    """Approve, shrink or veto `proposal` against `book`, whose reserves count as if they had filled.

    What reduces a holding passes up to the part that no open order closes yet, whatever the limits, breakers and halts
    say; where the strategy that asks adds by it, its own limits and the halts are looked at beside that, and they
    are not where it lets go by what opens for the account. What opens passes as far as the tightest limit allows, in
    whole lots, valued at the price collar, so that no fill can exceed a limit. Without `around` the limits that need
    it are not looked at. Nothing opens where cash, or another account that a desk-wide limit counts, has no rate.
    DataError for a book that does not add up.
    """
    held, purpose = book.quantity(proposal.symbol), proposal.purpose
    if proposal.quantity == 0:
        return Vetoed((f"nothing is asked for: 0 {proposal.symbol}",), ())
    reduces = held * proposal.side.sign < 0
    if reduces and (purpose is Purpose.REDUCTION or around is None or not around.adds(proposal)):
        return _reduction(_holding(proposal, book, instrument), proposal)
    if purpose is Purpose.REDUCTION:
        return Vetoed((f"there is no {proposal.symbol} to reduce by a {proposal.side}",), ())
    if book.unrated:
        return Vetoed(tuple(book.unrated.values()), ())
    if around is not None:
        if around.wide is not None and around.wide.unrated:
            return Vetoed(tuple(around.wide.unrated.values()), ())
        if around.overrides:
            limits = raised(limits, around.overrides, around.now)
    worst = max(collar(proposal, limits, instrument), proposal.price)
    asked, equity, risk = proposal.quantity, max(book.equity, ZERO), proposal.risk
    ask = Ask(proposal, book, limits, instrument, asked, book.currency, equity, worst, asked * worst, risk)
    return _passing_on(ask, around) if reduces and around is not None else _opening(ask, around)


def _holding(proposal: Proposal, book: Book, instrument: Instrument) -> Check:
    """What of the account's holding no open order closes yet."""
    free = abs(book.quantity(proposal.symbol)) - book.closing.get(proposal.symbol, ZERO)
    return Check("holding", instrument.base, free, ZERO, proposal.quantity, max(ZERO, min(free, proposal.quantity)))


def _reduction(check: Check, proposal: Proposal) -> RiskVerdict:
    if check.allowed <= 0:
        return Vetoed((f"open orders already close the whole holding of {proposal.symbol}",), (check,))
    if check.passed:
        return Approved(proposal.quantity, (check,))
    return Shrunk(check.allowed, proposal.quantity, ("holding",), (check,))


def _passing_on(ask: Ask, around: Around) -> RiskVerdict:
    """A strategy opens against what the account holds for others: the account reduces, the strategy has its limits."""
    found = loss_checks(ask, around) + room_checks(ask, around)
    checks = [check for check in found if check.name in _OWN or check.name == "halt"]
    holding = _holding(ask.wish, ask.book, ask.instrument)
    if holding.allowed <= 0 or all(check.passed for check in checks):
        return _reduction(holding, ask.wish)
    quantity = ask.instrument.quantity(min([holding.allowed, *(check.allowed for check in checks)]))
    least = smallest(ask, quantity)
    seen = (holding, *checks, least)
    if not least.passed:
        return Vetoed(reasons(checks, around.halts), seen)
    return Shrunk(quantity, ask.asked, tuple(check.name for check in seen if not check.passed), seen)


def _opening(ask: Ask, around: Around | None) -> RiskVerdict:
    asked, checks = ask.asked, book_checks(ask)
    if around is not None:
        checks += loss_checks(ask, around) + room_checks(ask, around) + order_checks(ask, around)
        checks += wide_checks(ask, around)
        if around.lets_go(ask.wish):
            checks = [check for check in checks if check.name not in _OWN]
    cut = [check.allowed for check in checks if check.allowed is not asked]  # who lets all pass gives it back
    quantity = ask.instrument.quantity(min([asked, *cut]))
    halts = () if around is None else around.halts
    least = smallest(ask, quantity)
    again = None if around is None else duplicate(ask, around, quantity)
    seen = (*checks, least) if again is None else (*checks, again, least)
    if again is not None and not again.passed:
        return Vetoed(reasons(seen[:-1], halts), seen)
    if not least.passed:
        return Vetoed(reasons(checks, halts) or reasons((least,)), seen)
    if quantity < asked:
        return Shrunk(quantity, asked, tuple(check.name for check in checks if not check.passed) or ("lot",), seen)
    return Approved(quantity, seen)
