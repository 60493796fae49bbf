"""What people are told: events, notices, escalations, and the outbox that they leave by.

Promise: every event stands in one table; a notice commits with its effect and is delivered, at least once.
In: occurrences, agents' concerns, the rules of config/notifications.yaml. Out: messages to channels; records.
Neighbours: `adapters.sql` keeps the outbox, `adapters.notify` has the channels; every part of `desk` raises notices.
"""

from quorum.desk.notices.address import Address
from quorum.desk.notices.deliver import Pass, begin_rounds, deliver
from quorum.desk.notices.notice import WORDS, Concern, Escalation, Notice, Occurrence, concern, occurrence
from quorum.desk.notices.outage import Outage
from quorum.desk.notices.parcels import Delivery, Parcel, Sorted, sort_out
from quorum.desk.notices.policy import (
    LOG,
    ChannelRule,
    Digest,
    Form,
    Policy,
    QuietHours,
    Rate,
    Repeats,
    Retries,
    first_send,
    next_round,
    next_try,
    quiet_until,
    route,
)
from quorum.desk.notices.ports import (
    Channels,
    Deliveries,
    Due,
    Failed,
    Outbox,
    Outcome,
    Post,
    Retry,
    Round,
    Rounds,
    Sent,
    Told,
    Turn,
)
from quorum.desk.notices.table import EVENTS, Event, Reach, Row, find_event
from quorum.desk.notices.wording import Message, message, trial_message

__all__ = [
    "EVENTS",
    "LOG",
    "WORDS",
    "Address",
    "ChannelRule",
    "Channels",
    "Concern",
    "Deliveries",
    "Delivery",
    "Digest",
    "Due",
    "Escalation",
    "Event",
    "Failed",
    "Form",
    "Message",
    "Notice",
    "Occurrence",
    "Outage",
    "Outbox",
    "Outcome",
    "Parcel",
    "Pass",
    "Policy",
    "Post",
    "QuietHours",
    "Rate",
    "Reach",
    "Repeats",
    "Retries",
    "Retry",
    "Round",
    "Rounds",
    "Row",
    "Sent",
    "Sorted",
    "Told",
    "Turn",
    "begin_rounds",
    "concern",
    "deliver",
    "find_event",
    "first_send",
    "message",
    "next_round",
    "next_try",
    "occurrence",
    "quiet_until",
    "route",
    "sort_out",
    "trial_message",
]
