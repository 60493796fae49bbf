"""What could be better: recommendations, each with the numbers that it rests on; without numbers there is none."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from quorum.desk.agents.book import Call, CallOutcome
from quorum.desk.agents.performance import Performance, gaps_asked, parallel_efficiency, performance
from quorum.desk.agents.roster import GENERAL, Agent, known_tasks
from quorum.desk.agents.routing import agent_template
from quorum.desk.agents.staff import StaffRules
from quorum.domain import DAY, iso

LEAST_CALLS = 10
LEAST_JUDGED = 5
RELIABLE = 0.9
NEAR_DEADLINE = 0.8
LEAST_STAND_INS = 3
LEAST_STRETCHES = 5
EFFICIENT = 0.5


@dataclass(frozen=True, slots=True)
class Advice:
    """One recommendation: its kind, whom it concerns, what to do, and the evidence."""

    kind: str
    subject: str
    advice: str
    evidence: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Looked:
    """What was looked at: calls, oldest first, of `days` days up to `now` (ns UTC), and how many workers there are."""

    calls: Sequence[Call]
    now: int
    days: int = 30
    workers: int = 4


def recommendations(rules: StaffRules, looked: Looked) -> tuple[Advice, ...]:
    """All advice that the calls support, the most pressing kinds first."""
    found = performance(looked.calls)
    return (
        *_gaps(rules, looked),
        *_unreliable(rules, found, looked.calls),
        *_slow(rules, found),
        *_stand_ins(rules, looked),
        *_unused_answers(found),
        *_waiting(looked),
        *prunable(rules, looked),
    )


def _gaps(rules: StaffRules, looked: Looked) -> Iterator[Advice]:
    for name, count in gaps_asked(looked.calls).items():
        tasks = Counter(c.task_type for c in looked.calls if not c.agent and c.asked_agent == name and c.task_type)
        task = tasks.most_common(1)[0][0] if tasks else ""
        doers = known_tasks(rules.agents.values()).get(task, ())
        agent = rules.find(name)
        advice = "add an agent or a substitution for it" if agent is None else "give it a substitution that does this"
        alternative = next((n for n in doers if agent is None or n != agent.name), GENERAL)
        evidence = {"asked": count, "task": task, "alternative": alternative}
        template = agent_template(name, rules, task if task in known_tasks(rules.agents.values()) else "TASK")
        yield Advice("gap", name, advice, {**evidence, "template": template})


def _unreliable(rules: StaffRules, found: Mapping[str, Performance], calls: Sequence[Call]) -> Iterator[Advice]:
    late = Counter(call.agent for call in calls if call.outcome is CallOutcome.TIMEOUT)
    for p in found.values():
        asked = p.successes + p.failures
        if asked < LEAST_JUDGED or p.high is None or p.high >= RELIABLE:
            continue
        row = next((r for r in rules.substitutions if rules.find(r.agent) is rules.agents.get(p.agent)), None)
        timeouts = late[p.agent]
        advice = "mend it" if 2 * timeouts <= p.failures else "give it a later deadline, or less to do"
        more = f"; {row.use} stands in while it is unhealthy" if row else ", or give it a substitution"
        failed = {"calls": asked, "failures": p.failures, "timeouts": timeouts}
        yield Advice("unreliable", p.agent, advice + more, {**failed, "rate": p.rate, "rate_at_most": p.high})


def _slow(rules: StaffRules, found: Mapping[str, Performance]) -> Iterator[Advice]:
    for p in found.values():
        agent = rules.agents.get(p.agent)
        if agent is None or p.p95 is None or p.successes < LEAST_CALLS:
            continue
        deadline = rules.deadline_seconds(agent)
        if p.p95 > NEAR_DEADLINE * deadline:
            evidence = {"calls": p.successes, "p95_seconds": p.p95, "deadline_seconds": deadline}
            yield Advice("slow", p.agent, "give it a later deadline or less to do", evidence)


def _stand_ins(rules: StaffRules, looked: Looked) -> Iterator[Advice]:
    asked_for = ((rules.own_name(c.asked_agent), c.agent) for c in looked.calls if c.agent)
    pairs = Counter((asked, agent) for asked, agent in asked_for if asked != agent)
    for (asked, agent), count in sorted(pairs.items()):
        if count >= LEAST_STAND_INS:
            advice = f"ask {agent} at once, or mend {asked}"
            yield Advice("substituted", asked, advice, {"calls": count, "by": agent})


def _unused_answers(found: Mapping[str, Performance]) -> Iterator[Advice]:
    for p in found.values():
        if p.effectiveness == 0.0 and p.successes >= 2 * LEAST_CALLS:
            evidence = {"successes": p.successes, "with_effect": 0}
            yield Advice("without_effect", p.agent, "nothing uses its answers: leave the step out", evidence)


def _waiting(looked: Looked) -> Iterator[Advice]:
    found = parallel_efficiency(looked.calls, looked.workers)
    if found is not None and found.stretches >= LEAST_STRETCHES and found.share < EFFICIENT:
        evidence = {"stretches": found.stretches, "efficiency": found.share, "speedup": found.speedup}
        yield Advice("uneven", "parallel groups", "one task of a group takes most of its time: split it", evidence)


def prunable(rules: StaffRules, looked: Looked) -> tuple[Advice, ...]:
    """The agents that nobody called in all those days; none unless calls are kept that go back as far."""
    since = looked.now - looked.days * DAY
    kept_since = min((call.at for call in looked.calls), default=looked.now)
    if kept_since > since + DAY:
        return ()
    used = {call.agent for call in looked.calls if call.at >= since}
    evidence = {"days": looked.days, "calls": 0, "calls_of_others": len(looked.calls), "kept_since": iso(kept_since)}
    unused = [a for a in rules.agents.values() if a.name not in used and _could_work(a)]
    return tuple(Advice("unused", a.name, f"not called in {looked.days} days", evidence) for a in unused)


def _could_work(agent: Agent) -> bool:
    return bool(agent.tasks) and not agent.mandatory
