"""From what became of ideas to what the page tells of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from quorum.desk import Desk
from quorum.desk.deploying import evaluate, plan_deployment
from quorum.desk.life import Record
from quorum.desk.meeting import Meeting
from quorum.surfaces.report import (
    FixLine,
    GateLine,
    IdeaLine,
    LifeStory,
    MeetingStory,
    MendedStory,
    ProposalLine,
    ReadyStory,
    RejectedStory,
    TierMark,
)
from quorum.validation.ladder import Tier
from quorum.validation.life import Candidate, Status

TOLD_DAYS = (30, 90, 365)
SHOWN_PROPOSALS = 8
DECISIVE = ("L2", "L3")
NAN = float("nan")
HELD = "passed"
OUT = (Status.REJECTED_AUTO_RETRY, Status.REJECTED)


class Queued(NamedTuple):
    """An idea as it was queued, and what is true of its market."""

    candidate: Candidate
    truth: str


def biography(desk: Desk, queued: Sequence[Queued], record: Record, meeting: Meeting) -> LifeStory:
    """The story of these ideas by the record of the run that proved them, and of a meeting."""
    lives = [desk.life.queue.get(one.candidate.strategy_id) for one in queued]
    lines = record["by_strategy"]
    return LifeStory(
        record["run_id"],
        _work(record),
        tuple(_idea(desk, now, one.truth, lines[now.strategy_id]) for now, one in zip(lives, queued, strict=True)),
        _ready(desk, lives),
        _mended(desk, lives),
        _rejected(desk, lives),
        _meeting(meeting),
    )


def _work(record: Record) -> str:
    checks = len(record["workers"])
    peak = max((worker["peak_mb"] or 0.0 for worker in record["workers"]), default=0.0)
    cpu = sum(worker["cpu_seconds"] or 0.0 for worker in record["workers"])
    return (
        f"Queued on a Friday, found on Saturday: {checks} checks in up to {record['workers_at_once']} workers at once"
        f" took {cpu:.1f} seconds of CPU, the largest {peak:.0f} MB; what fails in one costs the others nothing."
    )


def _idea(desk: Desk, now: Candidate, truth: str, line: Mapping[str, Any]) -> IdeaLine:
    words = {tier: found["verdict"] for tier, found in line["tiers"].items()}
    words |= dict.fromkeys((record["tier"] for record in _attempts(desk, now) if record["outcome"] == HELD), "mended")
    marks = tuple(TierMark(tier.value, words.get(tier.value, "")) for tier in Tier)
    return IdeaLine(now.strategy_id, now.idea.name, now.idea.hypothesis, truth, marks, now.status.value, now.reason)


def _ready(desk: Desk, lives: Sequence[Candidate]) -> ReadyStory | None:
    """The first that waits for a person's word, one that needed no fix before one that did."""
    waiting = sorted((one for one in lives if one.status is Status.AWAITING_HUMAN), key=lambda one: one.attempts)
    if not waiting:
        return None
    strategy_id = waiting[0].strategy_id
    plan, known = plan_deployment(desk, strategy_id), evaluate(desk, strategy_id)
    baseline = plan.baseline
    critic = known["critic"]
    return ReadyStory(
        strategy_id,
        f"{plan.summary}.",
        tuple(_gates(known["tiers"])),
        baseline.sharpe,
        (baseline.mean, *baseline.interval),
        tuple((days, *baseline.band(days).total) for days in TOLD_DAYS),
        known["trials_in_family"] or 0,
        "raised no doubt that held" if critic is None else critic["verdict"]["verdict"],
        "; ".join(str(refusal) for refusal in plan.refusals) or f"agrees to {100 * plan.allocation:.0f} % of the book",
    )


def _gates(tiers: Mapping[str, Any]) -> Iterator[GateLine]:
    for tier in DECISIVE:
        for row in tiers.get(tier, {}).get("rows", ()):
            if row["kind"] == "gate":
                asked = f"{row['comparison']} {row['threshold']:g}"
                found = "n/a" if row["value"] is None else f"{row['value']:.4g}"
                yield GateLine(tier, row["metric"], found, asked, row["outcome"])


def _mended(desk: Desk, lives: Sequence[Candidate]) -> MendedStory | None:
    """The first that passed a tier because of a fix."""
    for one in lives:
        records = _attempts(desk, one)
        tier = next((record["tier"] for record in records if record["outcome"] == HELD), None)
        if tier is not None:
            there = [record for record in records if record["tier"] == tier]
            metric = there[0]["metric"]
            failed = f"{metric['name']} was {metric['before']:.4g} where {metric['threshold']:g} is asked for"
            learnt = _learning(desk, one)
            words = "" if learnt is None else f"{learnt['title']} ({learnt['learning_id']})"
            return MendedStory(one.strategy_id, tier, failed, tuple(map(_fix, there)), words)
    return None


def _rejected(desk: Desk, lives: Sequence[Candidate]) -> RejectedStory | None:
    """One that no fix could mend, else any that was rejected."""
    out = sorted((one for one in lives if one.status in OUT), key=lambda one: OUT.index(one.status))
    if not out:
        return None
    one = out[0]
    learnt = _learning(desk, one) or {"learning_id": "", "title": "", "action": ""}
    tried = (record for record in _attempts(desk, one) if (record["metric"] or {}).get("after") is not None)
    told = learnt["learning_id"], learnt["title"], learnt["action"]
    return RejectedStory(one.strategy_id, one.reason.rstrip("."), tuple(map(_fix, tried)), *told)


def _attempts(desk: Desk, one: Candidate) -> Sequence[Record]:
    return desk.life.books.attempts.listed(strategy_id=one.strategy_id)


def _learning(desk: Desk, one: Candidate) -> Record | None:
    """The newest learning that this strategy taught."""
    found = [record for record in desk.life.books.learnings.listed() if record["source"] == one.strategy_id]
    return found[-1] if found else None


def _fix(record: Record) -> FixLine:
    metric = record["metric"] or {}
    changes = (f"{one['what']} {one['before']} → {one['after']}" for one in record["changes"])
    return FixLine(
        record["number"],
        record["agent"],
        record["action"],
        "; ".join(changes) or record["reasoning"],
        metric.get("name", ""),
        _number(metric.get("before")),
        _number(metric.get("after")),
        _number(metric.get("threshold")),
        record["outcome"],
        record["trials_added"],
    )


def _meeting(meeting: Meeting) -> MeetingStory:
    told = meeting.told
    names = dict(zip(told["selected"], told["queued"], strict=True))
    best = sorted(told["proposals"], key=lambda one: (not one["chosen"], -one["score"]))
    tests = next((seat for seat in told["seats"] if "tests" in seat), None)
    anomalies = "" if tests is None else f" ({tests['tests']} tests, {tests['anomalies']} that may be no chance)"
    return MeetingStory(
        told["meeting_id"],
        told["theme"],
        tuple(_proposal(one, names) for one in best[:SHOWN_PROPOSALS]),
        len(best),
        anomalies,
    )


def _proposal(one: Mapping[str, Any], names: Mapping[str, str]) -> ProposalLine:
    queued = names.get(one["name"], "") if one["chosen"] else ""
    novelty = str(one["novelty"] or "").lower().replace("_", " ")
    return ProposalLine(one["by"], one["hypothesis"], one["cell"].replace("/", ", "), novelty, one["score"], queued)


def _number(value: float | None) -> float:
    return NAN if value is None else float(value)
