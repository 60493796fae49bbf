"""Every event of the desk, and whom it concerns: one table, so that no event is silent by accident."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from enum import IntEnum, StrEnum

from quorum.domain import Severity, UsageError


class Event(StrEnum):
    """What the desk can tell of."""

    TRADE_OPPORTUNITY = "trade_opportunity"
    EXIT_DUE = "exit_due"
    TRADE_EXECUTED = "trade_executed"
    ORDER_REJECTED = "order_rejected"
    PARTIAL_FILL = "partial_fill"
    RISK_VETO = "risk_veto"
    CONSENSUS_ESCALATED = "consensus_escalated"
    DRAWDOWN_WARNING = "drawdown_warning"
    BOOKS_DIFFER = "books_differ"
    APPROVAL_NEEDED = "approval_needed"
    APPROVAL_REMINDER = "approval_reminder"
    APPROVAL_ANSWERED = "approval_answered"
    APPROVAL_EXPIRED = "approval_expired"
    AGENT_FAILED = "agent_failed"
    AGENT_UNHEALTHY = "agent_unhealthy"
    AGENT_RECOVERED = "agent_recovered"
    AGENT_SUBSTITUTED = "agent_substituted"
    AGENT_GAP = "agent_gap"
    TASK_BLOCKED = "task_blocked"
    KNOWN_ISSUE = "known_issue"
    WORKFLOW_FAILED = "workflow_failed"
    WORKFLOW_DEGRADED = "workflow_degraded"
    WORKFLOW_RECOVERY_EXHAUSTED = "workflow_recovery_exhausted"
    DATA_UNAVAILABLE = "data_unavailable"
    SCHEDULE_MISSED = "schedule_missed"
    SCHEDULE_LATE = "schedule_late"
    SCHEDULE_SKIPPED = "schedule_skipped"
    CLOCK_JUMPED = "clock_jumped"
    WORKER_LOST = "worker_lost"
    WORKER_TAKEN_OVER = "worker_taken_over"
    ROLE_RESTARTING = "role_restarting"
    ROLE_DEAD = "role_dead"
    SYSTEM_STATE_CHANGED = "system_state_changed"
    HALTED = "halted"
    RESUMED = "resumed"
    STORE_UNREACHABLE = "store_unreachable"
    STORE_BACK = "store_back"
    BACKUP_DONE = "backup_done"
    BACKUP_FAILED = "backup_failed"
    STRATEGY_QUEUED = "strategy_queued"
    STRATEGY_CHANGED = "strategy_changed"
    DRIFT = "drift"
    DEPLOYMENT = "deployment"
    ALERT = "alert"
    DELIVERY_FAILED = "delivery_failed"


class Reach(IntEnum):
    """Which channels an event goes to.

    LOG is the log alone, PEOPLE the log and the channels that are on and take its priority, EVERYONE every channel
    that is configured, whatever its switch.
    """

    LOG = 0
    PEOPLE = 1
    EVERYONE = 2


@dataclass(frozen=True, slots=True)
class Row:
    """One event: its notification's type, how bad and how urgent it is, whom it reaches, what to do, what it means.

    `priority` is on the scale of severity and is shown as low, medium, high, critical.
    """

    type: str
    severity: Severity
    priority: Severity
    reach: Reach
    action: str
    meaning: str


_INFO, _YELLOW, _RED, _BLACK = Severity.INFO, Severity.YELLOW, Severity.RED, Severity.BLACK


def _quiet(kind: str, meaning: str, reach: Reach = Reach.PEOPLE) -> Row:
    """Good to know: nothing to do."""
    return Row(kind, _INFO, _INFO, reach, "", meaning)


def _asks(kind: str, action: str, meaning: str) -> Row:
    """Nothing is wrong, and somebody has to decide soon."""
    return Row(kind, _INFO, _RED, Reach.PEOPLE, action, meaning)


def _wrong(kind: str, severity: Severity, action: str, meaning: str) -> Row:
    """As urgent as it is bad."""
    return Row(kind, severity, severity, Reach.EVERYONE if severity == _BLACK else Reach.PEOPLE, action, meaning)


EVENTS: Mapping[Event, Row] = {
    Event.TRADE_OPPORTUNITY: _asks("trade_opportunity", "Confirm trade execution", "Risk let a signal pass."),
    Event.EXIT_DUE: _asks("exit_due", "Confirm the exit", "A holding is to be left."),
    Event.TRADE_EXECUTED: Row("trade_execution", _INFO, _YELLOW, Reach.PEOPLE, "", "An order was filled."),
    Event.ORDER_REJECTED: _wrong("trade_execution", _RED, "Check the account, then retry", "A venue refused an order."),
    Event.PARTIAL_FILL: _wrong(
        "trade_execution",
        _YELLOW,
        "Complete the order by hand if it is still wanted",
        "An order ended before it was filled.",
    ),
    Event.RISK_VETO: _quiet("risk_veto", "The risk manager stopped a trade."),
    Event.CONSENSUS_ESCALATED: _wrong(
        "consensus_escalated", _YELLOW, "Look at the votes; nothing was traded", "Both sides were equally sure."
    ),
    Event.DRAWDOWN_WARNING: _wrong(
        "drawdown_warning", _RED, "Reduce position sizes", "A loss comes near a limit of its book, or reached it."
    ),
    Event.BOOKS_DIFFER: _wrong(
        "reconciliation", _RED, "Run `quorum broker reconcile`", "Our books and the venue's differ."
    ),
    Event.APPROVAL_NEEDED: _asks("approval", "Run `quorum approve ID` or `quorum reject ID`", "A run waits for a yes."),
    Event.APPROVAL_REMINDER: _asks(
        "approval", "Run `quorum approve ID` or `quorum reject ID`", "A run still waits for a yes."
    ),
    Event.APPROVAL_ANSWERED: _quiet("approval", "A question was answered."),
    Event.APPROVAL_EXPIRED: _wrong(
        "approval", _YELLOW, "Run the workflow again if it is still wanted", "Nobody answered a question in time."
    ),
    Event.AGENT_FAILED: _wrong("agent_failure", _YELLOW, "See `quorum agents`", "An agent gave no answer."),
    Event.AGENT_UNHEALTHY: _wrong("agent_failure", _YELLOW, "See `quorum agents`", "An agent failed several times."),
    Event.AGENT_RECOVERED: _quiet("agent_health", "An unhealthy agent answers again."),
    Event.AGENT_SUBSTITUTED: _quiet("agent_health", "Another agent took a task over."),
    Event.AGENT_GAP: _wrong("agent_gap", _YELLOW, "See `quorum agents recommend`", "No agent can do a task."),
    Event.TASK_BLOCKED: _quiet("agent_gap", "A task waits for something else.", Reach.LOG),
    Event.KNOWN_ISSUE: _wrong("known_issue", _YELLOW, "See `quorum agents tasks`", "An agent found an issue."),
    Event.WORKFLOW_FAILED: _wrong(
        "workflow_failure", _RED, "See `quorum workflow show ID`", "A critical step failed and the run was halted."
    ),
    Event.WORKFLOW_DEGRADED: _quiet("workflow_health", "A run went on without an optional step.", Reach.LOG),
    Event.WORKFLOW_RECOVERY_EXHAUSTED: _wrong(
        "workflow_failure", _RED, "Run `quorum workflow show ID`; resume or cancel it", "A run dies again and again."
    ),
    Event.DATA_UNAVAILABLE: _wrong("data_unavailable", _YELLOW, "See `quorum data`", "A run lacks its data."),
    Event.SCHEDULE_MISSED: _wrong("schedule", _YELLOW, "See `quorum schedule`", "Runs were due while nothing ran."),
    Event.SCHEDULE_LATE: _wrong("schedule", _YELLOW, "See `quorum schedule`", "A run began later than it may."),
    Event.SCHEDULE_SKIPPED: _quiet("schedule", "A run was left out since its predecessor still ran.", Reach.LOG),
    Event.CLOCK_JUMPED: _wrong("clock", _YELLOW, "Check the machine's clock", "The machine's clock jumped."),
    Event.WORKER_LOST: _wrong("worker", _YELLOW, "Look after that machine", "A worker's lease ran out."),
    Event.WORKER_TAKEN_OVER: _quiet("worker", "Another worker goes on with a lost one's runs."),
    Event.ROLE_RESTARTING: _wrong("process", _YELLOW, "See `quorum logs`", "A process of the desk died and restarts."),
    Event.ROLE_DEAD: _wrong(
        "process", _RED, "See `quorum logs`, then restart `quorum up`", "A process of the desk dies again and again."
    ),
    Event.SYSTEM_STATE_CHANGED: Row("system_state", _INFO, _YELLOW, Reach.PEOPLE, "", "The desk changed its state."),
    Event.HALTED: _wrong("halt", _BLACK, "Find the cause; only a person resumes", "Trading is halted; nothing opens."),
    Event.RESUMED: Row("system_state", _INFO, _YELLOW, Reach.PEOPLE, "", "A person resumed trading."),
    Event.STORE_UNREACHABLE: _wrong("store", _RED, "Check the database", "The database did not answer."),
    Event.STORE_BACK: _quiet("store", "The database answers again."),
    Event.BACKUP_DONE: _quiet("backup", "A backup was written.", Reach.LOG),
    Event.BACKUP_FAILED: _wrong("backup", _RED, "Free space or choose another place", "A backup could not be written."),
    Event.STRATEGY_QUEUED: _quiet("strategy", "An idea was put into the queue.", Reach.LOG),
    Event.STRATEGY_CHANGED: _quiet("strategy", "A strategy was changed."),
    Event.DRIFT: _wrong("drift", _YELLOW, "Review the model or the strategy", "What comes in has drifted."),
    Event.DEPLOYMENT: Row("strategy", _INFO, _YELLOW, Reach.PEOPLE, "", "A strategy or a model was deployed."),
    Event.ALERT: _wrong("alert", _YELLOW, "See `quorum why ID`", "A limit that is watched was crossed."),
    Event.DELIVERY_FAILED: _wrong(
        "delivery", _YELLOW, "Mend the channel in config/notifications.yaml", "A channel takes no messages."
    ),
}


def find_event(name: str) -> Event:
    """The event of that name; UsageError for one that the table does not have."""
    try:
        return Event(name)
    except ValueError:
        near = get_close_matches(name, [event.value for event in Event], 1, 0.5)
        hint = f", did you mean {near[0]!r}?" if near else ""
        raise UsageError(f"there is no event {name!r}{hint}", "docs/guides/notifications.md lists them") from None
