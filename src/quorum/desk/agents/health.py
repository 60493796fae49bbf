"""How agents are: what the last calls of each say."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from quorum.desk.agents.book import FAILURES, Call, CallOutcome
from quorum.desk.agents.roster import Agent
from quorum.desk.agents.rules import Detection
from quorum.desk.agents.staff import Staff, StaffRules
from quorum.domain import SECOND, iso

LOOKED_AT = 4


class Health(StrEnum):
    """HEALTHY answers; DEGRADED failed last; UNHEALTHY failed too often in a row; UNAVAILABLE cannot do its work."""

    HEALTHY = "healthy"
    DEGRADED = "degraded"
    UNHEALTHY = "unhealthy"
    UNAVAILABLE = "unavailable"


@dataclass(frozen=True, slots=True)
class Condition:
    """How one agent is, and why. An unhealthy one may be asked again, as a probe, from `probe_at` on (ns UTC)."""

    health: Health
    reason: str = ""
    failures: int = 0
    last_call: int | None = None
    probe_at: int | None = None

    def usable(self, now: int) -> bool:
        """Whether the agent may be asked: it is well enough, or its probe is due.

        A last call that lies in the future was made by a clock that was ahead: when its probe is due nobody knows.
        """
        if self.health is Health.UNHEALTHY:
            ahead = self.last_call is not None and self.last_call > now
            return ahead or (self.probe_at is not None and now >= self.probe_at)
        return self.health is not Health.UNAVAILABLE


HEALTHY = Condition(Health.HEALTHY, "never asked")


def condition(calls: Sequence[Call], detection: Detection, refusal: str = "") -> Condition:
    """How the agent with these last calls is, oldest first; `refusal` is why it cannot be had at all.

    Failures since the last success are counted; a call that ended unavailable counts neither way.
    """
    last = calls[-1].at if calls else None
    if refusal:
        return Condition(Health.UNAVAILABLE, refusal, 0, last)
    counted = [call for call in calls if call.outcome in FAILURES or call.outcome is CallOutcome.DONE]
    if not counted:
        return Condition(Health.HEALTHY, _without_work(calls), 0, last)
    failed = _failed_last(counted)
    if not failed:
        return Condition(Health.HEALTHY, "answers", 0, last)
    told = f"{failed} in a row failed, the last one: {counted[-1].error or counted[-1].outcome.value}"
    if failed < detection.error_threshold:
        return Condition(Health.DEGRADED, told, failed, last)
    probe_at = counted[-1].ended + round(detection.health_check_interval * SECOND)
    return Condition(Health.UNHEALTHY, f"{told}; probed from {iso(probe_at)}", failed, last, probe_at)


def _without_work(calls: Sequence[Call]) -> str:
    return f"what it was asked last could not be had: {calls[-1].error}" if calls else "never asked"


def _failed_last(calls: Sequence[Call]) -> int:
    """How many of the last calls failed in a row."""
    count = 0
    for call in reversed(calls):
        if call.outcome not in FAILURES:
            break
        count += 1
    return count


def conditions(staff: Staff, agents: Iterable[Agent]) -> Mapping[str, Condition]:
    """How each of `agents` is, by name, from the last calls that are kept of it."""
    asked = list(agents)
    held = staff.calls.last(
        [agent.name for agent in asked], LOOKED_AT * staff.rules.agent_failure.detection.error_threshold
    )
    return {agent.name: _of(staff.rules, agent, held[agent.name]) for agent in asked}


def _of(rules: StaffRules, agent: Agent, calls: Sequence[Call]) -> Condition:
    return condition(calls, rules.agent_failure.detection, rules.refusal(agent))
