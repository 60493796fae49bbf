"""The books in an emergency: the store where it answers, a file of the workspace where it does not."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

from quorum.adapters.halts import WrittenOrders
from quorum.adapters.sql import HEAD, Database, Provenance, SqlAccounts, SqlOrders
from quorum.adapters.sql.trading.halts import SqlHalts
from quorum.bootstrap.emergency.bounded import Bounded
from quorum.bootstrap.emergency.card import Card, store_of
from quorum.bootstrap.emergency.doors import Door
from quorum.bootstrap.emergency.kept import ANSWERS_WITHIN, Kept, Occasion, Store
from quorum.bootstrap.emergency.place import within
from quorum.domain import (
    Approved,
    Book,
    Clock,
    Instrument,
    Position,
    Proposal,
    QuorumError,
    UnitOfWork,
    WorkspaceError,
    plain,
)
from quorum.execution import Sender
from quorum.execution.stopping import Hears, Leaving
from quorum.risk import RiskLimits, assess

WRITTEN = "state/emergency.jsonl"
BUSY_MS = 250


def open_store(home: Path, card: Card, clock: Clock) -> Store:
    """The store as it is; WorkspaceError where there is none of this version, StoreError where it does not answer."""
    database = Database(store_of(home, card), busy_ms=BUSY_MS)
    revision = database.revision()
    if revision != HEAD:
        raise WorkspaceError(f"the store has schema {revision}, not {HEAD}", "open the desk once with this version")
    provenance = Provenance(**card.provenance)
    return Store(
        database, SqlAccounts(database, clock, provenance), SqlOrders(database), SqlHalts(database, clock, provenance)
    )


def closer_of(
    door: Door, occasion: Occasion, store: Store | None, width: Decimal, writes: bool
) -> tuple[Leaving, Kept]:
    """How closing orders of an account leave: by the store where it takes them, else by the file; and what it has.

    A store that only tells (not `writes`) still says whose the holdings are.
    """
    books = store if store is not None and _keeps(store, door.account) else None
    written = _written(door, occasion)
    works: list[UnitOfWork] = [written]
    if books is not None and writes:
        works.insert(0, Bounded(books.accounts, ANSWERS_WITHIN))
    broker = Hears(door.broker)
    senders = tuple(Sender(broker, work, occasion.clock, occasion.halts) for work in works)

    def word(wish: Proposal, book: Book, instrument: Instrument) -> Mapping[str, Any]:
        return told(wish, book, instrument, door.section["limits"])

    ours = Kept(door.account, occasion, (books, written), writes)
    return Leaving(door.account, senders, (occasion.at, occasion.why), door.quote, word, ours, width), ours


def _keeps(store: Store, account: str) -> bool:
    try:
        return any(row["account"] == account for row in within(ANSWERS_WITHIN, "the store", store.accounts.listed))
    except QuorumError:
        return False


def told(wish: Proposal, book: Book, instrument: Instrument, limits: Mapping[str, Any]) -> dict[str, Any]:
    """Risk's word on a reduction; where its word is less than what the venue holds, the whole goes and that is told."""
    verdict = assess(wish, book, RiskLimits.read(limits), instrument)
    passed = isinstance(verdict, Approved)
    checks = [{**plain(check._asdict()), "passed": check.passed} for check in verdict.checks] if passed else []
    held = book.quantity(wish.symbol)
    reasons = [] if passed else [f"the venue holds more than the books: {held} {wish.symbol}; nothing stops it"]
    facts = {"proposal": plain(wish), "verdict": "approved", "quantity": plain(wish.quantity)}
    return {**facts, "reasons": reasons, "checks": checks, "limits": dict(limits)}


def _written(door: Door, occasion: Occasion) -> WrittenOrders:
    def book(account: str) -> Book:
        held = door.broker.account()
        currency = door.section["currency"]
        cash = held.cash.get(currency, Decimal(0))
        positions = {symbol: Position(symbol, quantity) for symbol, quantity in held.positions.items()}
        return Book(account, currency, 0, cash, cash, positions)

    return WrittenOrders(occasion.home / WRITTEN, occasion.clock, book)
