"""Reconcile an account: look, act by the policy, look again; what is left and unexplained halts it."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from quorum.desk.books import AUDITED
from quorum.desk.desk import Desk
from quorum.desk.notices import Event, Occurrence
from quorum.desk.trading.accounting.quoted import note_rates
from quorum.desk.trading.reconciling.acting import ACTS, act
from quorum.desk.trading.reconciling.looking import Look, look
from quorum.desk.trading.reconciling.written import take_written
from quorum.domain import (
    Clock,
    Halt,
    Order,
    QuorumError,
    Scope,
    Severity,
    content_hash,
    plain,
    utc_day,
)
from quorum.execution import audit
from quorum.execution.reconcile import Policy, Resolution, Step, resolutions, resolve

BY, MOST = "reconciliation", 50


@dataclass(frozen=True, slots=True)
class Reconciled:
    """What one pass over an account found and did, and what is left of it.

    `settled` are the orders that were open before, as they are now. `steady` says that the account stood still while
    it was looked at: else what is left may be a fill that is under way.
    """

    account: str
    at: int
    settled: tuple[Order, ...]
    found: tuple[Resolution, ...]
    left: tuple[Resolution, ...]
    steady: bool
    halt: Halt | None = None

    @property
    def clean(self) -> bool:
        """Whether books and venue agree, or all that differs is explained."""
        return self.steady and all(one.explained for one in self.left)

    def facts(self) -> dict[str, Any]:
        """As plain values."""
        return {
            "clean": self.clean,
            "found": [told(one) for one in self.found],
            "left": [told(one) for one in self.left],
            "halted": None if self.halt is None else self.halt.reason,
        }


@dataclass(frozen=True, slots=True)
class Unreached:
    """An account of which nothing is known: its venue does not answer, or the look failed."""

    account: str
    why: str

    @property
    def clean(self) -> bool:
        return False


def told(one: Resolution) -> dict[str, Any]:
    """A resolution as plain values."""
    kind = type(one.difference).__name__
    price = plain(one.price) if one.price else None
    return {"kind": kind, "what": str(one.difference), "step": one.step.value, "why": one.why, "price": price}


def reconcile(desk: Desk, account: str, clock: Clock | None = None) -> Reconciled:
    """Bring an account and its venue together in one pass, or halt it and tell people why.

    Orders that left while the store was out of reach are taken into the books first, and rates that the lake has are
    put on record. BrokerUnreachable when the venue does not answer: then nothing changes, and nothing should open.
    """
    clock, policy = clock or desk.clock, desk.settings.execution.reconciliation.policy()
    take_written(desk, account, clock)
    note_rates(desk, account, clock)
    first = last = look(desk, account, clock)
    late = tuple(resolve(one, first.ours, (), policy) for one in first.late)
    found = left = _resolved(desk, first, policy)
    done: dict[str, Resolution] = {}
    while todo := _todo(last, left, done):
        for one in todo:
            act(desk, last, one, clock)
            done[str(one.difference)] = one
        last = look(desk, account, clock)
        left = _resolved(desk, last, policy)
    wrong = [one for one in left if not one.explained] if last.steady else []
    halt = _halt(desk, account, wrong, clock) if wrong else None
    more = tuple(one for name, one in done.items() if name not in {str(each.difference) for each in found})
    settled = _settled(first, last)
    made = Reconciled(account, clock.now(), settled, (*late, *found, *more), left, last.steady, halt)
    _tell(desk, made, [*late, *done.values()])
    return made


def _resolved(desk: Desk, seen: Look, policy: Policy) -> tuple[Resolution, ...]:
    """What is to be done about each difference; nothing is adopted into books that do not balance by themselves."""
    found = resolutions(seen.ours, seen.theirs, policy)
    if all(one.step is not Step.ADOPT for one in found):
        return found
    faults = audit(desk.rows(AUDITED)).faults
    if not faults:
        return found
    why = f"but the ledger does not balance: {faults[0]}{f', and {len(faults) - 1} more' if len(faults) > 1 else ''}"
    return tuple(replace(o, step=Step.HALT, why=f"{o.why}, {why}") if o.step is Step.ADOPT else o for o in found)


def _todo(seen: Look, left: Sequence[Resolution], done: Mapping[str, Resolution]) -> Sequence[Resolution]:
    """What is to be acted on: not twice on the same, and only so much; what is still there then halts."""
    if not seen.steady or len(done) >= MOST:
        return ()
    return [one for one in left if one.step in ACTS and str(one.difference) not in done]


def reconcile_all(
    desk: Desk, clock: Clock | None = None, only: Container[str] | None = None
) -> Sequence[Reconciled | Unreached]:
    """Every account that has been opened and is configured, or `only` these; one that fails keeps no other waiting."""
    configured = desk.settings.accounts.accounts
    names = [row["account"] for row in desk.accounts.listed() if row["account"] in configured]
    return [_one(desk, name, clock) for name in names if only is None or name in only]


def _one(desk: Desk, account: str, clock: Clock | None) -> Reconciled | Unreached:
    try:
        return reconcile(desk, account, clock)
    except QuorumError as error:
        return Unreached(account, str(error))


def _settled(first: Look, last: Look) -> tuple[Order, ...]:
    orders = {order.intent.client_order_id: order for order in (*first.settled, *last.settled)}
    return tuple(orders.values())


def _halt(desk: Desk, account: str, wrong: Sequence[Resolution], clock: Clock) -> Halt:
    """The account's halt for this reason; the one that stands already, if one does."""
    reason = "books and venue differ: " + "; ".join(f"{one.difference} ({one.why})" for one in wrong)
    for standing in desk.halts.standing():
        if (standing.scope, standing.of, standing.by, standing.reason) == (Scope.ACCOUNT, account, BY, reason):
            return standing
    halt = Halt(Scope.ACCOUNT, account, Severity.RED, reason, BY, clock.now())
    desk.halts.raise_(halt)
    return halt


def _tell(desk: Desk, done: Reconciled, acted: Sequence[Resolution]) -> None:
    """People are told of what was done and of what halts the account, once a day for the same."""
    lines = [f"{one.difference}: {one.step} ({one.why})" for one in acted]
    reason = [] if done.halt is None else [f"halted, {done.halt.reason}"]
    said = [*reason, *lines]
    if not said:
        return
    more = f", and {len(said) - 1} more" if len(said) > 1 else ""
    details: Mapping[str, Any] = {"account": done.account, **done.facts()}
    key = f"{done.account}/{content_hash(said)}/{utc_day(done.at)}"
    desk.outbox.raise_(Occurrence(Event.BOOKS_DIFFER, key, f"account {done.account}: {said[0]}{more}", details))
