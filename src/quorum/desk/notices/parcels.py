"""What a sender does now: each message by itself while the rate allows it, the rest as one, some of it later."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from quorum.desk.notices.notice import Notice
from quorum.desk.notices.policy import LOG, Policy, collected, quiet_until
from quorum.domain import HOUR, MINUTE

FRESH = 10 * MINUTE  # what has waited for longer comes as one message
PAGE = 100  # notices that the log takes at a time


@dataclass(frozen=True, slots=True)
class Delivery:
    """One notice on its way to one channel. `round` counts its repeats, `attempts` how often it was tried.

    `status` is waiting, sending, sent, failed or withdrawn; instants are ns UTC.
    """

    notice: Notice
    channel: str
    round: int
    status: str
    attempts: int
    next_at: int
    sent_at: int | None = None
    error: str = ""


@dataclass(frozen=True, slots=True)
class Parcel:
    """Deliveries of one channel that go out as one message; the most severe comes first."""

    channel: str
    deliveries: tuple[Delivery, ...]


@dataclass(frozen=True, slots=True)
class Sorted:
    """What goes out now, in this order, and what waits until when."""

    parcels: tuple[Parcel, ...]
    postponed: tuple[tuple[Delivery, int], ...]


def sort_out(due: Sequence[Delivery], sent: Mapping[str, Sequence[int]], policy: Policy, now: int) -> Sorted:
    """What to do with the deliveries that are due, given when each channel sent its messages of the last hour."""
    parcels: list[Parcel] = []
    postponed: list[tuple[Delivery, int]] = []
    for channel, found in groupby(sorted(due, key=lambda d: d.channel), key=lambda d: d.channel):
        ordered = sorted(found, key=lambda d: (-d.notice.severity, -d.notice.priority, d.notice.at, d.round))
        if channel == LOG:
            parcels += [Parcel(LOG, tuple(ordered[i : i + PAGE])) for i in range(0, len(ordered), PAGE)]
            continue
        quiet = {id(d): until for d in ordered if (until := quiet_until(d.notice, now, policy)) is not None}
        postponed += [(d, quiet[id(d)]) for d in ordered if id(d) in quiet]
        awake = [d for d in ordered if id(d) not in quiet]
        groups, late = _within_rate(awake, sorted(sent.get(channel, ())), policy, now)
        parcels += [Parcel(channel, group) for group in groups]
        postponed += late
    return Sorted(tuple(parcels), tuple(postponed))


Groups = list[tuple[Delivery, ...]]


def _within_rate(
    waiting: Sequence[Delivery], sent: Sequence[int], policy: Policy, now: int
) -> tuple[Groups, list[tuple[Delivery, int]]]:
    """What goes out now, each tuple as one message, and what waits until there is room."""
    exempt = [d for d in waiting if d.notice.severity >= policy.rate.exempt_from]
    rest = [d for d in waiting if d.notice.severity < policy.rate.exempt_from]
    room = policy.rate.per_hour - len(sent)
    groups = _merged(_alone(exempt), max(1, room))
    room -= len(groups)
    if not rest:
        return groups, []
    if room <= 0:
        leaving = 1 - room  # so many messages of the last hour have to be over before there is room for one
        free = (sent[leaving - 1] if leaving <= len(sent) else now) + HOUR
        return groups, [(d, free) for d in rest]
    later = {id(d) for d in rest if collected(d.notice, d.round, policy) or now - d.notice.at > FRESH}
    alone, digest = _alone([d for d in rest if id(d) not in later]), tuple(d for d in rest if id(d) in later)
    return groups + _merged([*alone, digest] if digest else alone, room), []


def _alone(deliveries: Sequence[Delivery]) -> Groups:
    return [(delivery,) for delivery in deliveries]


def _merged(groups: Groups, room: int) -> Groups:
    """At most `room` messages: the first ones by themselves, the rest as one."""
    if len(groups) <= room:
        return groups
    alone, rest = groups[: room - 1], groups[room - 1 :]
    return [*alone, tuple(delivery for group in rest for delivery in group)]
