"""Who is told, when, and how often: rules as values, and what follows from them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from quorum.desk.notices.notice import Notice
from quorum.desk.notices.table import EVENTS, Event, Reach
from quorum.domain import MINUTE, SECOND, Severity

LOG = "log"
GRACE = 30 * SECOND


class Form(StrEnum):
    """How much a message says: FULL has every detail, SHORT fits a telephone's screen."""

    FULL = "full"
    SHORT = "short"


@dataclass(frozen=True, slots=True)
class ChannelRule:
    """What a channel takes: from which priority on, and which events; without events it takes all."""

    name: str
    enabled: bool = True
    min_priority: Severity = Severity.INFO
    events: frozenset[Event] = frozenset()
    form: Form = Form.FULL

    def takes(self, notice: Notice) -> bool:
        """Whether a notice that concerns people concerns those behind this channel."""
        wanted = not self.events or notice.occurrence.event in self.events
        return self.enabled and wanted and notice.priority >= self.min_priority


@dataclass(frozen=True, slots=True)
class QuietHours:
    """From `start` to `end`, local time, nothing is sent that is milder than `breaks_from`; it waits for the end."""

    start: time
    end: time
    breaks_from: Severity = Severity.BLACK


@dataclass(frozen=True, slots=True)
class Digest:
    """What is no more urgent than `up_to` is collected, and sent as one message at these local times."""

    at: tuple[time, ...]
    up_to: Severity = Severity.INFO


@dataclass(frozen=True, slots=True)
class Rate:
    """A channel sends so many messages an hour; the rest waits and is sent as one. From `exempt_from` none waits."""

    per_hour: int = 20
    exempt_from: Severity = Severity.RED


@dataclass(frozen=True, slots=True)
class Repeats:
    """From a severity on, a notice is sent again and again until somebody acknowledges it; None is without end.

    The first repeat goes where the notice went, the second to every channel that is on, the third and all later ones
    to every channel that is configured.
    """

    from_severity: Severity = Severity.RED
    every: int = 15 * MINUTE
    most: int | None = None


@dataclass(frozen=True, slots=True)
class Retries:
    """A delivery is tried so often, after a pause that grows by `factor` up to `longest` (ns)."""

    tries: int = 16
    first: int = 5 * SECOND
    factor: float = 2.0
    longest: int = 15 * MINUTE


@dataclass(frozen=True, slots=True)
class Policy:
    """The rules of a workspace; `zone` is the IANA name that local times are in. The log takes everything at once."""

    channels: tuple[ChannelRule, ...] = ()
    zone: str = "UTC"
    quiet: QuietHours | None = None
    digest: Digest | None = None
    rate: Rate = Rate()
    repeats: Repeats | None = Repeats()
    retries: Retries = Retries()
    timeout_seconds: float = 10.0

    def rule(self, channel: str) -> ChannelRule | None:
        """What is said of a channel; None for one that is not configured."""
        return next((rule for rule in (ChannelRule(LOG), *self.channels) if rule.name == channel), None)

    @property
    def lease(self) -> int:
        """How long a sender has for one message before another may send it (ns)."""
        return int(self.timeout_seconds * SECOND) + GRACE


def route(notice: Notice, number: int, policy: Policy) -> tuple[str, ...]:
    """The channels of a notice's round `number`: 0 is the first, later ones reach further. The log is always there."""
    reach = EVENTS[notice.occurrence.event].reach
    if notice.severity >= Severity.YELLOW:
        reach = max(reach, Reach.PEOPLE)
    if notice.severity == Severity.BLACK or number >= 3:
        reach = Reach.EVERYONE
    told = [rule.name for rule in policy.channels if _reached(rule, notice, reach, number)]
    return (LOG, *told)


def _reached(rule: ChannelRule, notice: Notice, reach: Reach, number: int) -> bool:
    if notice.occurrence.event == Event.DELIVERY_FAILED and notice.occurrence.details.get("channel") == rule.name:
        return False
    if reach == Reach.EVERYONE:
        return True
    return reach == Reach.PEOPLE and (rule.enabled if number >= 2 else rule.takes(notice))


def next_round(notice: Notice, number: int, now: int, policy: Policy) -> int | None:
    """When the round after `number` goes out; None when there is none."""
    repeats = policy.repeats
    if repeats is None or notice.severity < repeats.from_severity or notice.acknowledged_at is not None:
        return None
    return now + repeats.every if repeats.most is None or number < repeats.most else None


def first_send(notice: Notice, channel: str, number: int, now: int, policy: Policy) -> int:
    """When a channel may send it at the earliest: at once, or at the next digest."""
    if channel == LOG or not collected(notice, number, policy) or policy.digest is None:
        return now
    return next_local(policy.digest.at, now, policy.zone)


def collected(notice: Notice, number: int, policy: Policy) -> bool:
    """Whether a notice goes into the digest."""
    return policy.digest is not None and number == 0 and notice.priority <= policy.digest.up_to


def next_try(attempts: int, now: int, retries: Retries) -> int | None:
    """When to try again after `attempts` that failed; None when it was tried often enough."""
    if attempts >= retries.tries:
        return None
    pause = retries.first
    for _ in range(attempts - 1):
        if pause >= retries.longest:
            break
        pause = int(pause * retries.factor)
    return now + min(pause, retries.longest)


def quiet_until(notice: Notice, now: int, policy: Policy) -> int | None:
    """The end of the quiet hours that `now` is in and that this notice keeps; None when it may be sent."""
    quiet = policy.quiet
    if quiet is None or notice.severity >= quiet.breaks_from:
        return None
    local, (start, end) = _local(now, policy.zone).time(), (quiet.start, quiet.end)
    within = start <= local < end if start < end else local >= start or local < end
    return next_local((end,), now, policy.zone) if within else None


def next_local(times: Sequence[time], after: int, zone: str) -> int:
    """The first instant after `after` at which a clock in `zone` shows one of the times (ns UTC).

    A time that a day leaves out counts as long after the change as it would have before it; one that comes twice
    counts the first time, unless that is over.
    """
    today = _local(after, zone).date()
    days = (today + timedelta(days=d) for d in range(-1, 3))
    return min(i for day in days for at in times for i in _instants(day, at, zone) if i > after)


def _local(instant: int, zone: str) -> datetime:
    return datetime.fromtimestamp(instant // SECOND, UTC).astimezone(ZoneInfo(zone))


def _instants(day: date, at: time, zone: str) -> list[int]:
    """The instant of a local time, and its second one on the day on which it comes twice."""
    moments = [datetime.combine(day, at.replace(fold=fold), ZoneInfo(zone)) for fold in (0, 1)]
    first, second = (int(moment.timestamp()) * SECOND for moment in moments)
    return [first, second] if second > first else [first]
