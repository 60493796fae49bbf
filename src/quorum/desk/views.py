"""Views: files that show the newest of the store, written after the commit and rebuilt from it at any time."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from quorum.desk.desk import Desk
from quorum.desk.facts import order_facts
from quorum.desk.workspace import write_text
from quorum.domain import Decision, DecisionKind, WorkspaceError, iso, plain

NEWEST = 200
DIRECTION_NAMES = {"approved": "EXECUTE_TRADE", "shrunk": "EXECUTE_TRADE", "vetoed": "REJECT_TRADE"}


def publish(desk: Desk, decision_id: str | None = None) -> tuple[Path, ...]:
    """Write every view from the store; the paths written. `decision_id` is the consensus to show as the newest."""
    decisions = list(desk.decisions.recent(NEWEST))
    votes = [d for d in decisions if d.choice.kind is DecisionKind.CONSENSUS]
    trades = list(_trades(desk))
    followed = {parent: d.decision_id for d in decisions for parent in d.choice.parents}
    followed |= {trade["decision_id"]: trade["status"] for trade in trades}
    latest = next((d for d in votes if decision_id in (None, d.decision_id)), None)
    documents = {
        "decisions/decision_log.json": {"decisions": [_log_line(d, followed) for d in decisions]},
        "risk/trade_approvals.json": {
            "approvals": [
                {"decision_id": d.decision_id, "timestamp": iso(d.at), **_without_checks(d.choice.outcome)}
                for d in decisions
                if d.choice.kind is DecisionKind.RISK
            ]
        },
        "trades/trades.json": {"trades": trades},
        **(_signals(latest) if latest else {}),
    }
    return tuple(_write(desk.workspace.home / "state" / name, value) for name, value in documents.items())


def _log_line(decision: Decision, followed: Mapping[str, str]) -> dict[str, Any]:
    """A decision in file 4's shape; its outcome is the decision that followed, or the state of its order."""
    choice = decision.choice
    chosen = choice.outcome.get("verdict") or choice.outcome.get("consensus", {}).get("direction", "")
    return {
        "decision_id": decision.decision_id,
        "timestamp": iso(decision.at),
        "type": choice.kind.value,
        "subject": choice.subject,
        "as_of": iso(choice.as_of),
        "inputs": _log_inputs(choice.outcome),
        "decision": DIRECTION_NAMES.get(chosen, chosen),
        "rationale": choice.rationale,
        "outcome": followed.get(decision.decision_id, "none"),
        "parents": list(choice.parents),
    }


def _log_inputs(outcome: Mapping[str, Any]) -> dict[str, Any]:
    """What a vote counted, or what risk was asked."""
    if "votes" in outcome:
        return {vote["voter"]: vote["choice"] for vote in outcome["votes"]}
    return {name: outcome["proposal"][name] for name in ("purpose", "account", "side", "quantity", "price")}


def _without_checks(outcome: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in outcome.items() if key != "checks"}


def _trades(desk: Desk) -> Iterable[dict[str, Any]]:
    for account in desk.accounts.listed():
        for order in desk.orders.of(account["account"])[-NEWEST:]:
            yield order_facts(order, desk.orders.fills_of(order.intent.client_order_id))


def _signals(decision: Decision) -> dict[str, Any]:
    """The newest vote: one file for the consensus and one for each source."""
    facts = decision.choice.outcome
    head = {
        "decision_id": decision.decision_id,
        "symbol": decision.choice.subject,
        "as_of": iso(decision.choice.as_of),
    }
    files: dict[str, Any] = {"consensus/consensus.json": {**head, **facts}}
    for vote in facts["votes"]:
        name = vote["voter"].removesuffix("_model")
        files[f"signals/{name}_signals.json"] = {**head, "signals": [vote]}
    return files


def _write(path: Path, value: Mapping[str, Any]) -> Path:
    text = json.dumps(plain(value), indent=2, ensure_ascii=False) + "\n"
    try:
        write_text(path, text)
    except OSError as error:
        raise WorkspaceError(
            f"view {path}: {error.strerror or error}",
            "the store holds everything: mend the folder, then `quorum views`",
        ) from error
    return path
