"""What the workflows of a desk may name, and what holds where they are silent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from quorum.desk.agents import StaffRules
from quorum.desk.agents.roster import spelled
from quorum.desk.desk import Desk
from quorum.desk.workflows import Known, Protocols

if TYPE_CHECKING:  # some tasks ask for runs of workflows themselves
    from quorum.desk.work.assignment import Job


def protocols_of(desk: Desk) -> Protocols:
    """What holds in a spec of this desk that says nothing of retries and failures."""
    return protocols_by(desk.staff.rules)


def known_to(desk: Desk) -> Known:
    """The names that a workflow of this desk may use."""
    return known_by(desk.staff.rules, desk.tasks)


def protocols_by(rules: StaffRules) -> Protocols:
    """What holds in a spec that says nothing of retries and failures, by config/agents.yaml."""
    agent, workflow = rules.agent_failure, rules.workflow_failure
    recovery, data = agent.recovery, workflow.data_unavailable
    return Protocols(
        critical_retries=recovery.max_retries if recovery.auto_retry else 0,
        optional_retries=min(1, recovery.max_retries) if recovery.auto_retry else 0,
        first_seconds=0.0 if recovery.backoff == "none" else 1.0,
        factor=2.0 if recovery.backoff == "exponential" else 1.0,
        optional="halt" if workflow.of(False).halts or not agent.proceeds(critical=False) else "skip",
        data=data.action,
        data_wait_seconds=data.max_wait,
        data_then=data.fallback,
    )


def known_by(rules: StaffRules, tasks: Mapping[str, Job]) -> Known:
    """The names that a workflow may use where these agents work; one that nobody has does what its substitutes do."""
    known = Known.of(rules.agents.values(), tasks)
    missing: dict[str, tuple[str, ...]] = {}
    for row in rules.substitutions:
        if rules.find(row.agent) is None:
            name = spelled(row.agent)
            missing[name] = (*missing.get(name, ()), *rules.known(row.use).tasks)
    return replace(known, agents={**known.agents, **missing})
