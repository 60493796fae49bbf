"""Standing approvals: what a person has agreed to beforehand, within a scope, a size and a time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from quorum.desk.approvals.question import Answered, Approval, Expired, Open, Question, Size
from quorum.domain import UsageError, iso

SURFACE = "standing"
SCOPE_WORDS = ("workflow", "symbol", "strategy", "account", "scope")


@dataclass(frozen=True, slots=True)
class Revoked:
    """Who took it back, and when."""

    by: str
    at: int


@dataclass(frozen=True, slots=True)
class Standing:
    """A yes given beforehand, under a name, until `expires_at` (ns UTC).

    It answers a question whose scope has every word of its `scope`, and whose size is at most `most`; without `most`
    it answers questions without a size only. UsageError for one without a name, a scope, a person or a reason.
    """

    name: str
    scope: Mapping[str, str]
    most: Size | None
    granted_at: int
    expires_at: int
    granted_by: str
    reason: str
    revoked: Revoked | None = None

    def __post_init__(self) -> None:
        for what in ("name", "granted_by", "reason"):
            if not getattr(self, what).strip():
                raise UsageError(f"a standing approval has no {what}", "give it a name, a person and a reason")
        if not self.scope or not all(key and value for key, value in self.scope.items()):
            raise UsageError(f"standing approval {self.name} has no scope", "name a workflow, as workflow=NAME")
        if self.expires_at <= self.granted_at:
            found = f"standing approval {self.name} would end at {iso(self.expires_at)}, before it begins"
            raise UsageError(found, "let it expire later than now")

    def covers(self, question: Question, now: int) -> bool:
        """Whether it answers `question` at `now`."""
        if self.revoked is not None or not self.granted_at <= now < self.expires_at:
            return False
        if any(question.scope.get(key) != value for key, value in self.scope.items()):
            return False
        if question.size is None or self.most is None:
            return question.size is self.most
        return question.size.fits(self.most)

    def answer(self, now: int) -> Answered:
        """The yes that it gives at `now`."""
        return Answered(True, self.granted_by, now, self.words, SURFACE)

    @property
    def words(self) -> str:
        """The reason of every answer that it gives."""
        return f"standing approval {self.name}: {self.reason}"

    def gave(self, state: object) -> bool:
        """Whether that answer is one of its own."""
        return isinstance(state, Answered) and state.surface == SURFACE and state.reason == self.words


def covering(standing: Iterable[Standing], question: Question, now: int) -> Standing | None:
    """The standing approval that answers `question` at `now`, the one granted first of several; None without one."""
    fit = (s for s in standing if s.covers(question, now))
    return min(fit, key=lambda s: (s.granted_at, s.name), default=None)


def beginning(question: Question, standing: Iterable[Standing], now: int) -> Open | Answered | Expired:
    """The state of a question that is asked at `now`."""
    if now >= question.expires_at:
        return Expired(question.expires_at)
    found = covering(standing, question, now)
    return Open() if found is None else found.answer(now)


def standing_facts(standing: Standing, now: int, uses: Sequence[Approval] = ()) -> dict[str, Any]:
    """A standing approval as plain values: what it is at `now` (in_force, revoked or expired), what it has answered."""
    status = "revoked" if standing.revoked else "in_force" if now < standing.expires_at else "expired"
    last = uses[-1] if uses else None
    return {
        "name": standing.name,
        "status": status,
        "scope": dict(standing.scope),
        "most": None if standing.most is None else str(standing.most),
        "granted_at": iso(standing.granted_at),
        "expires_at": iso(standing.expires_at),
        "granted_by": standing.granted_by,
        "reason": standing.reason,
        "revoked_at": standing.revoked and iso(standing.revoked.at),
        "revoked_by": standing.revoked and standing.revoked.by,
        "used": len(uses),
        "last_used": last
        and {
            "approval_id": last.approval_id,
            "workflow_id": last.question.workflow_id,
            "at": iso(last.asked_at),
        },
    }
