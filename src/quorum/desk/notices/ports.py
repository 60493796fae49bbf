"""The doors of the outbox: for who tells, for who sends, and out to people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from quorum.desk.notices.notice import Concern, Escalation, Notice, Occurrence
from quorum.desk.notices.parcels import Delivery
from quorum.desk.notices.wording import Message
from quorum.domain import Transaction


class Told(NamedTuple):
    """A notice with everything that became of it, oldest first."""

    notice: Notice
    deliveries: Sequence[Delivery]


class Outbox(Protocol):
    """What people are to be told; a notice that was raised survives a kill and is delivered at least once."""

    def raise_(self, occurrence: Occurrence, within: Transaction | None = None) -> Notice:
        """Put it into the outbox, with the rest of a transaction where it is raised `within` one.

        The same occurrence again is the notice that is there already.
        """
        ...

    def escalate(self, concern: Concern, within: Transaction | None = None) -> Escalation:
        """Put an agent's concern on record and raise its notice in one transaction; once for its event and key."""
        ...

    def acknowledge(self, notification_id: str, by: str) -> Notice:
        """Somebody has seen it: no more reminders. Who was first stays. NotFound; UsageError without a name."""
        ...

    def listed(self, limit: int = 50, *, only_open: bool = False) -> Sequence[Told]:
        """The newest notices, newest first, or those of them that nobody has acknowledged and somebody has to."""
        ...

    def escalations(self, limit: int = 50) -> Sequence[Escalation]:
        """The newest escalations, newest first."""
        ...


class Turn(NamedTuple):
    """A notice whose round `number` is due; `busy` are the channels that still have an earlier one to send."""

    notice: Notice
    number: int
    due_at: int
    busy: frozenset[str]


class Round(NamedTuple):
    """The deliveries of a turn: each channel with the instant from which it may send; and when the next round is."""

    turn: Turn
    channels: Mapping[str, int]
    next_at: int | None


class Rounds(Protocol):
    """Which notices go out, and to whom."""

    def turns(self, now: int, limit: int) -> Sequence[Turn]:
        """Notices that have a round due, the most severe first; an acknowledged one has its first round at most."""
        ...

    def send_out(self, rounds: Sequence[Round]) -> int:
        """Make the deliveries of these rounds; how many began, for another sender may have been faster."""
        ...


class Due(NamedTuple):
    """Deliveries to make now, and when each channel sent its messages of the last hour (ns UTC)."""

    deliveries: Sequence[Delivery]
    sent: Mapping[str, Sequence[int]]


@dataclass(frozen=True, slots=True)
class Sent:
    """The channel took the message."""

    at: int


@dataclass(frozen=True, slots=True)
class Retry:
    """The channel did not take it; it is tried again at `at`."""

    at: int
    error: str


@dataclass(frozen=True, slots=True)
class Failed:
    """The channel did not take it, and it is not tried again."""

    at: int
    error: str


Outcome = Sent | Retry | Failed


class Deliveries(Protocol):
    """What is on its way. A delivery is claimed before it is sent; a claim that ran out may be taken by another."""

    def due(self, now: int, limit: int) -> Due:
        """What may be sent now, the most severe first."""
        ...

    def postpone(self, deliveries: Sequence[Delivery], until: int) -> None:
        """Leave them for later; one that another sender has taken meanwhile stays as it is."""
        ...

    def claim(self, deliveries: Sequence[Delivery], parcel: str, until: int) -> Sequence[Delivery]:
        """Take them under the name `parcel`, used once; those that nobody else has taken meanwhile."""
        ...

    def settle(self, parcel: str, outcome: Outcome) -> None:
        """Say what became of a parcel; nothing when its claim was lost. A failure raises a notice that says so."""
        ...


class Post(Rounds, Deliveries, Protocol):
    """All that a sender asks of the store."""


class Channels(Protocol):
    """The ways to people, by name."""

    def names(self) -> Sequence[str]:
        """Every channel there is, the log first."""
        ...

    def check(self, channel: str) -> None:
        """ConfigError when its address is wrong or its key is missing; nothing is sent. NotFound without it."""
        ...

    def send(self, channel: str, message: Message) -> None:
        """Hand over; QuorumError when the channel did not take it within its time. No text of it shows a secret."""
        ...
