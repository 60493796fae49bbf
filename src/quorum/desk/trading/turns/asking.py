"""Asking risk for an order of strategies, and writing its intent; in the account's transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any, NamedTuple

from quorum.desk.desk import Accounting, Desk
from quorum.desk.facts import verdict_facts
from quorum.desk.guarding import surroundings
from quorum.domain import (
    DAY,
    ENDED_SHORT,
    NO_EXIT,
    ZERO,
    Book,
    Choice,
    DecisionKind,
    ExitPlan,
    Hold,
    Instrument,
    Order,
    OrderIntent,
    OrderKind,
    OrderStatus,
    OrderTerms,
    Part,
    Proposal,
    Purpose,
    Side,
    Vetoed,
    plain,
)
from quorum.engine import intend, judge
from quorum.engine.cycle import VALID_BARS
from quorum.execution import next_attempt
from quorum.execution.netting import shares
from quorum.risk import Around, LastTrade, RecentOrder

STOP_HOLDS = 365 * DAY
NO_SIZE = Decimal(-1)
"""The size of an order that no other is a duplicate of: not 0 either, which is what risk leaves of one it refuses."""


class Place(NamedTuple):
    """Where an order is asked for: the desk, account, instant, steps, the length of a bar (ns).

    `fresh` is until when the mark is the market's price (ns UTC), `origins` are the deployments' decisions behind it.
    """

    desk: Desk
    account: str
    now: int
    instrument: Instrument
    length: int
    fresh: int
    origins: tuple[str, ...]


class Asked(NamedTuple):
    """Signed quantities of one side by strategy, whether they let go of a holding, and the occasion's name.

    `before` are orders that let go of the same symbol for it, and are no duplicates of it; `hold` is for how long the
    order holds, None for as long as is usual.
    """

    parts: Mapping[str, Decimal]
    reduces: bool
    key: str
    before: Sequence[Order] = ()
    hold: Hold | None = None


class Answer(NamedTuple):
    """Risk's word as facts, and the order that was written for it; None for a veto.

    `rest` says that the order takes the account to nothing, and what lies beyond is to be asked for when it has filled.
    """

    risk: dict[str, Any]
    order: Order | None
    rest: bool = False


def occasion(symbol: str, names: Sequence[str], decided: Sequence[int]) -> str:
    """The name of what strategies want by their decisions: asked twice it is the same."""
    return "|".join((symbol, *(f"{name}@{at}" for name, at in zip(names, decided, strict=True))))


def ask(transaction: Accounting, asked: Asked, place: Place, plan: ExitPlan = NO_EXIT) -> Answer:
    """Risk's word on an order of these parts, and its intent; no order takes the account through nothing.

    One that reduces what the account holds is a reduction, which no limit and no halt stops; what opens there is not,
    even where its strategy lets go.
    """
    book, symbol = transaction.book(), place.instrument.symbol
    held = book.quantity(symbol)
    parts, rest = _up_to_nothing(asked.parts, held)
    total = sum(parts.values(), ZERO)
    lets_go = asked.reduces and held * total < 0
    proposal = Proposal(
        purpose=Purpose.REDUCTION if lets_go else Purpose.TARGET,
        account=place.account,
        symbol=symbol,
        side=Side.BUY if total > 0 else Side.SELL,
        quantity=abs(total),
        price=book.marks[symbol],
        as_of=place.now,
        expires=place.now + VALID_BARS * place.length,
        key=f"{asked.key}|reduce|{held}" if asked.reduces else f"{asked.key}|{'to nothing' if rest else 'open'}",
        origin=place.origins[0],
        exit=NO_EXIT if asked.reduces or rest else plan,
    )
    word, wanted = _judged(transaction, proposal, book, place, Asked(parts, asked.reduces, "", asked.before))
    if wanted is None:
        return Answer(word, None)
    fitted = shares([Part(name, q) for name, q in parts.items()], {}, ZERO, wanted.quantity)
    mine = tuple(Part(name, quantity) for name, quantity in fitted.items())
    hold = asked.hold or _hold(place.instrument, wanted.quantity)
    order = _commit(transaction, replace(wanted, parts=mine, terms=OrderTerms(hold=hold)), asked.reduces)
    return Answer(word, order, rest and order.intent.quantity == abs(total))


def _up_to_nothing(parts: Mapping[str, Decimal], held: Decimal) -> tuple[Mapping[str, Decimal], bool]:
    """The parts as far as they take the account to nothing, and whether that left something out."""
    total = sum(parts.values(), ZERO)
    if held * total >= 0 or abs(total) <= abs(held):
        return parts, False
    return shares([Part(name, quantity) for name, quantity in parts.items()], {}, ZERO, abs(held)), True


def ask_stop(transaction: Accounting, owner: str, held: Decimal, trigger: Decimal, place: Place) -> Answer:
    """A stop that lets go of `held` of a strategy, and rests at the venue until it is reached or cancelled.

    Its collar bounds nothing: what protects a holding fills at what there is.
    """
    book, symbol = transaction.book(), place.instrument.symbol
    side = Side.SELL if held > 0 else Side.BUY
    proposal = Proposal(
        purpose=Purpose.REDUCTION,
        account=place.account,
        symbol=symbol,
        side=side,
        quantity=abs(held),
        price=trigger,
        as_of=place.now,
        expires=place.now + STOP_HOLDS,
        key=f"{symbol}|{owner}|stop|{trigger}|{held}|{place.now}",
        origin=place.origins[0],
    )
    word, wanted = _judged(transaction, proposal, book, place, Asked({owner: -held}, True, ""))
    if wanted is None or wanted.quantity != abs(held):
        return Answer(word, None)
    worst = place.instrument.tick if side is Side.SELL else 2 * trigger
    terms = OrderTerms(OrderKind.STOP, _hold(place.instrument, abs(held)), trigger)
    parts = (Part(owner, -held),)
    return Answer(word, _commit(transaction, replace(wanted, collar=worst, terms=terms, parts=parts)))


def _judged(
    transaction: Accounting, proposal: Proposal, book: Book, place: Place, asked: Asked
) -> tuple[dict[str, Any], OrderIntent | None]:
    """Risk's word, on record with all that it was made from, and the intent of what passes."""
    limits, parts = place.desk.limits(place.account), asked.parts
    around = _around(transaction, proposal, book, place, asked)
    verdict = judge(proposal, book, limits, place.instrument, around)
    facts = {"proposal": plain(proposal), **verdict_facts(verdict)}
    seen = {"book": book, "limits": limits, "instrument": place.instrument, "around": around}
    inputs = {"proposal": plain(proposal), **{name: plain(value) for name, value in seen.items()}}
    said = f"{', '.join(parts)}: {'; '.join(facts['reasons']) or 'every limit leaves room'}"
    choice = Choice(DecisionKind.RISK, proposal.symbol, proposal.as_of, inputs, facts, said, place.origins)
    risk_id = transaction.record(choice).decision_id
    word = {"decision_id": risk_id, "strategies": list(parts), **facts}
    if isinstance(verdict, Vetoed):
        return word, None
    return word, intend(proposal, verdict, risk_id, book, (limits, place.instrument))


def _around(transaction: Accounting, proposal: Proposal, book: Book, place: Place, asked: Asked) -> Around:
    """What lies around it. The allocation is no limit here: the target was sized by it, at the decision's price."""
    found = surroundings(place.desk, transaction, book, proposal, asked.parts)
    last = LastTrade(book.marks[proposal.symbol], place.fresh)
    first = {_seen(order.intent) for order in asked.before}
    orders = tuple(one._replace(quantity=NO_SIZE) if one in first else one for one in found.orders)
    return replace(found, allocation=None, last={proposal.symbol: last}, orders=orders)


def _seen(intent: OrderIntent) -> RecentOrder:
    return RecentOrder(intent.created_at, intent.symbol, intent.side, intent.quantity)


def _hold(instrument: Instrument, quantity: Decimal) -> Hold:
    """Parts of a share hold for the day alone; all else until it is cancelled, or its approval expires."""
    is_share = instrument.base == instrument.symbol
    return Hold.DAY if is_share and quantity != quantity.to_integral_value() else Hold.GTC


def _commit(transaction: Accounting, wanted: OrderIntent, again: bool = False) -> Order:
    """Write the intent; when an earlier attempt on the occasion never arrived, the next attempt.

    With `again` also when it ended short: who lets go tries until it is done.
    """
    attempt = 1
    order = transaction.intend(wanted)
    while order.status is OrderStatus.NEVER_ARRIVED or (again and order.status in ENDED_SHORT):
        attempt += 1
        order = transaction.intend(next_attempt(wanted, attempt))
    return order
