"""Accounts: one serialised transaction at a time over book, orders and ledger."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from decimal import Decimal
from typing import Any, NamedTuple

import sqlalchemy as sa

from quorum.adapters.sql import tables
from quorum.adapters.sql.coordination.effects import once
from quorum.adapters.sql.database import Database, take_turn
from quorum.adapters.sql.decisions import Provenance, insert_decision
from quorum.adapters.sql.orders import insert_intent, read_order, read_position
from quorum.adapters.sql.trading.sharing import book_shares
from quorum.adapters.sql.trading.writing import replace_row
from quorum.domain import (
    ZERO,
    Book,
    Choice,
    Clock,
    Decision,
    Fill,
    IllegalMove,
    Money,
    NotFound,
    Order,
    OrderEvent,
    OrderIntent,
    OrderStatus,
    Position,
    Side,
)
from quorum.execution import Entry, entry_of_fill, entry_of_funding
from quorum.execution.ledger import CAPITAL, CASH, chain


def _mine(table: sa.Table) -> sa.Select[Any]:
    """The rows of one account; statements are built once, since a transaction keeps others waiting."""
    return table.select().where(table.c.account == sa.bindparam("mine"))


_ACCOUNTS = tables.account.select().order_by(tables.account.c.account)
_ACCOUNT = _mine(tables.account).with_for_update()
_POSITIONS, _MARKS = (_mine(table).order_by(table.c.symbol) for table in (tables.position, tables.mark))
_OPEN = _mine(tables.order_state).where(tables.order_state.c.open == 1).order_by(tables.order_state.c.client_order_id)
_LAST_ENTRY = _mine(tables.entry).order_by(tables.entry.c.sequence.desc()).limit(1)
_BALANCE = _mine(tables.balance).where(
    (tables.balance.c.ledger_account == sa.bindparam("ledger_account"))
    & (tables.balance.c.commodity == sa.bindparam("commodity"))
)
_CASH = _mine(tables.balance).where(
    (tables.balance.c.ledger_account == CASH) | tables.balance.c.ledger_account.startswith(f"{CASH}:", autoescape=True)
)


class _Account(NamedTuple):
    """An account's row."""

    name: str
    currency: str
    version: int


class SqlAccounts:
    """UnitOfWork over desk.db; a transaction holds its account's row, so that those of one account take turns."""

    def __init__(self, database: Database, clock: Clock, provenance: Provenance) -> None:
        self._database = database
        self._clock = clock
        self._provenance = provenance

    @contextmanager
    def transaction(self, account: str) -> Iterator[SqlTransaction]:
        with self._database.write() as connection:
            row = connection.execute(_ACCOUNT, {"mine": account}).mappings().first()
            if row is None:
                raise NotFound(f"there is no account {account!r}", "see `quorum account list`")
            yield SqlTransaction(
                connection,
                _Account(row["account"], row["currency"], row["version"]),
                self._clock,
                self._provenance,
            )

    def open(self, account: str, book: str, money: Money) -> bool:
        """Create an account and pay `money` in; False when it exists already, and then nothing changes."""
        table = tables.account
        known = sa.select(table.c.account).where(table.c.account == account)
        with self._database.read() as connection:
            if connection.execute(known).first():
                return False
        with self._database.write() as connection:
            take_turn(connection, f"account {account}")
            if connection.execute(known).first():
                return False
            connection.execute(table.insert().values(account=account, book=book, currency=money.currency, version=0))
            opened = SqlTransaction(connection, _Account(account, money.currency, 0), self._clock, self._provenance)
            opened.post(entry_of_funding(account, money, self._clock.now(), f"funding-{account}-1"))
            return True

    def paid_in(self, account: str) -> Money | None:
        """The capital that the ledger says was paid in; None for an account that is not open yet."""
        table = tables.account
        with self._database.read() as connection:
            query = sa.select(table.c.currency).where(table.c.account == account)
            currency = connection.execute(query).scalar()
            if currency is None:
                return None
            balance = tables.balance.c
            mine = (balance.account == account) & (balance.ledger_account == CAPITAL) & (balance.commodity == currency)
            amount = connection.execute(sa.select(balance.amount).where(mine)).scalar()
        return Money(-amount if amount is not None else ZERO, currency)

    def listed(self) -> list[dict[str, Any]]:
        """Name, book and currency of every account, by name."""
        with self._database.read() as connection:
            return [dict(r) for r in connection.execute(_ACCOUNTS).mappings()]


class SqlTransaction:
    """Transaction over a connection that keeps every other transaction of the account waiting."""

    def __init__(self, connection: sa.Connection, account: _Account, clock: Clock, provenance: Provenance) -> None:
        self.connection = connection
        self._account, self._currency, self._version = account
        self._clock = clock
        self._provenance = provenance

    def book(self, marks: Mapping[str, Decimal] | None = None) -> Book:
        for symbol, price in (marks or {}).items():
            self._replace(tables.mark, {"account": self._account, "symbol": symbol}, {"price": price})
        reserved: dict[str, Decimal] = {}
        closing: dict[str, Decimal] = {}
        positions = {p.symbol: p for p in self._positions()}
        for row in self._rows(_OPEN):
            symbol, held = row["symbol"], positions.get(row["symbol"], Position(row["symbol"])).quantity
            if held * Side(row["side"]).sign < 0:
                closing[symbol] = closing.get(symbol, ZERO) + row["remaining"]
            else:
                reserved[symbol] = reserved.get(symbol, ZERO) + row["reserved"]
        return Book(
            self._account,
            self._currency,
            self._version,
            self._cash(),
            -self._balance(CAPITAL),
            positions,
            reserved,
            closing,
            {row["symbol"]: row["price"] for row in self._rows(_MARKS)},
        )

    def record(self, choice: Choice) -> Decision:
        return insert_decision(self.connection, choice, self._clock.now(), self._provenance)

    def intend(self, intent: OrderIntent) -> Order:
        if intent.account != self._account:
            raise IllegalMove(
                f"intent {intent.intent_id} is of account {intent.account}, the transaction of {self._account}",
                "open a transaction of that account",
            )
        earlier = read_order(self.connection, intent.client_order_id)
        if earlier is not None:
            return earlier
        insert_intent(self.connection, intent)
        order = Order(intent)
        self._replace_state(order)
        self._moved()
        return order

    def append(self, event: OrderEvent) -> Order:
        order = self._order(event.client_order_id)
        if order.status.terminal:
            return order
        moved = order.move(event.status)
        return self._append(replace(moved, sent=event.time) if event.status is OrderStatus.SENT else moved, event)

    def book_fill(self, fill: Fill) -> Order:
        order = self._order(fill.client_order_id)
        table = tables.fill
        known = self.connection.execute(sa.select(table.c.fill_id).where(table.c.fill_id == fill.fill_id)).first()
        if known:
            return order
        self._check_fill(order, fill)
        moved = order.fill(fill.quantity)
        self.connection.execute(table.insert().values(**_fill_values(fill)))
        parts = book_shares(self.connection, self._account, order, fill)
        self.post(entry_of_fill(self._account, fill, parts))
        held = next((p for p in self._positions() if p.symbol == fill.symbol), Position(fill.symbol)).apply(fill)
        self._replace(
            tables.position,
            {"account": self._account, "symbol": fill.symbol},
            {"quantity": held.quantity, "cost": held.cost, "realised": held.realised},
        )
        return self._append(moved, OrderEvent(fill.client_order_id, moved.status, fill.time, fill_id=fill.fill_id))

    def once(self, key: str, act: Callable[[], Mapping[str, Any]]) -> Mapping[str, Any]:
        return once(self.connection, key, self._clock.now(), act)

    def post(self, entry: Entry) -> None:
        """Append a ledger entry, sealed to the one before it, and move the balances."""
        table = tables.entry
        last = self._rows(_LAST_ENTRY)
        sequence, seal = (last[0]["sequence"], last[0]["seal"]) if last else (0, "")
        result = self.connection.execute(
            table.insert().values(
                account=self._account,
                sequence=sequence + 1,
                time=entry.time,
                kind=entry.kind,
                reference=entry.reference,
                seal=chain(seal, entry),
            )
        )
        assert result.inserted_primary_key is not None
        identity = result.inserted_primary_key[0]
        for line, p in enumerate(entry.postings):
            values = {"ledger_account": p.ledger_account, "commodity": p.commodity, "amount": p.amount}
            self.connection.execute(tables.posting.insert().values(entry_id=identity, line=line, **values))
            key = {"account": self._account, "ledger_account": p.ledger_account, "commodity": p.commodity}
            amount = self._balance(p.ledger_account, p.commodity) + p.amount
            self._replace(tables.balance, key, {"amount": amount})
        self._moved()

    def _check_fill(self, order: Order, fill: Fill) -> None:
        if fill.symbol != order.intent.symbol or fill.side is not order.intent.side:
            raise IllegalMove(
                f"fill {fill.fill_id} is a {fill.side} of {fill.symbol}, its order is not",
                "reconcile with the venue",
            )

    def _append(self, moved: Order, event: OrderEvent) -> Order:
        self.connection.execute(
            tables.order_event.insert().values(
                client_order_id=event.client_order_id,
                status=event.status.value,
                time=event.time,
                detail=event.detail,
                fill_id=event.fill_id,
            )
        )
        self._replace_state(moved)
        self._moved()
        return moved

    def _order(self, client_order_id: str) -> Order:
        order = read_order(self.connection, client_order_id)
        if order is None or order.intent.account != self._account:
            raise NotFound(f"account {self._account} has no order {client_order_id}")
        return order

    def _rows(self, query: sa.Select[Any], **more: str) -> Sequence[sa.RowMapping]:
        return self.connection.execute(query, {"mine": self._account, **more}).mappings().all()

    def _positions(self) -> Iterator[Position]:
        return (read_position(row) for row in self._rows(_POSITIONS))

    def _balance(self, ledger_account: str, commodity: str | None = None) -> Decimal:
        rows = self._rows(_BALANCE, ledger_account=ledger_account, commodity=commodity or self._currency)
        return rows[0]["amount"] if rows else ZERO

    def _cash(self) -> Decimal:
        """The cash of the desk and of every strategy in it, in the account's currency."""
        rows = self._rows(_CASH)
        return sum((row["amount"] for row in rows if row["commodity"] == self._currency), ZERO)

    def _replace_state(self, order: Order) -> None:
        values = {
            "account": self._account,
            "symbol": order.intent.symbol,
            "side": order.intent.side.value,
            "status": order.status.value,
            "filled": order.filled,
            "reserved": order.reserved,
            "remaining": order.remaining,
            "open": int(not order.status.terminal),
            "sent": order.sent,
        }
        self._replace(tables.order_state, {"client_order_id": order.intent.client_order_id}, values)

    def _replace(self, table: sa.Table, key: Mapping[str, Any], values: Mapping[str, Any]) -> None:
        replace_row(self.connection, table, key, values)

    def _moved(self) -> None:
        self._version += 1
        table = tables.account
        self.connection.execute(table.update().where(table.c.account == self._account).values(version=self._version))


def _fill_values(fill: Fill) -> dict[str, Any]:
    return {
        "fill_id": fill.fill_id,
        "client_order_id": fill.client_order_id,
        "symbol": fill.symbol,
        "side": fill.side.value,
        "quantity": fill.quantity,
        "price": fill.price,
        "fee": fill.fee,
        "fee_currency": fill.fee_currency,
        "time": fill.time,
    }
