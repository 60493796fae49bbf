"""The desk's values as plain facts, for records, views and the command line."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from quorum.domain import (
    ZERO,
    Abstain,
    Approved,
    Decision,
    Direction,
    Fill,
    Order,
    RiskVerdict,
    Shrunk,
    Signal,
    View,
    Vote,
    iso,
    parse_instant,
    plain,
)
from quorum.signals import Consensus


def vote_facts(signals: Sequence[Signal], outcome: Consensus) -> dict[str, Any]:
    """The votes with the signals behind them, who was absent and why, and what they add up to."""
    votes = [_vote(signal, vote) for signal, vote in zip(signals, outcome.votes, strict=True)]
    return {
        "votes": votes,
        "consensus": {
            "direction": outcome.direction,
            "strength": outcome.strength,
            "bullish_weight": outcome.bullish_weight,
            "bearish_weight": outcome.bearish_weight,
            "reason": outcome.reason,
            "escalate": outcome.escalate,
            "pool": outcome.pool,
            "absent": plain(outcome.absent),
            "vetoes": plain(outcome.vetoes),
            "notes": plain(outcome.notes),
        },
    }


def recorded_views(decisions: Iterable[Decision]) -> tuple[View, ...]:
    """The views behind recorded votes, each once, oldest first: what `outcomes` can judge."""
    found: dict[tuple[str, str, int], View] = {}
    for decision in decisions:
        for vote in decision.choice.outcome.get("votes", ()):
            if vote.get("signal") == "view":
                view = _view(decision.choice.subject, vote)
                found.setdefault((view.symbol, view.source, view.time), view)
    return tuple(sorted(found.values(), key=lambda view: (view.time, view.symbol, view.source)))


def _view(symbol: str, vote: Mapping[str, Any]) -> View:
    entry = vote["entry"]
    return View(
        source=vote["voter"],
        symbol=symbol,
        time=parse_instant(vote["time"]),
        direction=Direction(vote["direction"]),
        confidence=vote["confidence"],
        valid_minutes=vote["valid_minutes"],
        rationale=vote["reason"],
        entry=None if entry is None else (entry[0], entry[1]),
        stop=vote["stop"],
        targets=tuple(vote["targets"]),
    )


def _vote(signal: Signal, vote: Vote) -> dict[str, Any]:
    facts: dict[str, Any] = plain(vote)
    facts["time"] = iso(signal.time)
    if isinstance(signal, Abstain):
        return {**facts, "signal": "abstain"}
    names = ("direction", "entry", "stop", "targets", "valid_minutes", "evidence")
    return {**facts, "signal": "view", **{name: plain(getattr(signal, name)) for name in names}}


def verdict_facts(verdict: RiskVerdict) -> dict[str, Any]:
    """A verdict with its quantity, its reasons, and every limit that was looked at."""
    checks = [{**plain(check._asdict()), "passed": check.passed} for check in verdict.checks]
    if isinstance(verdict, Approved):
        return {"verdict": "approved", "quantity": plain(verdict.quantity), "reasons": [], "checks": checks}
    if isinstance(verdict, Shrunk):
        reasons = [f"cut from {verdict.asked} to {verdict.quantity} by {', '.join(verdict.binding)}"]
        return {"verdict": "shrunk", "quantity": plain(verdict.quantity), "reasons": reasons, "checks": checks}
    return {"verdict": "vetoed", "quantity": "0", "reasons": list(verdict.reasons), "checks": checks}


def order_facts(order: Order, fills: Sequence[Fill]) -> dict[str, Any]:
    """An order with its fills, instants as ISO; `slippage_bps` is below zero where they were better than decided."""
    intent = order.intent
    facts: dict[str, Any] = {
        "client_order_id": intent.client_order_id,
        "intent_id": intent.intent_id,
        "account": intent.account,
        "symbol": intent.symbol,
        "side": intent.side.value,
        "quantity": plain(intent.quantity),
        "price": plain(intent.price),
        "collar": plain(intent.collar),
        "purpose": intent.purpose.value,
        "terms": plain(intent.terms),
        "replaces": intent.replaces,
        "stop": plain(intent.exit.stop),
        "targets": plain(intent.exit.targets),
        "status": order.status.value,
        "filled": plain(order.filled),
        "created_at": iso(intent.created_at),
        "expires_at": iso(intent.expires_at),
        "decision_id": intent.decision_id,
    }
    return {**facts, "slippage_bps": _slippage(order, fills), "fills": [fill_facts(fill) for fill in fills]}


def _slippage(order: Order, fills: Sequence[Fill]) -> float | None:
    """How much worse than the price of the decision; None without fills, and of what waited for a trigger."""
    intent, filled = order.intent, sum((fill.quantity for fill in fills), ZERO)
    if not filled or not intent.price or intent.terms.kind.waits:
        return None
    paid = sum((fill.notional for fill in fills), ZERO)
    return round(float(intent.side.sign * (paid / (filled * intent.price) - 1) * 10_000), 4)


def fill_facts(fill: Fill) -> dict[str, Any]:
    """A fill, its instant as ISO."""
    return {**plain(fill), "time": iso(fill.time)}
