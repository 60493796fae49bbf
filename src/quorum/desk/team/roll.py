"""The roll: how the agents are now, from what is kept of their calls and from the calls of this moment."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping, Sequence

from quorum.desk.agents import Agent, Call, Condition, Staff, condition
from quorum.domain import StoreError

REFRESH_SECONDS = 5.0
LOOKED_AT = 12


class Roll:
    """Conditions by agent; what another process recorded is seen within `REFRESH_SECONDS`."""

    def __init__(self, staff: Staff) -> None:
        self._staff = staff
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
        return condition(calls[-LOOKED_AT:], rules.agent_failure.detection, rules.refusal(agent))

    def _refresh(self, names: Sequence[str]) -> None:
        now = time.monotonic()
        with self._lock:
            old = [n for n in names if now - self._read_at.get(n, -REFRESH_SECONDS) >= REFRESH_SECONDS]
        if not old:
            return
        try:
            kept = self._staff.calls.last(old, LOOKED_AT)
        except StoreError:  # they are as they were; the next call looks again
            return
        with self._lock:
            for name in old:
                merged = {call.key: call for call in (*kept[name], *self._calls.get(name, []))}
                self._calls[name] = sorted(merged.values(), key=lambda call: call.at)[-LOOKED_AT:]
                self._read_at[name] = now
                self._told.pop(name, None)
