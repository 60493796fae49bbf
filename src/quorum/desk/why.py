"""Why: from an order, a fill, a decision or a trial back to the bars."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from quorum.desk.desk import Desk
from quorum.desk.facts import fill_facts, order_facts
from quorum.desk.recorded import seen_bars, trial_bars
from quorum.domain import Decision, DecisionKind, NotFound, Order, Row, UsageError, iso, plain
from quorum.lake import Bars, PanelRow

BARS_SHOWN = 3
ELSEWHERE = {
    "APR-": "approvals show ID",
    "WF-": "workflow show ID",
    "NOT-": "notices",
    "ESC-": "notices escalations",
    "TASK-": "agents tasks",
}


def why(desk: Desk, identity: str) -> list[dict[str, Any]]:
    """The chain behind `identity`, from the thing itself back to the bars, each link with its `kind`.

    A consensus also names what followed from it. NotFound for an id that nothing has.
    """
    if identity.startswith("TRL-"):
        trial = desk.trials.get(identity)
        inputs = trial["inputs"]
        return [
            {"kind": "trial", "id": identity, "inputs": inputs, "outcome": trial["outcome"]},
            _trial_bars(desk, inputs),
        ]
    chain: list[dict[str, Any]] = []
    identity = _decision_of(desk, identity)
    order = None if identity.startswith("DEC-") else find_order(desk, identity)
    if order is not None:
        fills = desk.orders.fills_of(order.intent.client_order_id)
        chain += [{"kind": "fill", "id": f.fill_id, **fill_facts(f)} for f in fills if f.fill_id == identity]
        events = [
            {**{k: e[k] for k in ("status", "detail", "fill_id")}, "time": iso(e["time"])}
            for e in desk.orders.events_of(order.intent.client_order_id)
        ]
        facts = order_facts(order, fills)
        chain.append({"kind": "order", "id": order.intent.client_order_id, **facts, "events": events})
    for decision in reversed(_lineage(desk, order.intent.decision_id if order else identity)):
        chain.append(_decision(decision))
        if decision.choice.kind is DecisionKind.CONSENSUS:
            followed = desk.decisions.following(decision.decision_id)
            chain[-1]["led_to"] = [
                {
                    "decision_id": d.decision_id,
                    "outcome": d.choice.outcome.get("verdict") or d.choice.outcome.get("status"),
                    "orders": [o.intent.client_order_id for o in desk.orders.of_decision(d.decision_id)],
                }
                for d in followed
            ]
            chain.append(_bars(desk, decision.choice.inputs["snapshot"], decision.choice.as_of))
    return chain


def _decision_of(desk: Desk, identity: str) -> str:
    """The decision that an approval's answer is; every other id as it is."""
    if not identity.startswith("APR-"):
        return identity
    answered = next(iter(desk.decisions.recent(1, DecisionKind.APPROVAL, identity)), None)
    if answered is not None:
        return answered.decision_id
    found = desk.approvals.get(identity)
    raise NotFound(f"{identity} is {found.status}: nobody has decided it yet", "see `quorum approvals show ID`")


def decisions_behind(desk: Desk, identity: str) -> Sequence[Decision]:
    """The decisions that lead to `identity`, oldest first; of a consensus, also those that followed from it."""
    if identity.startswith("DEC-"):
        return [*_lineage(desk, identity), *desk.decisions.following(identity)]
    return _lineage(desk, find_order(desk, identity).intent.decision_id)


def find_order(desk: Desk, identity: str) -> Order:
    """The order of a client order id, an intent id or a fill id."""
    for prefix, command in ELSEWHERE.items():
        if identity.startswith(prefix):
            raise UsageError(f"{identity} is no order, fill, decision or trial", f"see `quorum {command}`")
    head, dash, number = identity.rpartition("-")
    is_fill = bool(dash) and number.isdigit() and not identity.startswith("INT-")
    return desk.orders.get(head if is_fill else identity)


def _lineage(desk: Desk, decision_id: str) -> list[Decision]:
    """The decision and its parents, oldest first."""
    decision = desk.decisions.get(decision_id)
    line: list[Decision] = []
    for parent in decision.choice.parents:
        line += _lineage(desk, parent)
    return [*line, decision]


def _decision(decision: Decision) -> dict[str, Any]:
    choice = decision.choice
    return {
        "kind": choice.kind.value,
        "id": decision.decision_id,
        "at": iso(decision.at),
        "as_of": iso(choice.as_of),
        "subject": choice.subject,
        "rationale": choice.rationale,
        "outcome": plain(choice.outcome),
        "inputs": plain(choice.inputs),
        "code_hash": decision.code_hash,
    }


def _bars(desk: Desk, seen: Any, until: int) -> dict[str, Any]:
    """The bars that were seen: their hash, whether the lake still has them so, and the last of them as they are now."""
    bars = seen_bars(desk.lake, seen)
    return _shown(bars.as_of(until), seen)


def _shown(bars: Bars, seen: Any) -> dict[str, Any]:
    newest = bars.slice(max(0, len(bars) - BARS_SHOWN), len(bars)).rows()
    names = ("symbol", "venue", "timeframe", "revision", "first", "last", "data_hash")
    return {
        "kind": "bars",
        "id": seen["data_hash"][:16],
        **{name: seen[name] for name in names},
        "unchanged": bars.data_hash == seen["data_hash"],
        "newest": [{**plain(row._asdict()), "time": iso(row.time)} for row in newest],
    }


def _trial_bars(desk: Desk, inputs: Any) -> dict[str, Any]:
    """The bars of a trial; of many symbols only the closes are shown."""
    bars = trial_bars(desk.lake, inputs)
    newest = bars.slice(max(0, len(bars) - BARS_SHOWN), len(bars)).rows()
    names = ("symbol", "symbols", "venue", "timeframe", "revisions", "data_hash")
    return {
        "kind": "bars",
        "id": inputs["data_hash"][:16],
        **{name: inputs[name] for name in names},
        "first": iso(inputs["first"]),
        "last": iso(inputs["last"]),
        "unchanged": bars.data_hash == inputs["data_hash"],
        "newest": [_row(row) for row in newest],
    }


def _row(row: Row | PanelRow) -> dict[str, Any]:
    if isinstance(row, PanelRow):
        return {"time": iso(row.time), "close": [None if c != c else c for c in row.close.tolist()]}
    return {**plain(row._asdict()), "time": iso(row.time)}
