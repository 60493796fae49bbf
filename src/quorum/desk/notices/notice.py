"""What happened, and what people are told of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from quorum.desk.notices.table import EVENTS, Event, find_event
from quorum.domain import Severity, UsageError, content_hash, iso, plain, severity

WORDS: Mapping[Severity, str] = {
    Severity.INFO: "low",
    Severity.YELLOW: "medium",
    Severity.RED: "high",
    Severity.BLACK: "critical",
}


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One thing that happened. `key` names it: the same event with the same key is one notification.

    `severity` may be worse than the event's row says, never milder; an empty `action_required` is the row's.
    UsageError for an empty key or summary.
    """

    event: Event
    key: str
    summary: str
    details: Mapping[str, Any] = field(default_factory=dict)
    action_required: str = ""
    severity: Severity = Severity.INFO

    def __post_init__(self) -> None:
        if not self.key or not self.summary:
            raise UsageError(f"{self.event} has no {'summary' if self.key else 'key'}", "say what happened, and which")

    @property
    def identity(self) -> str:
        """What makes two occurrences the same one."""
        return f"{self.event}/{self.key}"


@dataclass(frozen=True, slots=True)
class Notice:
    """An occurrence that people are told of, with its id; `at` is ns UTC, `priority` on the scale of severity."""

    notification_id: str
    at: int
    occurrence: Occurrence
    type: str
    priority: Severity
    acknowledged_at: int | None = None
    acknowledged_by: str = ""

    @classmethod
    def of(cls, notification_id: str, at: int, occurrence: Occurrence) -> Notice:
        """The notice of an occurrence, completed from the table of events; details become plain JSON values."""
        row = EVENTS[occurrence.event]
        worst = max(row.severity, occurrence.severity)
        whole = replace(
            occurrence,
            details=plain(occurrence.details),
            action_required=occurrence.action_required or row.action,
            severity=worst,
        )
        return cls(notification_id, at, whole, row.type, max(row.priority, worst))

    @property
    def severity(self) -> Severity:
        return self.occurrence.severity

    @property
    def needs_acknowledgement(self) -> bool:
        """Somebody has to say that they have seen it, and nobody has."""
        return self.severity >= Severity.RED and self.acknowledged_at is None

    def document(self) -> dict[str, Any]:
        """The notice in the shape that the coordinator's specification gives it."""
        return {
            "notification_id": self.notification_id,
            "timestamp": iso(self.at),
            "type": self.type,
            "priority": WORDS[self.priority],
            "summary": self.occurrence.summary,
            "details": self.occurrence.details,
            "action_required": self.occurrence.action_required,
        }


@dataclass(frozen=True, slots=True)
class Concern:
    """What an agent hands up: an event of the table, with what it recommends. `key` names the occasion."""

    from_agent: str
    event: Event
    key: str
    message: str
    recommended_action: str = ""
    severity: Severity = Severity.INFO
    requires_user_attention: bool = True

    def occurrence(self, escalation_id: str) -> Occurrence:
        """What people are told: at least YELLOW where a person has to look at it."""
        least = Severity.YELLOW if self.requires_user_attention else Severity.INFO
        details = {"escalation_id": escalation_id, "from_agent": self.from_agent}
        severity = max(self.severity, least)
        return Occurrence(self.event, self.key, self.message, details, self.recommended_action, severity)


def concern(from_agent: str, facts: Mapping[str, Any]) -> Concern:
    """What an agent hands up in its answer: `event`, `key` and `message`, with `recommended_action` and `severity`.

    UsageError for an event or a severity that there is not, and without a key or a message.
    """
    names = ("event", "key", "message", "recommended_action")
    event, key, message, advice = (str(facts.get(name) or "") for name in names)
    said = Occurrence(find_event(event), key, message, {}, advice, _severity(facts.get("severity", "low")))
    return Concern(from_agent, said.event, key, message, advice, said.severity)


@dataclass(frozen=True, slots=True)
class Escalation:
    """A concern on record; `at` is ns UTC."""

    escalation_id: str
    at: int
    concern: Concern

    @classmethod
    def of(cls, escalation_id: str, at: int, concern: Concern) -> Escalation:
        """The record of a concern, completed from the table of events."""
        row = EVENTS[concern.event]
        advice, worst = concern.recommended_action or row.action, max(row.severity, concern.severity)
        return cls(escalation_id, at, replace(concern, recommended_action=advice, severity=worst))

    def document(self) -> dict[str, Any]:
        """The escalation in the shape that the coordinator's specification gives it."""
        return {
            "escalation_id": self.escalation_id,
            "from_agent": self.concern.from_agent,
            "timestamp": iso(self.at),
            "type": str(self.concern.event),
            "severity": WORDS[self.concern.severity],
            "message": self.concern.message,
            "recommended_action": self.concern.recommended_action,
            "requires_user_attention": self.concern.requires_user_attention,
        }


def occurrence(name: str, facts: Mapping[str, Any]) -> Occurrence:
    """The occurrence of the event `name`; UsageError for a name that the table does not have.

    `key`, `summary`, `action_required` and `severity` are taken out of the facts; without a key equal facts are one
    occurrence, without a summary the table says what it means. A fact that is no JSON value becomes its text.
    """
    event = find_event(name)
    details = {str(name): _told(fact) for name, fact in facts.items()}
    worse = _severity(details.pop("severity", Severity.INFO))
    action = str(details.pop("action_required", ""))
    summary = str(details.pop("summary", "")) or EVENTS[event].meaning
    key = str(details.pop("key", "")) or content_hash(details)
    return Occurrence(event, key, summary, details, action, worse)


def _told(fact: Any) -> Any:
    try:
        return plain(fact)
    except TypeError:
        return str(fact)


def _severity(found: Any) -> Severity:
    try:
        return severity(found) if isinstance(found, str) else Severity(found)
    except (KeyError, ValueError):
        raise UsageError(f"{found!r} is no severity", f"there are {', '.join(s.name for s in Severity)}") from None
