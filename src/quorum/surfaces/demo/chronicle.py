"""From what the coordinator did to what the page tells of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from quorum.desk import CycleRecord, Desk, order_facts
from quorum.desk.agents import conditions, performance
from quorum.desk.approvals import Approval, facts
from quorum.desk.running import timeline
from quorum.desk.workflows import RunState, RunStep
from quorum.domain import iso
from quorum.surfaces.demo.story import decision_story, order_words
from quorum.surfaces.report import AgentLine, AnswerStory, CoordinatorStory, DecisionLine, RunStory, StepLine

JUDGED = ("approved", "shrunk", "vetoed")


class Ended(NamedTuple):
    """A run of the realtime workflow that has ended."""

    identity: str
    symbol: str
    status: str
    results: Mapping[str, Any]


class Asked(NamedTuple):
    """A question that was answered, and the results of the run that had asked it."""

    approval: Approval
    results: Mapping[str, Any]


def chronicle(desk: Desk, account: str, ended: Sequence[Ended], asked: Asked | None) -> CoordinatorStory:
    """The story of these runs; in full the newest that entered on paper, else that traded, else the newest."""
    shown = _worth_showing(ended)
    return CoordinatorStory(
        runs=len(ended) + (asked is not None),
        orders=len(desk.orders.of(account)),
        run=_run_story(desk, account, shown),
        answer=None if asked is None else _answer_story(desk, asked),
        agents=tuple(_agent_lines(desk)),
        decisions=tuple(_decision_lines(desk, shown, asked)),
    )


def _worth_showing(ended: Sequence[Ended]) -> Ended:
    orders = [(run, run.results["order"]) for run in ended if run.results["order"]]
    filled = [run for run, order in orders if order["fills"]]
    entered = [run for run, order in orders if order["fills"] and order["purpose"] != "reduction"]
    return (entered or filled or ended)[-1]


def _run_story(desk: Desk, account: str, ended: Ended) -> RunStory:
    state, steps = desk.workflows.run(ended.identity)
    results = ended.results
    record = _record(ended, account, iso(state.request["as_of"]))
    quality = results["quality"]
    return RunStory(
        ended.identity,
        state.workflow,
        ended.status,
        tuple(_lines(state, steps)),
        decision_story(record),
        f"tier {quality['tier']}, {quality['score']:.2f}: {quality['recommendation']}",
        tuple((gone["name"], gone["why"]) for gone in results["consensus"]["absent"]),
    )


def _record(ended: Ended, account: str, as_of: str) -> CycleRecord:
    """A run's results as the record of a cycle."""
    results = ended.results
    risk = results["risk"]
    judged = risk if risk is not None and risk.get("verdict") in JUDGED else None
    why = results["reason"] if risk is None else risk.get("reason", "")
    seen = {"symbol": ended.symbol, "as_of": as_of}
    return CycleRecord(
        results["decision_id"],
        seen,
        account,
        results["votes"],
        results["consensus"],
        results["quality"],
        judged,
        results["order"],
        why,
    )


def _lines(state: RunState, steps: Sequence[RunStep]) -> Iterator[StepLine]:
    """The timeline; what is told of a step is why it, or a task of it, has no answer."""
    first = next((step.began for step in steps if step.began is not None), 0)
    for step, line in zip(steps, timeline(state, steps), strict=True):
        tasks = line.get("tasks", {})
        agents = dict.fromkeys(task["agent"] for task in tasks.values() if "agent" in task)
        reasons = dict.fromkeys(task["reason"] for task in tasks.values() if "reason" in task)
        yield StepLine(
            line["step"],
            line["status"],
            ((step.began or first) - first) / 1e6,
            line["duration_ms"] or 0.0,
            tuple(agents),
            line.get("reason") or "; ".join(reasons),
        )


def _answer_story(desk: Desk, asked: Asked) -> AnswerStory:
    told = facts(asked.approval)
    return AnswerStory(
        approval_id=told["approval_id"],
        workflow_id=told["workflow_id"],
        about=told["shows"].get("summary") or told["question"],
        size=told["size"] or "",
        asked_at=told["asked_at"],
        expires_at=told["expires_at"],
        status=told["status"],
        by=told["answered_by"] or "",
        answered_at=told["answered_at"] or "",
        reason=told["reason"] or "",
        order=_order_now(desk, asked.results),
    )


def _order_now(desk: Desk, results: Mapping[str, Any]) -> str:
    """The order of a run as it is by now, or why there is none."""
    order = results.get("order")
    if order is None:
        return f"none: {(results.get('risk') or {}).get('reason') or 'the run came to none'}"
    identity = order["client_order_id"]
    return order_words(order_facts(desk.orders.get(identity), desk.orders.fills_of(identity)))


def _agent_lines(desk: Desk) -> Iterator[AgentLine]:
    """The agents that were called, by name."""
    rules = desk.staff.rules
    found = performance(desk.staff.calls.since(0))
    health = conditions(desk.staff, rules.agents.values())
    for name, figures in found.items():
        agent = rules.agents[name]
        substitute = next((row.use for row in rules.substitutions if row.agent == name), "")
        yield AgentLine(
            name,
            agent.role,
            health[name].health.value,
            figures.calls,
            figures.rate,
            figures.p50,
            figures.p95,
            substitute,
        )


def _decision_lines(desk: Desk, shown: Ended, asked: Asked | None) -> Iterator[DecisionLine]:
    """The votes of the run that is shown and of the question, each with the decisions that follow from it."""
    votes = [shown.results["decision_id"]]
    if asked is not None:
        votes.append(str(asked.approval.question.shows["decision_id"]))
    for vote in votes:
        for decision in (desk.decisions.get(vote), *desk.decisions.following(vote)):
            yield DecisionLine(decision.decision_id, decision.choice.kind.value, decision.choice.rationale)
