"""Views: files that show the newest of the store, written after the commit and rebuilt from it at any time."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from quorum.desk.agents import conditions, orchestration_context
from quorum.desk.desk import Desk
from quorum.desk.facts import order_facts
from quorum.desk.life import Shown, show_life
from quorum.desk.system import SystemView, coordinator_state
from quorum.desk.workspace import write_text
from quorum.domain import Choice, Decision, DecisionKind, WorkspaceError, iso, plain

NEWEST = 200
APPROVED = ("approved", "shrunk")
DIRECTION_NAMES = {"approved": "EXECUTE_TRADE", "shrunk": "EXECUTE_TRADE", "vetoed": "REJECT_TRADE"}


def publish(desk: Desk, decision_id: str | None = None) -> Shown:
    """Write every view from the store; the paths written, and what was left as it is, with why.

    `decision_id` is the consensus to show as the newest.
    """
    from quorum.desk.proving.record import rebuild  # what is proved stands on much that other views do not need

    decisions = list(desk.decisions.recent(NEWEST))
    approvals = [
        {"decision_id": d.decision_id, "timestamp": iso(d.at), **_without_checks(d.choice.outcome)}
        for d in decisions
        if d.choice.kind is DecisionKind.RISK
    ]
    latest = _latest(decisions, decision_id)
    documents = {
        **_system(desk, decisions),
        "risk/trade_approvals.json": {"status": "completed", "approvals": approvals},
        **(_consensus(latest) | _signals(latest) if latest else {}),
    }
    written, lives = _written(desk, documents), show_life(desk)
    return Shown((*written, *lives.written, *rebuild(desk)), lives.doubts)


def show_system(desk: Desk, decision_id: str | None = None) -> tuple[Path, ...]:
    """Write the views that no task of a workflow writes: how the whole desk is, its decisions, votes and trades."""
    decisions = list(desk.decisions.recent(NEWEST))
    latest = _latest(decisions, decision_id)
    return _written(desk, {**_system(desk, decisions), **(_consensus(latest) if latest else {})})


def _system(desk: Desk, decisions: Sequence[Decision]) -> dict[str, Any]:
    trades = list(_trades(desk))
    agents = [agent for agent in desk.staff.rules.agents.values() if agent.tasks]
    health = conditions(desk.staff, agents)
    now = desk.clock.now()
    open_tasks = desk.staff.tasks.open()
    tasks = [*open_tasks, *desk.staff.tasks.recent(NEWEST)]
    shown = SystemView(
        at=now,
        state=desk.states.current().state,
        run=next(iter(desk.workflows.runs(1)), None),
        active_agents=sorted({task.task.target_agent for task in open_tasks}),
        agent_health={name: str(found.health) for name, found in health.items()},
        decisions=decisions,
        approvals=desk.approvals.open(),
        trades=list(reversed(trades)),
    )
    return {
        "decisions/decision_log.json": {"decisions": log_lines(decisions, trades)},
        "trades/trades.json": {"trades": trades},
        "system/coordinator_state.json": coordinator_state(shown),
        "system/orchestration_context.json": orchestration_context(tasks, desk.staff.rules, health, now),
    }


def _latest(decisions: Sequence[Decision], decision_id: str | None) -> Decision | None:
    votes = (d for d in decisions if d.choice.kind is DecisionKind.CONSENSUS)
    return next((d for d in votes if decision_id in (None, d.decision_id)), None)


def _written(desk: Desk, documents: Mapping[str, Mapping[str, Any]]) -> tuple[Path, ...]:
    return tuple(_write(desk.workspace.home / "state" / name, value) for name, value in documents.items())


def told_decisions(desk: Desk, decisions: Sequence[Decision]) -> list[dict[str, Any]]:
    """Some decisions, newest first, as the decision log has them."""
    return log_lines(decisions, list(_trades(desk)))


def log_lines(decisions: Sequence[Decision], trades: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Decisions in file 4's shape; the outcome of one is the decision that followed, or the state of its order.

    `trades` are orders as plain values.
    """
    followed = {parent: d.decision_id for d in decisions for parent in d.choice.parents}
    followed |= {trade["decision_id"]: trade["status"] for trade in trades}
    known = {d.decision_id: d for d in decisions}
    return [_log_line(d, followed, [known[p] for p in d.choice.parents if p in known]) for d in decisions]


def _log_line(decision: Decision, followed: Mapping[str, str], parents: Sequence[Decision]) -> dict[str, Any]:
    choice = decision.choice
    chosen = _chosen(choice.outcome)
    names = DIRECTION_NAMES if choice.kind is DecisionKind.RISK else {}
    return {
        "decision_id": decision.decision_id,
        "timestamp": iso(decision.at),
        "type": choice.kind.value,
        "subject": choice.subject,
        "as_of": iso(choice.as_of),
        "inputs": _log_inputs(choice, [parent.choice.outcome for parent in parents]),
        "decision": names.get(chosen, chosen),
        "rationale": choice.rationale,
        "outcome": followed.get(decision.decision_id, "none"),
        "parents": list(choice.parents),
    }


def _chosen(outcome: Mapping[str, Any]) -> str:
    """The word of a decision: what risk, a decision point, a person, a policy or the system's state came to."""
    if "consensus" in outcome:
        return str(outcome["consensus"]["direction"])
    return next((str(outcome[name]) for name in ("verdict", "status", "done", "state") if name in outcome), "")


def _log_inputs(choice: Choice, behind: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """What a vote counted, or what risk was asked after which vote; of other decisions the plain ones of their own."""
    outcome, given = choice.outcome, choice.inputs
    if "votes" in outcome:
        return {vote["voter"]: vote["choice"] for vote in outcome["votes"]}
    if "proposal" in outcome:
        asked = {name: outcome["proposal"][name] for name in ("purpose", "account", "side", "quantity", "price")}
        return {**_voted(behind), "risk_approved": outcome["verdict"] in APPROVED, **asked}
    more = [given[name] for name in ("values", "shows", "scope") if isinstance(given.get(name), Mapping)]
    return {n: v for part in (given, *more) for n, v in part.items() if isinstance(v, str | int | float | bool)}


def _voted(behind: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The tier and the direction of the vote among the outcomes behind a decision."""
    votes = (vote for vote in behind if "consensus" in vote and "quality" in vote)
    told = ({"signal_quality": v["quality"]["tier"], "consensus": v["consensus"]["direction"]} for v in votes)
    return next(told, {})


def _without_checks(outcome: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in outcome.items() if key != "checks"}


def _trades(desk: Desk) -> Iterable[dict[str, Any]]:
    for account in desk.accounts.listed():
        for order in desk.orders.of(account["account"])[-NEWEST:]:
            yield order_facts(order, desk.orders.fills_of(order.intent.client_order_id))


def _consensus(decision: Decision) -> dict[str, Any]:
    """The newest vote."""
    return {"consensus/consensus.json": {**_head(decision), **decision.choice.outcome}}


def _signals(decision: Decision) -> dict[str, Any]:
    """One file for each source of the newest vote; one that abstained, or whose agent failed, says why."""
    files: dict[str, Any] = {}
    for vote in decision.choice.outcome["votes"]:
        silent = {"status": "unavailable", "reason": vote["reason"]} if vote["choice"] == "abstain" else {}
        files[_source_file(vote["voter"])] = {"status": "completed", **silent, **_head(decision), "signals": [vote]}
    for absence in decision.choice.outcome["consensus"].get("absent", ()):
        told = {"status": "unavailable", "reason": absence["why"], **_head(decision), "signals": []}
        files.setdefault(_source_file(absence["name"]), told)
    return files


def _source_file(source: str) -> str:
    return f"signals/{source.removesuffix('_model')}_signals.json"


def _head(decision: Decision) -> dict[str, Any]:
    choice = decision.choice
    return {"decision_id": decision.decision_id, "symbol": choice.subject, "as_of": iso(choice.as_of)}


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
