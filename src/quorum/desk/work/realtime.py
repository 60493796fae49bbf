"""The realtime workflow's tasks: the bars, the analysts' words, the vote, risk's word, the trade or its notice."""

from __future__ import annotations

import math
from collections.abc import Mapping
from contextlib import suppress
from decimal import Decimal
from typing import Any

from quorum.desk.cycle import (
    Ballot,
    Question,
    Session,
    Traded,
    Voted,
    circumstances,
    is_extreme,
    open_session,
    order_told,
    reopen_session,
    rules_of,
    send_now,
    trade,
    vote,
)
from quorum.desk.desk import Desk
from quorum.desk.facts import order_facts, recorded_views
from quorum.desk.notices import Event, Occurrence
from quorum.desk.work.asked import answer_of, text, timeframe_of
from quorum.desk.work.assignment import Assignment, Unavailable
from quorum.desk.work.concerns import stopped
from quorum.desk.work.telling import follow_orders, tell_loss, tell_order, tell_verdict, tell_vote
from quorum.domain import (
    Abstain,
    BrokerUnreachable,
    DataError,
    NotFound,
    Purpose,
    Signal,
    Timeframe,
    UsageError,
    View,
    iso,
    parse_instant,
    plain,
)
from quorum.engine import Snapshot, ask
from quorum.lake import Bars
from quorum.signals import ANALYSTS, Consensus

CACHED, NOT_ASKED = "its word is a cached one, which makes no entry", "it was not asked"
SILENT = (CACHED, NOT_ASKED)
GAVE_NONE = ("failed", "unavailable")


def latest_bars(desk: Desk, assignment: Assignment) -> Mapping[str, Any]:
    """What the run decides on: the bars that were closed at its instant, by their hash, and who is to vote."""
    given = assignment.params
    question = Question(
        text(assignment, "symbol"),
        timeframe_of(assignment),
        assignment.as_of,
        given.get("venue"),
        given.get("account"),
    )
    try:
        session = open_session(desk, question)
    except (DataError, NotFound) as error:
        raise Unavailable(error.found, error.remedy) from error
    if given.get("as_of") is None:
        with suppress(BrokerUnreachable):  # whoever trades will say so
            follow_orders(desk, session.account, session.clock)
    bars, as_of = session.bars, session.snapshot.as_of
    closed = int(bars.time[-1]) + bars.timeframe.nanoseconds
    return {
        "snapshot": plain(session.snapshot),
        "account": session.account,
        "participants": list(desk.settings.consensus.consensus.rules().participants),
        "newest": {"open_time": iso(int(bars.time[-1])), "close_time": iso(closed), **_prices(bars)},
        "behind_bars": (as_of - closed) // bars.timeframe.nanoseconds,
        "extreme_move": is_extreme(desk, bars),
        "concerns": list(stopped(bars, as_of)),
    }


def _prices(bars: Bars) -> dict[str, float]:
    """Prices and volume of the newest bar, as far as the series has them."""
    newest = {name: float(column[-1]) for name, column in bars.columns().items() if name not in ("time", "funding")}
    return {name: value for name, value in newest.items() if math.isfinite(value)}


def view(desk: Desk, assignment: Assignment) -> Mapping[str, Any]:
    """One analyst's word on the bars of the snapshot; bars that came too late are not looked at."""
    source, latest = text(assignment, "source"), answer_of(assignment, "latest")
    if source not in ANALYSTS:
        raise UsageError(f"there is no analyst {source!r}", f"there are {', '.join(ANALYSTS)}")
    seen = Snapshot(**latest["snapshot"])
    length, revisions = Timeframe.parse(seen.timeframe), (seen.revision, seen.funding_revision)
    bars = desk.lake.bars(seen.symbol, length, seen.venue, *revisions).as_of(seen.as_of)
    if len(bars) != seen.rows:
        raise Unavailable(f"the lake has {len(bars)} of the {seen.rows} bars of the snapshot")
    behind = latest["behind_bars"]
    late = {source: f"bar late: the newest is {behind} bars behind"} if behind else {}
    (signal,) = ask(bars, [ANALYSTS[source]], seen.as_of, late)
    return {"source": source, "as_of": iso(seen.as_of), "signals": [said(signal)]}


def signal_aggregation(desk: Desk, assignment: Assignment) -> Mapping[str, Any]:
    """The vote on the analysts' words and its quality; recorded once.

    An agent that gave no answer has failed and has no signal. One that was not asked, whose word is of another run or
    whose bars came too late abstains. `to_judge` says that risk is to look at it: the quality is traded at some size,
    or the account holds the symbol, since an exit that is due asks for no vote.
    """
    latest = answer_of(assignment, "latest")
    snapshot = Snapshot(**latest["snapshot"])
    ballot = _ballot(desk, snapshot, assignment)
    with desk.accounts.transaction(latest["account"]) as transaction:

        def act() -> Mapping[str, Any]:
            voted = vote(transaction, snapshot, ballot)
            lead = None if voted.outcome.lead is None else plain(voted.outcome.lead)
            told = {"decision_id": voted.decision_id, **voted.facts, "lead": lead, "reason": voted.outcome.reason}
            told["to_judge"] = told["quality"]["size"] > 0.0 or bool(transaction.book().quantity(snapshot.symbol))
            tell_vote(desk, assignment.key, assignment.agent, told, transaction)
            return told

        return transaction.once(assignment.key, act)


def trade_approval(desk: Desk, assignment: Assignment) -> Mapping[str, Any]:
    """Risk's word on what the vote asks for; in paper its room is held and the intent committed with it, once."""
    session, evaluation = _session(desk, assignment), answer_of(assignment, "evaluation")
    paper = _trades(assignment)
    if paper:
        follow_orders(desk, session.account, session.clock)
    with desk.accounts.transaction(session.account) as transaction:

        def act() -> Mapping[str, Any]:
            told = _judged(trade(desk, session, _voted(evaluation), transaction, paper))
            tell_verdict(desk, assignment.key, told, transaction)
            tell_loss(desk, assignment.agent, told, assignment.as_of, transaction)
            return told

        return transaction.once(assignment.key, act)


def execute_or_notify(desk: Desk, assignment: Assignment) -> Mapping[str, Any]:
    """Send the order that was committed; or tell people of it, and ask whether it is to be traded."""
    session, risk = _session(desk, assignment), answer_of(assignment, "risk")
    if not _trades(assignment):
        return _notified(desk, session, assignment)
    traded = Traded(risk, desk.orders.get(risk["order"]["client_order_id"]), risk["reason"], sent=True)
    order = _sent(desk, session, traded, assignment)
    return {**_executed(order), "order": order}


def _notified(desk: Desk, session: Session, assignment: Assignment) -> Mapping[str, Any]:
    risk, evaluation = answer_of(assignment, "risk"), answer_of(assignment, "evaluation")
    proposal = risk["proposal"]
    leaving = proposal["purpose"] == Purpose.REDUCTION
    about = "the holding is to be left" if leaving else f"{evaluation['consensus']['direction']} consensus"
    summary = f"{about}: {proposal['side']} {risk['order']['quantity']} {proposal['symbol']}"
    details = {
        "decision_id": evaluation["decision_id"],
        "signal_quality": evaluation["quality"]["tier"],
        "consensus_strength": evaluation["consensus"]["strength"],
        "suggested_entry": _zone(evaluation, proposal),
        "risk_approved_size": float(risk["order"]["quantity"]),
    }
    event = Event.EXIT_DUE if leaving else Event.TRADE_OPPORTUNITY
    notice = desk.outbox.raise_(Occurrence(event, assignment.key, summary, details))
    told = {"executed": False, "order": risk["order"], "notification": notice.document()}
    until = _until(evaluation, proposal)
    if until <= desk.clock.now():
        return {**told, "reason": f"nobody is asked: it was valid until {iso(until)}"}
    params = {
        "decision_id": evaluation["decision_id"],
        "symbol": proposal["symbol"],
        "timeframe": assignment.inputs["latest"]["snapshot"]["timeframe"],
        "venue": assignment.inputs["latest"]["snapshot"]["venue"],
        "account": session.account,
        "summary": summary,
        "size": f"{Decimal(risk['order']['quantity']) * Decimal(proposal['price']):f} {session.instrument.quote}",
        "valid_until": iso(until),
    }
    return {**told, "follow_up": {"workflow": "trade_execution", "params": params, "execution": "paper"}}


def _zone(evaluation: Mapping[str, Any], proposal: Mapping[str, Any]) -> list[float]:
    """The lower and the upper price at which it may be entered."""
    lead = evaluation["lead"] or {}
    return list(lead.get("entry") or (float(proposal["price"]),) * 2)


def execute_approved(desk: Desk, assignment: Assignment) -> Mapping[str, Any]:
    """Judge what a person agreed to, with the market and the account as they are now, and send it; once."""
    given = assignment.params
    if not _trades(assignment):
        raise Unavailable("a trade that was agreed to is executed on paper", "ask for it with --execution paper")
    question = Question(
        text(assignment, "symbol"), timeframe_of(assignment), None, given.get("venue"), given["account"], paper=True
    )
    session = open_session(desk, question)
    follow_orders(desk, session.account, session.clock)
    voted = _recorded(desk, given["decision_id"])
    late = desk.clock.now() >= parse_instant(given["valid_until"])
    with desk.accounts.transaction(session.account) as transaction:

        def act() -> Mapping[str, Any]:
            gone = Traded(None, None, f"its time was over at {given['valid_until']}")
            told = _judged(gone if late else trade(desk, session, voted, transaction, paper=True))
            tell_verdict(desk, assignment.key, told, transaction)
            return told

        answer = transaction.once(assignment.key, act)
    if answer["order"] is None:
        return {"executed": False, **answer}
    traded = Traded(answer, desk.orders.get(answer["order"]["client_order_id"]), answer["reason"], sent=True)
    order = _sent(desk, session, traded, assignment)
    return {**answer, **_executed(order), "order": order}


def _sent(desk: Desk, session: Session, traded: Traded, assignment: Assignment) -> Mapping[str, Any] | None:
    """The order after it was sent."""
    send_now(desk, session, traded)
    order = order_told(desk, traded)
    if order is not None:
        tell_order(desk, order)
    return order


def _executed(order: Mapping[str, Any] | None) -> dict[str, Any]:
    """Whether anything was traded by an order that was sent; what became of it otherwise."""
    if order is not None and Decimal(order["filled"]):
        return {"executed": True}
    return {"executed": False, "reason": f"the order is {'gone' if order is None else order['status']}"}


def _judged(traded: Traded) -> dict[str, Any]:
    """Risk's word as the answer of a task; the order as it was committed, or as it would be."""
    return {
        "risk_approved": traded.order is not None,
        "reason": traded.reason,
        **(traded.risk or {"verdict": "nothing_to_trade", "quantity": "0"}),
        "order": None if traded.order is None else {**order_facts(traded.order, ()), "status": _status(traded)},
    }


def _status(traded: Traded) -> str:
    return "committed" if traded.sent else "dry_run"


def _until(evaluation: Mapping[str, Any], proposal: Mapping[str, Any]) -> int:
    """The last instant at which the trade is wanted: the signal's own, and that of its proposal."""
    ends = [proposal["expires"], evaluation["quality"]["valid_until"]]
    return min(int(end) for end in ends if end is not None)


def _recorded(desk: Desk, decision_id: str) -> Voted:
    """A vote out of the decision log."""
    decision = desk.decisions.get(decision_id)
    facts = decision.choice.outcome
    counted = {vote["voter"] for vote in facts["votes"] if vote["choice"] == f"for_{facts['consensus']['direction']}"}
    views = [view for view in recorded_views([decision]) if view.source in counted]
    lead = min(views, key=lambda view: (-view.confidence, view.source), default=None)
    return _voted({**facts, "decision_id": decision_id, "lead": None if lead is None else plain(lead)})


def _session(desk: Desk, assignment: Assignment) -> Session:
    latest = answer_of(assignment, "latest")
    past = assignment.params.get("as_of") is not None
    return reopen_session(desk, Snapshot(**latest["snapshot"]), latest["account"], past)


def _trades(assignment: Assignment) -> bool:
    if assignment.execution == "live":
        raise Unavailable("no venue is connected for live trading", "run it with --execution paper or notify")
    return assignment.execution == "paper"


def _word(name: str, told: Mapping[str, Any], snapshot: Snapshot) -> Signal:
    """An analyst's word of this run."""
    if "signals" in told and told["as_of"] == iso(snapshot.as_of):
        return heard(told["signals"][0])
    return Abstain(name, snapshot.symbol, snapshot.as_of, CACHED if "signals" in told else NOT_ASKED)


def _ballot(desk: Desk, snapshot: Snapshot, assignment: Assignment) -> Ballot:
    rules, latest = rules_of(desk, snapshot), assignment.inputs["latest"]
    signals: list[Signal] = []
    late: dict[str, str] = {}
    failed: dict[str, str] = {}
    for name in rules.participants:
        told = assignment.inputs.get(name) or {}
        if told.get("status") in GAVE_NONE:
            failed[name] = str(told.get("reason") or "it gave no answer")
            continue
        signal = _word(name, told, snapshot)
        signals.append(signal)
        if isinstance(signal, Abstain) and (signal.reason in SILENT or latest["behind_bars"]):
            late[name] = signal.reason
    around = circumstances(desk, snapshot, latest["extreme_move"], failed)
    return Ballot(tuple(signals), rules, late, around, desk.settings.consensus.consensus.tier_c_size)


def _voted(evaluation: Mapping[str, Any]) -> Voted:
    told, lead = evaluation["consensus"], evaluation["lead"]
    outcome = Consensus(
        direction=told["direction"],
        strength=told["strength"],
        bullish_weight=told["bullish_weight"],
        bearish_weight=told["bearish_weight"],
        reason=told["reason"],
        escalate=told["escalate"],
        votes=(),
        lead=None if lead is None else View.read(lead),
    )
    return Voted(evaluation["decision_id"], outcome, evaluation)


def said(signal: Signal) -> dict[str, Any]:
    """A signal as plain values that `heard` reads again."""
    return {"signal": "abstain" if isinstance(signal, Abstain) else "view", **plain(signal)}


def heard(values: Mapping[str, Any]) -> Signal:
    """The signal that `said` told."""
    given = {name: value for name, value in values.items() if name != "signal"}
    return Abstain.read(given) if values["signal"] == "abstain" else View.read(given)
