"""Staffs for tests: calls with outcomes in a row, tasks, and rules over memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from quorum.desk.agents import Call, CallOutcome, Delegation, Staff, StaffRules
from quorum.desk.agents.book.fakes import MemoryCalls, MemoryTaskBook
from quorum.domain import SECOND, VirtualClock, parse_instant

NOW = parse_instant("2025-01-30T10:30:00Z")
DONE, ERROR, TIMEOUT, UNAVAILABLE, GAP = CallOutcome
SMC = "smc-pattern-recognizer"


def staff(rules: StaffRules | None = None, calls: Sequence[Call] = (), at: int = NOW) -> Staff:
    """A staff without a workspace, with these calls on record."""
    kept = MemoryCalls()
    kept.record_all(calls)
    return Staff(rules or StaffRules(), kept, MemoryTaskBook(VirtualClock(at)))


def call(number: int, outcome: CallOutcome = DONE, agent: str = SMC, **changed: object) -> Call:
    """One call that began `number` seconds after NOW and took a second."""
    made = Call(
        key=f"{agent}/{number}",
        at=NOW + number * SECOND,
        agent=agent,
        asked_agent=agent,
        task_type="view",
        workflow_id="WF-20250130-001",
        outcome=outcome,
        seconds=1.0,
        error="" if outcome is DONE else f"{outcome.value} {number}",
    )
    return replace(made, **changed)  # type: ignore[arg-type]


def calls(*outcomes: CallOutcome, agent: str = SMC) -> list[Call]:
    """Calls of one agent, ten seconds apart."""
    return [call(10 * i, outcome, agent) for i, outcome in enumerate(outcomes)]


def delegation(number: int, agent: str = "signal-evaluator", **changed: object) -> Delegation:
    """A task as file 4 gives one."""
    made = Delegation(
        key=f"WF-20250130-001/4/{number}",
        target_agent=agent,
        asked_agent=agent,
        task_type="signal_aggregation",
        workflow_id="WF-20250130-001",
        step=4,
        deadline=NOW + 30 * SECOND,
        expected_output="/state/signals/evaluated_signal.json",
        inputs_available=("/state/signals/smc_signals.json", "/state/signals/ml_signals.json"),
    )
    return replace(made, **changed)  # type: ignore[arg-type]
