"""Halt, cancel, close: each account on its own, so that one venue that hangs keeps no other waiting."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from quorum.adapters.halts import BothHalts, HaltFile
from quorum.bootstrap.emergency.books import open_store
from quorum.bootstrap.emergency.card import Card, read_card
from quorum.bootstrap.emergency.doors import Door, open_door
from quorum.bootstrap.emergency.kept import Store
from quorum.bootstrap.emergency.place import Apart, within
from quorum.bootstrap.emergency.room import PLACE as ROOM
from quorum.bootstrap.emergency.room import make_room
from quorum.domain import Halt, Order, OrderStatus, QuorumError, Scope, SystemClock, UsageError, WorkspaceError
from quorum.execution import BrokerOrder, HaltBook, Sender
from quorum.execution.stopping import Entries, Everything, Which, cancel_open, unanswered
from quorum.execution.stopping.cancelling import ALL
from quorum.execution.stopping.closing import UNANSWERED

_LOG = logging.getLogger("quorum.emergency")
FILE, WHY = "state/halts.json", "cancelled in an emergency"
READY_WITHIN = 1.0
BOOKED_WITHIN = 5.0
SETTLES, OVERTIME, STOPS_WITHIN = 1.0, 0.5, 1.0
SAYS_AFTER, SAYS_EVERY = 2.0, 10.0
STILL_LEAVING = (
    "a process was letting an order out when it was halted, and hangs: an order that comes of it is cancelled as soon"
    " as that process wakes up; end the process, and look again"
)


@dataclass
class Done:
    """What an emergency came to: lines of what was cancelled, closed and failed, and what is to be known beside it."""

    cancelled: list[dict[str, Any]] = field(default_factory=list)
    closed: list[dict[str, Any]] = field(default_factory=list)
    failed: list[dict[str, Any]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    seconds: float = 0.0

    def told(self) -> dict[str, Any]:
        """As plain values."""
        names = ("cancelled", "closed", "failed", "seconds", "notes")
        return {name: getattr(self, name) for name in names}


class Emergency:
    """A workspace in an emergency: what is ready of it, and until when (monotonic seconds) it may take."""

    def __init__(self, home: Path, deadline: float) -> None:
        self.home, self.clock = home, SystemClock()
        self.began = time.monotonic()
        self.until = self.began + deadline
        self.done = Done()
        self.card: Card = read_card(home)
        self.store: Store | None = None
        self.writes = True
        self.left: dict[str, Mapping[str, str]] = {}
        self.stopped = False
        self._ready = Apart(self._open_store)
        self._doors: dict[str, Door | None] = {}
        self._ours: dict[str, Sequence[Order]] = {}

    def _open_store(self) -> None:
        self.store = open_store(self.home, self.card, self.clock)

    def ready(self) -> None:
        """Wait for the store, not for long; the reason stands in the notes where it is left out."""
        self._ready.ended.wait(READY_WITHIN)
        if self.store is None:
            why = self._ready.error or f"it did not answer within {READY_WITHIN:g} s"
            self.done.notes.append(f"without the store: {why}")

    def prepare(self, accounts: Sequence[str]) -> None:
        """Open doors and read our open orders before anything is done, so that nothing is slow after it; bounded."""

        def act() -> None:
            for name in accounts:
                if self.door(name) is not None:
                    self._ours[name] = self.ours(name)

        Apart(act).ended.wait(READY_WITHIN)

    def ours(self, account: str) -> Sequence[Order]:
        """Our open orders by the books, as they were prepared or are now; none where the books are out of reach."""
        store = self.store
        if store is None:
            return ()
        if account in self._ours:
            return self._ours.pop(account)
        try:
            return within(READY_WITHIN, "the store", lambda: store.open_orders(account))
        except QuorumError as error:
            self.done.notes.append(f"{account}: without the books: {error}")
            return ()

    def accounts(self, named: str | None) -> Sequence[str]:
        """The account named, or all of the card; UsageError for one that is not there."""
        if named is None:
            return tuple(self.card.accounts)
        if named not in self.card.accounts:
            raise UsageError(f"there is no account {named!r}", f"there are {', '.join(self.card.accounts)}")
        return (named,)

    def halts(self) -> HaltBook:
        """Both books of halts, or the file alone."""
        file = HaltFile(self.home / FILE)
        return file if self.store is None else BothHalts(file, self.store.halts)

    def each(self, accounts: Sequence[str], act: Callable[[Door], None]) -> None:
        """Do it for each account at the same time, no longer than the deadline; what fails or hangs is told."""
        threads = {name: Apart(lambda name=name: self._one(name, act)) for name in accounts}  # type: ignore[misc]
        try:
            self._wait(threads)
        except KeyboardInterrupt:
            self.stopped, self.until = True, time.monotonic() + STOPS_WITHIN
            self.done.notes.append("it was stopped by hand before it had ended")
            self._wait(threads)
        for name, thread in threads.items():
            if not thread.ended.is_set():
                self.fail(name, ALL, "the venue did not answer in time")
            elif thread.error is not None:
                self.fail(name, ALL, str(thread.error))
        self.done.seconds = round(time.monotonic() - self.began, 3)

    def _wait(self, threads: Mapping[str, Apart]) -> None:
        """Until all have ended, or overtime; what takes long says so meanwhile."""
        says = self.began + SAYS_AFTER
        while alive := [name for name, thread in threads.items() if not thread.ended.is_set()]:
            now = time.monotonic()
            if now >= self.until + OVERTIME:
                return
            if now >= says:
                says = now + SAYS_EVERY
                self._say(alive, now - self.began)
            threads[alive[0]].ended.wait(min(self.until + OVERTIME, says) - now)

    def _say(self, accounts: Sequence[str], seconds: float) -> None:
        """Say what is left so far; the end says it again."""
        for name in accounts:
            left = self.left.get(name) or {ALL: "the venue has not answered yet"}
            told = "; ".join(dict.fromkeys(left.values()))
            _LOG.warning("%s: at work for %.0f s: %s", name, seconds, told)

    def settle(self, account: str) -> bool:
        """Wait for orders that were leaving when it was halted: whether there were any; one that hangs is told."""
        if self._settled(0):
            return False
        if not self._settled(SETTLES):
            self.fail(account, "sending", STILL_LEAVING)
        return True

    def _settled(self, seconds: float) -> bool:
        try:
            return HaltFile(self.home / FILE).settled(time.monotonic() + seconds)
        except WorkspaceError:  # who cannot have the lock lets nothing out
            return True

    def _one(self, name: str, act: Callable[[Door], None]) -> None:
        door = self.door(name)
        if door is not None:
            act(door)

    def door(self, name: str) -> Door | None:
        """The account's door, opened once."""
        if name not in self._doors:
            self._doors[name] = open_door(self.home, self.card, name, self.clock)
        return self._doors[name]

    def fail(self, account: str, what: str, why: str) -> None:
        """Something is left, and why."""
        self.done.failed.append({"account": account, "what": what, "why": why})


def record_halt(home: Path, halt: Halt) -> None:
    """Put a halt into the file; from here on no sender of any process lets out what it stops."""
    HaltFile(home / FILE).raise_(halt)


def file_halt(emergency: Emergency, halt: Halt) -> str:
    """Put a halt into the file; why it did not take it, since what there is to do is done all the same."""
    if make_room(emergency.home):
        emergency.done.notes.append(f"the disk is full: {ROOM} made room on it")
    try:
        record_halt(emergency.home, halt)
    except QuorumError as error:
        return str(error)
    return ""


def keep_halt(emergency: Emergency, halt: Halt, unfiled: str = "") -> None:
    """Put a halt into the store; one that does not take it gets it from the desk later, by the file.

    A halt that the file did not take either (`unfiled` says why) is told as what is left.
    """
    store, why = emergency.store, "it is out of reach"
    if store is not None:
        try:
            within(BOOKED_WITHIN, "the store", lambda: store.halts.raise_(halt))
        except QuorumError as error:
            emergency.writes, why = False, str(error)
        else:
            why = ""
            _doubt(emergency, store, halt)
    if why and unfiled:
        emergency.fail(ALL, halt.name, f"neither file nor store has the halt: {unfiled}; the store: {why}")
    elif unfiled:
        emergency.done.notes.append(f"the file did not take the halt, the store has it: {unfiled}")
    elif why and store is not None:
        emergency.done.notes.append(f"the store did not take the halt, the file has it: {why}")


def _doubt(emergency: Emergency, store: Store, halt: Halt) -> None:
    """A name that is nowhere in the books may be written wrong; the halt stands all the same."""
    with suppress(QuorumError):
        if not within(READY_WITHIN, "the store", lambda: store.knows(halt)):
            emergency.done.notes.append(f"{halt.name} has not traded here: is the name right?")


def cancel_stopped(emergency: Emergency, halt: Halt, accounts: Sequence[str]) -> None:
    """Cancel the open orders that a halt stops; protective orders and other reductions stay."""

    def act(door: Door) -> None:
        ours = emergency.ours(door.account)
        known = {order.intent.client_order_id: halt.stops(order.intent) for order in ours}
        stopped = [order for order in ours if known[order.intent.client_order_id]]
        which = _Stopped(halt, Entries(known))
        _cancel(emergency, door, which)
        if emergency.settle(door.account):
            _cancel(emergency, door, which)
        book_orders(emergency, door, stopped, WHY)

    emergency.each(accounts, act)
    if halt.scope is Scope.STRATEGY and emergency.store is None:
        emergency.fail(ALL, halt.name, "whose open orders are its own is known to the store alone: use cancel-all")


@dataclass(frozen=True)
class _Stopped:
    """The orders that a halt stops, of one account; of those that the books do not know, as far as can be told."""

    halt: Halt
    entries: Entries

    def __call__(self, broker: Any, orders: Sequence[BrokerOrder]) -> Sequence[BrokerOrder]:
        known = self.entries.known
        if self.halt.scope is Scope.SYMBOL:
            orders = [order for order in orders if order.symbol == self.halt.of]
        elif self.halt.scope is Scope.STRATEGY:
            orders = [order for order in orders if order.client_order_id in known]
        return self.entries(broker, orders)


def cancel_everything(emergency: Emergency, named: str | None) -> None:
    """Cancel every open order of an account, or of all."""

    def act(door: Door) -> None:
        ours = emergency.ours(door.account)
        _cancel(emergency, door, Everything())
        book_orders(emergency, door, ours, WHY)

    emergency.each(emergency.accounts(named), act)


def _cancel(emergency: Emergency, door: Door, which: Which) -> None:
    found = cancel_open(door.broker, emergency.until, which)
    emergency.done.cancelled += [{"account": door.account, "client_order_id": name} for name in found.cancelled]
    for what, said in found.failed.items():
        emergency.fail(door.account, what, said)


def book_orders(emergency: Emergency, door: Door, orders: Sequence[Order], why: str) -> None:
    """Book what became of our orders; what the store does not take now, the next reconciliation books.

    Of those that are to end, one that the venue has not answered yet may appear there later, and is told.
    """
    store = emergency.store
    if store is None or not orders or not emergency.writes:
        return
    sender = Sender(door.broker, store.accounts, emergency.clock, emergency.halts())

    def settle() -> None:
        for order in orders:
            withdrawn = order.status is OrderStatus.INTENDED
            after = sender.cancel(order, why) if withdrawn else sender.follow(order)
            if after.status in UNANSWERED:
                emergency.fail(door.account, order.intent.client_order_id, unanswered(after))

    try:
        within(BOOKED_WITHIN, "the store", settle)
    except QuorumError as error:
        emergency.done.notes.append(f"{door.account}: not all is booked yet, reconciliation will: {error}")
