"""Runs in words: as a list, as a line of time, and what one of them came to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from quorum.surfaces.cli.coordinator.going import run_facts
from quorum.surfaces.cli.lab.vote import print_trade, print_votes
from quorum.surfaces.cli.show import facts, say, spent, table

if TYPE_CHECKING:
    from quorum.desk import Desk

STATUSES = ("enqueued", "running", "waiting", "completed", "degraded", "halted", "failed", "cancelled")
_ENGINE = {"completed": "done", "degraded": "done", "halted": "done", "waiting": "running"}
_LISTED = ("workflow_id", "workflow", "status", "reason")
_VOTE = ("decision_id", "votes", "consensus", "quality", "risk", "order")
MOST_ITEMS = 6


def listed(desk: Desk, limit: int, workflow: str | None, status: str | None) -> list[dict[str, Any]]:
    """The newest runs of that workflow and status; UsageError for a status that there is not."""
    from quorum.domain import UsageError, iso

    if status is not None and status not in STATUSES:
        raise UsageError(f"there is no status {status!r}", f"choose one of {', '.join(STATUSES)}")
    looked = limit
    while True:
        states = desk.workflows.runs(looked, workflow, None if status is None else _ENGINE.get(status, status))
        told = [run_facts(desk, state) for state in states]
        found = [
            {**{name: run[name] for name in _LISTED}, "created": iso(state.created), "updated": iso(state.updated)}
            for state, run in zip(states, told, strict=True)
            if status in (None, run["status"])
        ][:limit]
        if len(found) == limit or len(states) < looked:
            return found
        looked *= 4


def print_timeline(lines: Sequence[Mapping[str, Any]]) -> None:
    """The steps of a run: who did each, how it ended, when it began, how long it took, and why."""
    rows = [(x["step"], x["status"], _milli(x["began"]), spent(x["duration_ms"]), _who(x), _why(x)) for x in lines]
    table(("step", "status", "began (UTC)", "took", "by", "reason"), rows, empty="no step has ended yet")


def print_run(told: Mapping[str, Any]) -> None:
    """How a run ended, and what it came to: a vote with risk's word and the order, or its other results."""
    names = (*_LISTED, "as_of", "execution", "waits_for")
    facts({name: told[name] for name in names[:-1]})
    voted = bool(told.get("votes") and told.get("consensus"))
    rest = {n: v for n, v in told.items() if n not in names and not (voted and n in _VOTE) and v is not None}
    facts({name: _short(value) for name, value in rest.items()})
    if voted:
        print_votes(told["votes"], told["consensus"])
        if quality := told.get("quality"):
            say(f"quality: tier {quality['tier']}, score {quality['score']:.2f}: {quality['recommendation']}")
        print_trade(told.get("risk"), told.get("order"))
        say(f"more: quorum why {told['decision_id']}")
    print_questions(told["waits_for"])
    say(f"more: quorum workflow show {told['workflow_id']}")


def print_questions(asked: Sequence[Mapping[str, Any]]) -> None:
    """What a person is asked, and how to answer."""
    for question in asked:
        identity = question["approval_id"]
        say(f"waits for {identity}: {question['question']}, until {question['expires_at']}")
        say(f"answer: quorum approve {identity} --reason WHY, or quorum reject {identity} --reason WHY")


def _milli(instant: str | None) -> str:
    """The time of day of an ISO instant, to the millisecond, behind its date."""
    if instant is None:
        return ""
    day, _, rest = instant.rstrip("Z").partition("T")
    clock, _, fraction = rest.partition(".")
    return f"{day} {clock}.{fraction[:3]:0<3}"


def _who(line: Mapping[str, Any]) -> str:
    return ", ".join(dict.fromkeys(t["agent"] for t in line.get("tasks", {}).values() if t.get("agent")))


def _why(line: Mapping[str, Any]) -> str:
    """Why a step ended as it did, and those of its tasks that were asked in vain."""
    tasks = line.get("tasks", {})
    alone = len(tasks) == 1
    vain = {n: t["reason"] for n, t in tasks.items() if t.get("reason") and t["status"] not in ("completed", "skipped")}
    told = [reason if alone else f"{name}: {reason}" for name, reason in vain.items()]
    return "; ".join([*([line["reason"]] if line.get("reason") else []), *told])


def _short(value: Any) -> str | int | float | None:
    """A result as one line: a list by its items or their number, names with plain values."""
    if isinstance(value, Mapping):
        plain = {n: v for n, v in value.items() if v not in ("", None) and not isinstance(v, Mapping | list)}
        told = [f"{name} {_short(inner)}" for name, inner in list(plain.items())[:MOST_ITEMS]]
        return ", ".join(told + (["…"] if len(plain) > len(told) else [])) or ", ".join(value)
    if isinstance(value, list):
        if len(value) > MOST_ITEMS or any(isinstance(item, Mapping | list) for item in value):
            return f"{len(value)} items"
        return ", ".join(str(_short(item)) for item in value)
    if isinstance(value, bool) or value is None:
        return {True: "yes", False: "no", None: "-"}[value]
    return f"{value:.4g}" if isinstance(value, float) else value
