"""The stages of a cycle, each inside one transaction or at its edge."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, NamedTuple

from quorum.desk.cycle.session import Session
from quorum.desk.desk import Accounting, Desk
from quorum.desk.facts import order_facts, verdict_facts, vote_facts
from quorum.desk.guarding import price_time, surroundings, tightened_stops
from quorum.domain import (
    Book,
    Choice,
    DecisionKind,
    ExitPlan,
    Order,
    OrderIntent,
    OrderStatus,
    Proposal,
    Purpose,
    Signal,
    Transaction,
    Vetoed,
    VirtualClock,
    plain,
)
from quorum.engine import NoTrade, Snapshot, exit_due, intend, judge, propose, reduce
from quorum.execution import next_attempt
from quorum.risk import LastTrade, size_by_tier
from quorum.signals import Circumstances, Consensus, ConsensusRules, consensus, quality


class Ballot(NamedTuple):
    """What is counted: the signals, by which rules, who abstains for the desk's own reason, what it is held in, and the
    size that tier C trades."""

    signals: Sequence[Signal]
    rules: ConsensusRules
    late: Mapping[str, str]
    around: Circumstances
    tier_c_size: float


@dataclass(frozen=True, slots=True)
class Voted:
    """The outcome of a vote as it was recorded, with the facts of it."""

    decision_id: str
    outcome: Consensus
    facts: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Traded:
    """What one transaction committed; `order` is an intent that was written when `sent`, else what it would be."""

    risk: Mapping[str, Any] | None
    order: Order | None
    reason: str
    sent: bool = False


def vote(transaction: Transaction, snapshot: Snapshot, ballot: Ballot) -> Voted:
    """Count the signals and record what they add up to, with its quality and all that it was counted from."""
    outcome = consensus(ballot.signals, ballot.rules, snapshot.as_of, ballot.around)
    facts = weighed(ballot.signals, outcome, ballot.tier_c_size)
    inputs = {
        "snapshot": plain(snapshot),
        "rules": plain(ballot.rules),
        "late": dict(ballot.late),
        "around": plain(ballot.around),
        "tier_c_size": ballot.tier_c_size,
    }
    choice = Choice(DecisionKind.CONSENSUS, snapshot.symbol, snapshot.as_of, inputs, facts, outcome.reason)
    return Voted(transaction.record(choice).decision_id, outcome, facts)


def weighed(signals: Sequence[Signal], outcome: Consensus, tier_c_size: float) -> dict[str, Any]:
    """The facts of a vote and of its quality."""
    return {**vote_facts(signals, outcome), "quality": plain(quality(outcome, signals, tier_c_size))}


def trade(desk: Desk, session: Session, voted: Voted, transaction: Accounting, paper: bool) -> Traded:
    """Propose, check and reserve: one transaction, so that no other sees the same room."""
    symbol = session.snapshot.symbol
    marks = {symbol: session.instrument.price(session.snapshot.close)}
    fresh = price_time(session.bars, session.snapshot.as_of)
    last = {symbol: LastTrade(marks[symbol], fresh)}
    book = transaction.value(last, session.snapshot.as_of) if paper else _marked(transaction.book(), marks)
    wish = _wish(desk, session, voted.outcome, book, voted.decision_id)
    wish = _allowed(desk, _sized(wish, voted.facts["quality"], session))
    if isinstance(wish, NoTrade):
        return Traded(None, None, wish.reason)
    around = replace(surroundings(desk, transaction, book, wish), last=last)
    verdict = judge(wish, book, session.limits, session.instrument, around)
    judged = {"proposal": plain(wish), **verdict_facts(verdict)}
    why = _because(wish, judged)
    inputs = {
        "proposal": plain(wish),
        "book": plain(book),
        "limits": plain(session.limits),
        "instrument": plain(session.instrument),
        "around": plain(around),
    }
    choice = Choice(DecisionKind.RISK, symbol, session.snapshot.as_of, inputs, judged, why, (voted.decision_id,))
    risk = transaction.record(choice)
    word = {"decision_id": risk.decision_id, **judged}
    if isinstance(verdict, Vetoed):
        return Traded(word, None, f"risk vetoes: {verdict.reasons[0]}")
    wanted = intend(wish, verdict, risk.decision_id, book, (session.limits, session.instrument))
    if not paper:
        return Traded(word, Order(wanted), "a dry run: --paper trades it")
    return Traded(word, _commit(transaction, wanted), why, sent=True)


def send_now(desk: Desk, session: Session, traded: Traded) -> None:
    """Send what was committed, and on a past instant let the venue play on; nothing when there is nothing to send."""
    if traded.order is not None and traded.sent:
        desk.sender(session.account, session.clock).send(traded.order)
    play_on(desk, session)


def order_told(desk: Desk, traded: Traded) -> Mapping[str, Any] | None:
    """The order as it is now, or as it would be sent; None when it came to none."""
    if traded.order is None:
        return None
    if not traded.sent:
        return {**order_facts(traded.order, ()), "status": "dry_run"}
    identity = traded.order.intent.client_order_id
    return order_facts(desk.orders.get(identity), desk.orders.fills_of(identity))


def play_on(desk: Desk, session: Session) -> None:
    """On a past instant, let the clock run on until the orders of this occasion have ended, whoever sent them."""
    if not isinstance(session.clock, VirtualClock) or session.clock is desk.clock:
        return
    for order in desk.orders.of(session.account, session.instrument.symbol, only_open=True):
        if order.intent.created_at == session.snapshot.as_of:
            session.clock.advance_to(max(order.intent.expires_at + 1, session.clock.now()))
            desk.sender(session.account, session.clock).follow(order)


def _sized(wish: Proposal | NoTrade, told: Mapping[str, Any], session: Session) -> Proposal | NoTrade:
    """An entry at the size that its quality is worth; what closes a holding is not asked how good it is."""
    if isinstance(wish, NoTrade) or wish.purpose is Purpose.REDUCTION or told["size"] == 1.0:
        return wish
    quantity = size_by_tier(wish.quantity, told["tier"], session.instrument, Decimal(repr(told["size"])))
    if quantity == 0:
        return NoTrade(f"signals of tier {told['tier']} are not traded")
    return replace(wish, quantity=quantity)


def _allowed(desk: Desk, wish: Proposal | NoTrade) -> Proposal | NoTrade:
    """No entry while the desk is paused or halted; a desk that was never started trades by single commands."""
    if isinstance(wish, NoTrade) or wish.purpose is Purpose.REDUCTION:
        return wish
    now = desk.states.current()
    return NoTrade(f"the desk is {now.state}: {now.reason}") if now.holds else wish


def _because(wish: Proposal, judged: Mapping[str, Any]) -> str:
    """Why risk let it pass or not, and what a reduction is for: its exit stands at the end of its key."""
    told = list(judged["reasons"])
    if wish.purpose is Purpose.REDUCTION and judged["verdict"] != "vetoed":
        told.insert(0, f"the holding is left: {wish.key.rpartition('|')[2]}")
    return "; ".join(told) or "every limit leaves room"


def _marked(book: Book, marks: Mapping[str, Decimal]) -> Book:
    """The book at these prices; the account keeps its own, since looking changes nothing."""
    return replace(book, marks={**book.marks, **marks})


def _commit(transaction: Transaction, wanted: OrderIntent) -> Order:
    """Write the intent; when an earlier attempt on the occasion never arrived, the next attempt."""
    attempt = 1
    order = transaction.intend(wanted)
    while order.status is OrderStatus.NEVER_ARRIVED:
        attempt += 1
        order = transaction.intend(next_attempt(wanted, attempt))
    return order


def _wish(desk: Desk, session: Session, outcome: Consensus, book: Book, origin: str) -> Proposal | NoTrade:
    """First to leave a holding whose exit is due, then what the consensus asks for, once an occasion."""
    occasion = session.occasion(origin)
    held = book.quantity(session.instrument.symbol)
    orders = desk.orders.of(session.account, session.instrument.symbol)
    if held:
        entry = next((o for o in reversed(orders) if o.filled and o.intent.side.sign * held > 0), None)
        since = session.bars.between(entry.intent.created_at) if entry else session.bars
        due = exit_due(_plan(desk, session, entry.intent, held), held, since, occasion.as_of) if entry else None
        if due:
            return reduce(occasion, held, book, due)
    elif any(o.filled and o.intent.created_at >= occasion.closed and _leaves(o) for o in orders):
        return NoTrade("this occasion has been traded: the holding was left")
    return propose(outcome, occasion, book, session.limits)


def _plan(desk: Desk, session: Session, entry: OrderIntent, held: Decimal) -> ExitPlan:
    """The entry's plan, with the stop that a breaker has tightened where it is nearer."""
    stop = tightened_stops(desk, session.account).get(entry.symbol)
    own = entry.exit.stop
    if stop is None or (own is not None and (stop - own) * (1 if held > 0 else -1) <= 0):
        return entry.exit
    return replace(entry.exit, stop=stop)


def _leaves(order: Order) -> bool:
    return order.intent.purpose is Purpose.REDUCTION
