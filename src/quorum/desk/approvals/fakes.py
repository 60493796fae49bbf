"""Approvals in memory, with the promises of the real store."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import replace

from quorum.desk.approvals.question import Answered, Approval, Expired, Held, Open, Question, must_say
from quorum.desk.approvals.standing import Revoked, Standing, beginning
from quorum.domain import Clock, IllegalMove, NotFound, iso, utc_day


class MemoryApprovals:
    """Approvals that live as long as this object."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._turn = threading.Lock()
        self._kept: dict[str, Approval] = {}
        self._standing: dict[str, Standing] = {}

    def ask(self, question: Question) -> Approval:
        with self._turn:
            for kept in self._kept.values():
                if kept.question.key == question.key:
                    return kept
            now = self._clock.now()
            day = utc_day(now)
            number = 1 + sum(f"-{day}-" in identity for identity in self._kept)
            state = beginning(question, self._standing.values(), now)
            told = None if isinstance(state, Open) else now
            return self._keep(Approval(f"APR-{day}-{number:03d}", question, now, state, told))

    def answer(self, approval_id: str, approve: bool, by: str, reason: str, surface: str) -> Approval:
        must_say(by, reason)
        with self._turn:
            now, approval = self._clock.now(), self.get(approval_id)
            approval.must_take(now)
            return self._keep(replace(approval, state=Answered(approve, by, now, reason, surface)))

    def get(self, approval_id: str) -> Approval:
        if approval_id not in self._kept:
            raise NotFound(f"there is no approval {approval_id}", "see `quorum approvals`")
        return self._kept[approval_id]

    def open(self) -> Sequence[Approval]:
        now = self._clock.now()
        return self._where(lambda a: isinstance(a.state, Open) and now < a.question.expires_at)

    def expire(self, now: int, only: str | None = None) -> Sequence[Approval]:
        with self._turn:
            due = self._where(lambda a: isinstance(a.state, Open) and a.question.expires_at <= now)
            due = [a for a in due if only in (None, a.approval_id)]
            return [self._keep(replace(a, state=Expired(a.question.expires_at))) for a in due]

    def remind(self, now: int) -> Sequence[Approval]:
        with self._turn:
            due = self._where(lambda a: _reminds(a, now))
            return [self._keep(replace(a, question=replace(a.question, remind_at=None))) for a in due]

    def untold(self) -> Sequence[Approval]:
        return self._where(lambda a: not isinstance(a.state, Open | Held) and a.told_at is None)

    def told(self, approval_id: str) -> None:
        with self._turn:
            approval = self.get(approval_id)
            if approval.told_at is None:
                self._keep(replace(approval, told_at=self._clock.now()))

    def hold(self, workflow_id: str, on: bool) -> None:
        before, after = (Open, Held) if on else (Held, Open)
        with self._turn:
            for approval in self._where(lambda a: isinstance(a.state, before)):
                if f"{approval.question.workflow_id}/".startswith(f"{workflow_id}/"):
                    self._keep(replace(approval, state=after()))

    def grant(self, standing: Standing) -> Standing:
        with self._turn:
            if standing.name in self._standing:
                raise IllegalMove(f"standing approval {standing.name} was granted before", "choose another name")
            self._standing[standing.name] = standing
            return standing

    def revoke(self, name: str, by: str, reason: str) -> Standing:
        must_say(by, reason)
        with self._turn:
            if name not in self._standing:
                raise NotFound(f"there is no standing approval {name!r}", "see `quorum approvals standing`")
            found = self._standing[name]
            if found.revoked is not None:
                raise IllegalMove(f"{name} was revoked by {found.revoked.by} at {iso(found.revoked.at)}")
            self._standing[name] = replace(found, revoked=Revoked(by, self._clock.now()))
            return self._standing[name]

    def standing(self) -> Sequence[Standing]:
        return sorted(self._standing.values(), key=lambda s: (s.granted_at, s.name))

    def uses(self, standing: Standing) -> Sequence[Approval]:
        return self._where(lambda a: standing.gave(a.state))

    def _keep(self, approval: Approval) -> Approval:
        self._kept[approval.approval_id] = approval
        return approval

    def _where(self, holds: Callable[[Approval], bool]) -> list[Approval]:
        return [approval for approval in self._kept.values() if holds(approval)]


def _reminds(approval: Approval, now: int) -> bool:
    asked = approval.question
    waits = isinstance(approval.state, Open) and now < asked.expires_at
    return waits and asked.remind_at is not None and asked.remind_at <= now
