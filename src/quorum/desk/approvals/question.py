"""A question to a person, and what became of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any

from quorum.domain import IllegalMove, UsageError, iso


@dataclass(frozen=True, slots=True)
class Size:
    """How much of what, as 5000 USDT; sizes of the same thing can be compared. UsageError for what is none."""

    amount: Decimal
    of: str

    def __post_init__(self) -> None:
        if not self.amount.is_finite() or self.amount < 0 or not self.of or self.of != self.of.strip():
            raise UsageError(f"{self.amount} {self.of!r} is no size", "give an amount of 0 or more and what it is of")

    @classmethod
    def parse(cls, text: str) -> Size:
        """The size that `text` names; UsageError when it is none."""
        amount, _, of = text.strip().partition(" ")
        try:
            return cls(Decimal(amount), of.strip())
        except (InvalidOperation, UsageError):
            raise UsageError(f"{text!r} is no size", "write an amount and what it is of, as `5000 USDT`") from None

    def __str__(self) -> str:
        return f"{self.amount:f} {self.of}"

    def fits(self, most: Size) -> bool:
        """Whether this is as much of the same thing as `most`, or less."""
        return self.of == most.of and self.amount <= most.amount


@dataclass(frozen=True, slots=True)
class Question:
    """What a person is asked, once for its `key`. Instants are ns UTC.

    `shows` are plain JSON values that the person sees; a `decision_id` among them is the decision that it follows
    from. `scope` says what it is about (workflow, symbol, …); without a scope no standing approval answers it.
    UsageError when key, run or question is empty.
    """

    key: str
    workflow_id: str
    step: str
    question: str
    expires_at: int
    shows: Mapping[str, Any] = field(default_factory=dict)
    scope: Mapping[str, str] = field(default_factory=dict)
    size: Size | None = None
    remind_at: int | None = None

    def __post_init__(self) -> None:
        empty = [name for name in ("key", "workflow_id", "question") if not getattr(self, name).strip()]
        if empty:
            raise UsageError(f"a question has no {' and no '.join(empty)}", "say what is asked, by which run, and why")


@dataclass(frozen=True, slots=True)
class Open:
    """Nobody has answered yet."""


@dataclass(frozen=True, slots=True)
class Held:
    """Its run was cancelled; nobody is asked until the run goes on."""


@dataclass(frozen=True, slots=True)
class Answered:
    """Who said yes or no, when, why, and on which surface; a standing approval is named in the reason."""

    approved: bool
    by: str
    at: int
    reason: str
    surface: str


@dataclass(frozen=True, slots=True)
class Expired:
    """Nobody answered before that instant."""

    at: int


@dataclass(frozen=True, slots=True)
class Approval:
    """A question under its id `APR-20250130-001`, with what became of it; `told_at` is when the run was told."""

    approval_id: str
    question: Question
    asked_at: int
    state: Open | Held | Answered | Expired
    told_at: int | None = None

    @property
    def status(self) -> str:
        """The word for its state: open, held, approved, rejected or expired."""
        if isinstance(self.state, Answered):
            return "approved" if self.state.approved else "rejected"
        return {Expired: "expired", Held: "held"}.get(type(self.state), "open")

    @property
    def approved(self) -> bool:
        """Whether somebody said yes."""
        return self.status == "approved"

    def must_take(self, now: int) -> None:
        """IllegalMove, with who answered when, unless it may be answered at `now`."""
        state = self.state
        if isinstance(state, Answered):
            found = f"{self.approval_id} was {self.status} by {state.by} at {iso(state.at)} ({state.reason})"
            raise IllegalMove(found, "an answer stands; ask anew for another one")
        if isinstance(state, Held):
            run = self.question.workflow_id
            raise IllegalMove(
                f"{self.approval_id} waits for nobody: {run} was cancelled", f"quorum workflow resume {run}"
            )
        if isinstance(state, Expired) or now >= self.question.expires_at:
            raise IllegalMove(
                f"{self.approval_id} expired at {iso(self.question.expires_at)}", "run the workflow again"
            )


def must_say(by: str, reason: str) -> None:
    """UsageError unless somebody is named and a reason given."""
    if not by.strip():
        raise UsageError("nobody is named", "say who with --by NAME")
    if not reason.strip():
        raise UsageError("no reason is given", "say why with --reason TEXT")


def headline(approval: Approval) -> str:
    """What people are told of it in a line: what is asked, and how it ended if it did."""
    words = (approval.question.question, approval.question.shows.get("summary"), f"({approval.approval_id})")
    asked, state = " ".join(str(word) for word in words if word), approval.state
    if isinstance(state, Answered):
        return f"{approval.status} by {state.by}: {asked}"
    return f"nobody answered in time: {asked}" if isinstance(state, Expired) else asked


def facts(approval: Approval) -> dict[str, Any]:
    """An approval as plain values."""
    asked, state = approval.question, approval.state
    said = state if isinstance(state, Answered) else None
    return {
        "approval_id": approval.approval_id,
        "status": approval.status,
        "question": asked.question,
        "shows": dict(asked.shows),
        "workflow_id": asked.workflow_id,
        "step": asked.step,
        "scope": dict(asked.scope),
        "size": None if asked.size is None else str(asked.size),
        "asked_at": iso(approval.asked_at),
        "expires_at": iso(asked.expires_at),
        "remind_at": None if asked.remind_at is None else iso(asked.remind_at),
        "answered_by": said and said.by,
        "answered_at": said and iso(said.at),
        "reason": said and said.reason,
        "surface": said and said.surface,
        "told_at": None if approval.told_at is None else iso(approval.told_at),
    }
