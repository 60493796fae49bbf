"""What a message says."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from quorum.desk.notices.notice import WORDS, Notice
from quorum.desk.notices.parcels import Delivery
from quorum.desk.notices.policy import Form
from quorum.domain import Severity, iso

TITLE = 160
VALUE = 500
LISTED = 40


@dataclass(frozen=True, slots=True)
class Message:
    """What a channel is handed: a title on one line, a body, how bad it is, and the notices in it as documents."""

    title: str
    body: str
    severity: Severity
    documents: tuple[Mapping[str, Any], ...]


def message(deliveries: Sequence[Delivery], form: Form) -> Message:
    """The message of a parcel; each notice is named by its id, so that a reader sees one that comes twice."""
    documents = tuple(_document(delivery) for delivery in deliveries)
    first = deliveries[0].notice
    severity = max(d.notice.severity for d in deliveries)
    if len(deliveries) == 1:
        repeated = f", reminder {deliveries[0].round}" if deliveries[0].round else ""
        title = f"[{severity.name}{repeated}] {_line(first)}"
        return Message(title, _body(first, form), severity, documents)
    title = f"[{severity.name}] {len(deliveries)} messages, the first: {_line(first)}"
    return Message(title, _listing(deliveries), severity, documents)


def _document(delivery: Delivery) -> Mapping[str, Any]:
    return delivery.notice.document() | {"reminder": delivery.round}


def _line(notice: Notice) -> str:
    return f"{_cut(' '.join(notice.occurrence.summary.split()), TITLE)} ({notice.notification_id})"


def _body(notice: Notice, form: Form) -> str:
    do = [f"To do: {notice.occurrence.action_required}"] if notice.occurrence.action_required else []
    if notice.needs_acknowledgement:
        do.append(f"To stop reminders: quorum notices ack {notice.notification_id} --by NAME")
    if form == Form.SHORT:
        return "\n".join(do) or notice.type
    details = [f"{name}: {_value(value)}" for name, value in notice.occurrence.details.items()]
    source = f"{notice.notification_id}, {iso(notice.at)}, {notice.type}, priority {WORDS[notice.priority]}"
    return "\n".join([notice.occurrence.summary, *details, *do, source])


def _listing(deliveries: Sequence[Delivery]) -> str:
    lines = [f"[{d.notice.severity.name}] {iso(d.notice.at)} {_line(d.notice)}" for d in deliveries[:LISTED]]
    more = len(deliveries) - LISTED
    return "\n".join([*lines, f"and {more} more: quorum notices"] if more > 0 else lines)


def _value(value: Any) -> str:
    return _cut(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False), VALUE)


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"


def trial_message(channel: str, at: int) -> Message:
    """A message that asks for nothing, to see whether a channel works."""
    title = f"[INFO] Channel {channel} works"
    body = f"Somebody tried this channel at {iso(at)}. Nothing has happened, and nothing is to be done."
    return Message(title, body, Severity.INFO, ({"timestamp": iso(at), "type": "test", "summary": title},))
