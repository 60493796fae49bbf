"""The doors to what is kept about approvals; one store implements all three."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from quorum.desk.approvals.question import Approval, Question
from quorum.desk.approvals.standing import Standing


class Questions(Protocol):
    """Questions and their answers."""

    def ask(self, question: Question) -> Approval:
        """Ask, once for the question's key; a standing approval that covers it answers at once.

        One whose time is over already expires at once.
        """
        ...

    def answer(self, approval_id: str, approve: bool, by: str, reason: str, surface: str) -> Approval:
        """Say yes or no, on record with its decision. Whoever answers second is refused.

        NotFound for an unknown id, IllegalMove for one that was answered or has expired, UsageError without a person
        or a reason; then nothing changes.
        """
        ...

    def get(self, approval_id: str) -> Approval:
        """The approval with that id; NotFound when there is none."""
        ...

    def open(self) -> Sequence[Approval]:
        """Those that wait for an answer and have not expired, oldest first."""
        ...


class Rounds(Protocol):
    """What is due: ends, reminders, and runs that have not heard of their answer."""

    def expire(self, now: int, only: str | None = None) -> Sequence[Approval]:
        """End the open ones whose time is over at `now`, or of them `only` that id; those that ended by this call."""
        ...

    def remind(self, now: int) -> Sequence[Approval]:
        """The open ones whose reminder is due at `now`; each is returned by one call only."""
        ...

    def untold(self) -> Sequence[Approval]:
        """Those that were answered or have expired, and whose run was not told of it."""
        ...

    def told(self, approval_id: str) -> None:
        """Note that the run has been told; the first time counts."""
        ...

    def hold(self, workflow_id: str, on: bool) -> None:
        """Set the open questions of a run and of its parts aside, or, with `on` false, put them again."""
        ...


class Standings(Protocol):
    """Standing approvals, never edited: granted once under a name, revoked once."""

    def grant(self, standing: Standing) -> Standing:
        """Put it in force, on record with its decision; IllegalMove when its name was used before."""
        ...

    def revoke(self, name: str, by: str, reason: str) -> Standing:
        """Take it back, on record with its decision; NotFound for an unknown name, IllegalMove the second time."""
        ...

    def standing(self) -> Sequence[Standing]:
        """Every one that was granted, oldest first."""
        ...

    def uses(self, standing: Standing) -> Sequence[Approval]:
        """The questions that it has answered, oldest first."""
        ...


class Approvals(Questions, Rounds, Standings, Protocol):
    """All that a desk keeps about approvals."""
