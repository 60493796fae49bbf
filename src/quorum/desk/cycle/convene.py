"""One cycle at its edges: read the lake, decide and reserve in one transaction, send, book."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from quorum.desk.cycle.around import circumstances, is_extreme, rules_of
from quorum.desk.cycle.session import Question, Session, open_session
from quorum.desk.cycle.stages import Ballot, order_told, send_now, trade, vote
from quorum.desk.desk import Desk
from quorum.desk.guarding import watch_book
from quorum.domain import Clock, Order, Purpose, Severity, Signal, iso, plain
from quorum.engine import ask
from quorum.signals import ANALYSTS


@dataclass(frozen=True, slots=True)
class CycleRecord:
    """What one cycle did, as plain facts; `risk` and `order` are None when it came to none, `reason` says why."""

    decision_id: str
    snapshot: Mapping[str, Any]
    account: str
    votes: Sequence[Mapping[str, Any]]
    consensus: Mapping[str, Any]
    quality: Mapping[str, Any]
    risk: Mapping[str, Any] | None
    order: Mapping[str, Any] | None
    reason: str


def convene(desk: Desk, question: Question) -> CycleRecord:
    """Run one cycle. Orders left open by an earlier one are settled first; the same occasion trades once.

    DataError when no bar was closed at the instant, NotFound for an unknown series.
    """
    session = open_session(desk, question)
    if question.paper:
        settle(desk, session.account, session.clock)
    ballot = _hear(desk, session)
    with desk.accounts.transaction(session.account) as transaction:
        voted = vote(transaction, session.snapshot, ballot)
        traded = trade(desk, session, voted, transaction, question.paper)
    if question.paper:
        send_now(desk, session, traded)
    record = CycleRecord(
        voted.decision_id,
        plain(session.snapshot) | {"as_of": iso(session.snapshot.as_of)},
        session.account,
        voted.facts["votes"],
        voted.facts["consensus"],
        voted.facts["quality"],
        traded.risk,
        order_told(desk, traded),
        traded.reason,
    )
    if traded.risk is not None and not question.paper:
        _notify(desk, record)
    return record


def settle(desk: Desk, account: str, clock: Clock) -> Sequence[Order]:
    """Send what was committed and never sent, and ask the venue about the rest; the orders as they are then.

    Then the account's book is looked at, and its breakers do what they are there for.
    """
    sender = desk.sender(account, clock)
    settled = [sender.send(order) for order in desk.orders.of(account, only_open=True)]
    watch_book(desk, account, clock)
    return settled


def _hear(desk: Desk, session: Session) -> Ballot:
    """Ask the participants; one that took longer than the configured time has failed, and is named."""
    section, seen = desk.settings.consensus.consensus, session.snapshot
    rules = rules_of(desk, seen)
    failed: dict[str, str] = {}
    signals: list[Signal] = []
    for name in rules.participants:
        started = time.monotonic()
        (signal,) = ask(session.bars, [ANALYSTS[name]], seen.as_of, {})
        taken = time.monotonic() - started
        if taken > section.timeout_seconds:
            failed[name] = f"late: {taken:.1f} s of {section.timeout_seconds:g} s"
        else:
            signals.append(signal)
    around = circumstances(desk, seen, is_extreme(desk, session.bars), failed)
    return Ballot(tuple(signals), rules, {}, around, section.tier_c_size)


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
