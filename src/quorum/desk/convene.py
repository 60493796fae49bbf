"""One cycle at its edges: read the lake, decide and reserve in one transaction, send, book."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from quorum.desk.desk import Desk
from quorum.desk.facts import order_facts, verdict_facts, vote_facts
from quorum.desk.session import Question, Session, open_session
from quorum.domain import (
    Book,
    Choice,
    Clock,
    DecisionKind,
    Order,
    OrderIntent,
    OrderStatus,
    Proposal,
    Purpose,
    Severity,
    Signal,
    Transaction,
    Vetoed,
    VirtualClock,
    iso,
    plain,
)
from quorum.engine import NoTrade, ask, exit_due, intend, judge, propose, reduce
from quorum.execution import follow, next_attempt, send
from quorum.signals import ANALYSTS, Consensus, consensus


@dataclass(frozen=True, slots=True)
class CycleRecord:
    """What one cycle did, as plain facts; `risk` and `order` are None when it came to none, `reason` says why."""

    decision_id: str
    snapshot: Mapping[str, Any]
    account: str
    votes: Sequence[Mapping[str, Any]]
    consensus: Mapping[str, Any]
    risk: Mapping[str, Any] | None
    order: Mapping[str, Any] | None
    reason: str


@dataclass(frozen=True, slots=True)
class _Decided:
    """What one transaction committed."""

    decision_id: str
    risk: Mapping[str, Any] | None
    order: Order | None
    reason: str
    sent: bool = False


def convene(desk: Desk, question: Question) -> CycleRecord:
    """Run one cycle. Orders left open by an earlier one are settled first; the same occasion trades once.

    DataError when no bar was closed at the instant, NotFound for an unknown series.
    """
    session = open_session(desk, question)
    if question.paper:
        settle(desk, session.account, session.clock)
    signals, late = _hear(desk, session)
    outcome = consensus(signals, desk.settings.consensus.consensus.rules(), session.snapshot.as_of)
    facts = vote_facts(signals, outcome)
    with desk.accounts.transaction(session.account) as transaction:
        decided = _decide(desk, session, outcome, transaction, (facts, late, question.paper))
    if decided.order is not None and decided.sent:
        send(desk.broker(session.account, session.clock), desk.accounts, session.clock, decided.order)
    if question.paper:
        _play_on(desk, session)
    record = CycleRecord(
        decided.decision_id,
        plain(session.snapshot) | {"as_of": iso(session.snapshot.as_of)},
        session.account,
        facts["votes"],
        facts["consensus"],
        decided.risk,
        _told(desk, decided),
        decided.reason,
    )
    if decided.risk is not None and not question.paper:
        _notify(desk, record)
    return record


def settle(desk: Desk, account: str, clock: Clock) -> Sequence[Order]:
    """Send what was committed and never sent, and ask the venue about the rest; the orders as they are then."""
    broker = desk.broker(account, clock)
    return [send(broker, desk.accounts, clock, order) for order in desk.orders.of(account, only_open=True)]


def _hear(desk: Desk, session: Session) -> tuple[tuple[Signal, ...], dict[str, str]]:
    """Ask the participants; one that took longer than the configured time abstains, and is named."""
    section = desk.settings.consensus.consensus
    late: dict[str, str] = {}
    signals: list[Signal] = []
    for name in section.rules().participants:
        started = time.monotonic()
        signals += ask(session.bars, [ANALYSTS[name]], session.snapshot.as_of, {})
        taken = time.monotonic() - started
        if taken > section.timeout_seconds:
            late[name] = f"late: {taken:.1f} s of {section.timeout_seconds:g} s"
            signals[-1:] = ask(session.bars, [ANALYSTS[name]], session.snapshot.as_of, late)
    return tuple(signals), late


def _decide(
    desk: Desk,
    session: Session,
    outcome: Consensus,
    transaction: Transaction,
    told: tuple[Mapping[str, Any], Mapping[str, str], bool],
) -> _Decided:
    """Record the vote, propose, check and reserve: one transaction, so that no other sees the same room."""
    facts, late, paper = told
    rules = plain(desk.settings.consensus.consensus.rules())
    inputs = {"snapshot": plain(session.snapshot), "rules": rules, "late": late}
    symbol, as_of = session.snapshot.symbol, session.snapshot.as_of
    voted = transaction.record(Choice(DecisionKind.CONSENSUS, symbol, as_of, inputs, facts, outcome.reason))
    marks = {symbol: session.instrument.price(session.snapshot.close)}
    book = transaction.book(marks) if paper else _marked(transaction.book(), marks)
    wish = _wish(desk, session, outcome, book, voted.decision_id)
    if isinstance(wish, NoTrade):
        return _Decided(voted.decision_id, None, None, wish.reason)
    verdict = judge(wish, book, session.limits, session.instrument)
    judged = {"proposal": plain(wish), **verdict_facts(verdict)}
    why = _because(wish, judged)
    inputs = {
        "proposal": plain(wish),
        "book": plain(book),
        "limits": plain(session.limits),
        "instrument": plain(session.instrument),
    }
    parents = (voted.decision_id,)
    risk = transaction.record(Choice(DecisionKind.RISK, symbol, as_of, inputs, judged, why, parents))
    word = {"decision_id": risk.decision_id, **judged}
    if isinstance(verdict, Vetoed):
        return _Decided(voted.decision_id, word, None, f"risk vetoes: {verdict.reasons[0]}")
    wanted = intend(wish, verdict, risk.decision_id, book, (session.limits, session.instrument))
    if not paper:
        return _Decided(voted.decision_id, word, Order(wanted), "a dry run: --paper trades it")
    return _Decided(voted.decision_id, word, _commit(transaction, wanted), why, sent=True)


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


def _told(desk: Desk, decided: _Decided) -> Mapping[str, Any] | None:
    """The order as it is now, or as it would be sent; None when it came to none."""
    if decided.order is None:
        return None
    if not decided.sent:
        return {**order_facts(decided.order, ()), "status": "dry_run"}
    identity = decided.order.intent.client_order_id
    return order_facts(desk.orders.get(identity), desk.orders.fills_of(identity))


def _wish(desk: Desk, session: Session, outcome: Consensus, book: Book, origin: str) -> Proposal | NoTrade:
    """First to leave a holding whose exit is due, then what the consensus asks for, once an occasion."""
    occasion = session.occasion(origin)
    held = book.quantity(session.instrument.symbol)
    orders = desk.orders.of(session.account, session.instrument.symbol)
    if held:
        entry = next((o for o in reversed(orders) if o.filled and o.intent.side.sign * held > 0), None)
        since = session.bars.between(entry.intent.created_at) if entry else session.bars
        due = exit_due(entry.intent.exit, held, since, occasion.as_of) if entry else None
        if due:
            return reduce(occasion, held, book, due)
    elif any(o.filled and o.intent.created_at >= occasion.closed and _leaves(o) for o in orders):
        return NoTrade("this occasion has been traded: the holding was left")
    return propose(outcome, occasion, book, session.limits)


def _leaves(order: Order) -> bool:
    return order.intent.purpose is Purpose.REDUCTION


def _play_on(desk: Desk, session: Session) -> None:
    """On a past instant, let the clock run on until the orders of this occasion have ended, whoever sent them."""
    if not isinstance(session.clock, VirtualClock) or session.clock is desk.clock:
        return
    for order in desk.orders.of(session.account, session.instrument.symbol, only_open=True):
        if order.intent.created_at == session.snapshot.as_of:
            session.clock.advance_to(max(order.intent.expires_at + 1, session.clock.now()))
            follow(desk.broker(session.account, session.clock), desk.accounts, session.clock, order)


def _notify(desk: Desk, record: CycleRecord) -> None:
    """Tell people of an opportunity that waits for them; nothing is traded by it."""
    if record.risk is None or record.risk["verdict"] == "vetoed":
        return
    proposal = record.risk["proposal"]
    leaving = proposal["purpose"] == Purpose.REDUCTION
    subject = "the holding is to be left" if leaving else f"{record.consensus['direction']} consensus"
    summary = f"{subject}: {proposal['side']} {record.risk['quantity']} {proposal['symbol']}"
    details = {
        "type": "exit_due" if leaving else "trade_opportunity",
        "decision_id": record.decision_id,
        "consensus_strength": record.consensus["strength"],
        "suggested_entry": proposal["price"],
        "risk_approved_size": record.risk["quantity"],
        "action_required": "Confirm trade execution: run the same command with --paper",
    }
    desk.notifier.notify(Severity.INFO, summary, details)
