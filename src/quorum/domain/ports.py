"""Doors that many rooms need; each is implemented in `adapters`, its fake stands in `fakes`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from decimal import Decimal
from typing import Any, Protocol

from quorum.domain.decision import Choice, Decision
from quorum.domain.errors import Severity
from quorum.domain.order import Order, OrderEvent, OrderIntent
from quorum.domain.position import Book, Fill


class DecisionLog(Protocol):
    """Decisions, appended and never edited; ids are unique and count upwards per UTC day."""

    def record(self, choice: Choice) -> Decision:
        """Append a choice; when this returns, it survives a kill."""
        ...

    def get(self, decision_id: str) -> Decision:
        """The decision with that id; NotFound when there is none."""
        ...

    def following(self, decision_id: str) -> Sequence[Decision]:
        """The decisions that name it as a parent, oldest first."""
        ...

    def recent(self, limit: int) -> Sequence[Decision]:
        """The newest decisions, newest first."""
        ...


class Transaction(Protocol):
    """What one serialised change of an account may do; all of it is committed, or none."""

    def book(self, marks: Mapping[str, Decimal] | None = None) -> Book:
        """The account as this transaction sees it, its own changes included; `marks` replace stored prices."""
        ...

    def record(self, choice: Choice) -> Decision:
        """Append a decision that commits with the rest."""
        ...

    def intend(self, intent: OrderIntent) -> Order:
        """Write an intent and hold its reserve; an earlier intent with that id is returned as it is."""
        ...

    def append(self, event: OrderEvent) -> Order:
        """Append an order's event; IllegalMove when its status does not allow it, unless it has ended already."""
        ...

    def book_fill(self, fill: Fill) -> Order:
        """Book a fill into order, ledger and position; one that is booked already changes nothing."""
        ...


class UnitOfWork(Protocol):
    """Opens transactions; two on the same account never overlap, in this process or another."""

    def transaction(self, account: str) -> AbstractContextManager[Transaction]:
        """Begin; commits at the end of the block, rolls back on an exception. NotFound for an unknown account."""
        ...


class Executor(Protocol):
    """Runs a named task on plain JSON values, here or elsewhere."""

    def run(self, task: str, payload: Mapping[str, Any], timeout: float | None = None) -> Mapping[str, Any]:
        """The task's answer; the task's own error is raised again. QuorumError after `timeout` seconds."""
        ...


class Notifier(Protocol):
    """Tells people."""

    def notify(self, severity: Severity, summary: str, details: Mapping[str, Any]) -> None:
        """Deliver, or raise QuorumError; a message is never dropped silently."""
        ...
