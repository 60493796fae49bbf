"""The roll: how the agents are now, from what is kept of their calls and from the calls of this moment.

And the check-up, which looks at all of them again and again, also while nobody asks them.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Mapping, Sequence

from quorum.desk.agents import Agent, Call, Condition, Health, Staff, condition, conditions
from quorum.desk.agents.health import LOOKED_AT
from quorum.desk.desk import Desk
from quorum.desk.notices import Event, Occurrence
from quorum.domain import QuorumError, StoreError

LOGGER = logging.getLogger("quorum.agents")
REFRESH_SECONDS = 5.0


class Roll:
    """Conditions by agent; what another process recorded is seen within `REFRESH_SECONDS`."""

    def __init__(self, staff: Staff) -> None:
        self._staff = staff
        self._most = LOOKED_AT * staff.rules.agent_failure.detection.error_threshold
        self._calls: dict[str, list[Call]] = {}
        self._read_at: dict[str, float] = {}
        self._told: dict[str, Condition] = {}
        self._lock = threading.Lock()

    def note(self, calls: Sequence[Call]) -> None:
        """Count calls at once, before they are written."""
        with self._lock:
            for call in calls:
                self._calls.setdefault(call.agent, []).append(call)
                self._told.pop(call.agent, None)

    def now(self, agents: Sequence[Agent]) -> Mapping[str, Condition]:
        """How each of these agents is."""
        self._refresh([agent.name for agent in agents])
        with self._lock:
            for agent in agents:
                if agent.name not in self._told:
                    self._told[agent.name] = self._condition(agent)
            return {agent.name: self._told[agent.name] for agent in agents}

    def _condition(self, agent: Agent) -> Condition:
        rules, calls = self._staff.rules, self._calls.get(agent.name, [])
        return condition(calls[-self._most :], rules.agent_failure.detection, rules.refusal(agent))

    def _refresh(self, names: Sequence[str]) -> None:
        now = time.monotonic()
        with self._lock:
            old = [n for n in names if now - self._read_at.get(n, -REFRESH_SECONDS) >= REFRESH_SECONDS]
        if not old:
            return
        try:
            kept = self._staff.calls.last(old, self._most)
        except StoreError:  # they are as they were; the next call looks again
            return
        with self._lock:
            for name in old:
                merged = {call.key: call for call in (*kept[name], *self._calls.get(name, []))}
                self._calls[name] = sorted(merged.values(), key=lambda call: call.at)[-self._most :]
                self._read_at[name] = now
                self._told.pop(name, None)


class Checkup:
    """Looks at every agent each `health_check_interval` seconds in a thread of its own, until it is closed.

    It goes by the calls that all processes have recorded. Each look is logged; an agent that has become unhealthy
    since the last one, or well again, is told of once, whoever saw it first. What fails is tried again the next time.
    """

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._seconds = desk.staff.rules.agent_failure.detection.health_check_interval
        self._before: Mapping[str, Condition] = {}
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._work, name="checkup", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop."""
        self._ended.set()
        self._thread.join(10.0)

    def look(self) -> Mapping[str, Condition]:
        """How every agent is now; what has changed since the last look is told."""
        staff = self._desk.staff
        found = conditions(staff, staff.rules.agents.values())
        for name, now in found.items():
            before = self._before.get(name, now)
            if (before.health is Health.UNHEALTHY) is not (now.health is Health.UNHEALTHY):
                self._desk.outbox.raise_(turned(name, now))
        self._before = found
        return found

    def _work(self) -> None:
        while True:
            try:
                LOGGER.info("agents_checked", extra=_counted(self.look()))
            except QuorumError as error:
                LOGGER.warning("agents_unchecked", extra={"error": str(error)})
            if self._ended.wait(self._seconds):
                return


def turned(name: str, now: Condition) -> Occurrence:
    """That an agent is left out from now on, or that it answers again; the same word for it, whoever sees it."""
    event = Event.AGENT_UNHEALTHY if now.health is Health.UNHEALTHY else Event.AGENT_RECOVERED
    details = {"agent": name, "health": now.health.value, "failures": now.failures}
    return Occurrence(event, f"{name}/{now.last_call}", f"{name}: {now.reason}", details)


def _counted(found: Mapping[str, Condition]) -> dict[str, object]:
    """How many agents are well, and the names of those that are not."""
    told: dict[str, object] = {"healthy": sum(one.health is Health.HEALTHY for one in found.values())}
    for health in (Health.DEGRADED, Health.UNHEALTHY):
        told[health.value] = [name for name, one in found.items() if one.health is health]
    return told
