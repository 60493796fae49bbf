"""One serialised transaction over an account's book, orders and ledger."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any, NamedTuple

import sqlalchemy as sa

from quorum.adapters.sql import tables
from quorum.adapters.sql.coordination.effects import once
from quorum.adapters.sql.database import take_turn
from quorum.adapters.sql.decisions import Provenance, insert_decision
from quorum.adapters.sql.ledger.entering import Cash, cash_of, move_holdings, moves_of_split
from quorum.adapters.sql.ledger.posting import post_entry
from quorum.adapters.sql.ledger.rates import rates_of
from quorum.adapters.sql.orders import insert_intent, read_order, read_position
from quorum.adapters.sql.trading.around import around
from quorum.adapters.sql.trading.overrides import keep_override
from quorum.adapters.sql.trading.sharing import book_shares
from quorum.adapters.sql.trading.targets import holdings_of, keep_target, targets_of
from quorum.adapters.sql.trading.wide import add_up
from quorum.adapters.sql.trading.worth import keep_worth
from quorum.adapters.sql.trading.writing import replace_row
from quorum.domain import (
    ZERO,
    Book,
    Choice,
    Clock,
    Decision,
    Fill,
    IllegalMove,
    NotFound,
    Order,
    OrderEvent,
    OrderIntent,
    OrderStatus,
    Position,
    Side,
)
from quorum.execution import Cross, Entry, entry_of_cross, entry_of_fill, entry_of_split
from quorum.execution.ledger import CAPITAL, CASH, TRANSFERS
from quorum.execution.target import StrategyTarget
from quorum.risk import Around, Asked, LastTrade, Override, Wide


def mine(table: sa.Table) -> sa.Select[Any]:
    """The rows of one account; statements are built once, since a transaction keeps others waiting."""
    return table.select().where(table.c.account == sa.bindparam("mine"))


_POSITIONS, _MARKS = (mine(table).order_by(table.c.symbol) for table in (tables.position, tables.mark))
_OPEN = mine(tables.order_state).where(tables.order_state.c.open == 1).order_by(tables.order_state.c.client_order_id)
_FILLED = sa.select(tables.fill.c.fill_id).where(tables.fill.c.fill_id == sa.bindparam("fill"))
_FILL, _EVENT = tables.fill.insert(), tables.order_event.insert()
_MOVED = tables.account.update().where(tables.account.c.account == sa.bindparam("mine"))
_OTHERS = tables.account.select().where(tables.account.c.account != sa.bindparam("mine"))
_KNOWN = mine(tables.entry).where(tables.entry.c.reference == sa.bindparam("reference"))
_CASH = mine(tables.balance).where(
    tables.balance.c.ledger_account.in_((CASH, CAPITAL, TRANSFERS))
    | tables.balance.c.ledger_account.startswith(f"{CASH}:", autoescape=True)
)


class Whose(NamedTuple):
    """An account's row."""

    name: str
    currency: str
    version: int


class SqlTransaction:
    """Transaction over a connection that keeps every other transaction of the account waiting."""

    def __init__(
        self,
        connection: sa.Connection,
        account: Whose,
        clock: Clock,
        provenance: Provenance,
        rate_hours: float = 24.0,
    ) -> None:
        self.connection = connection
        self._account, self._currency, self._version = account
        self._clock = clock
        self._provenance = provenance
        self._rate_hours = rate_hours

    def book(self, marks: Mapping[str, Decimal] | None = None, at: int | None = None) -> Book:
        at = self._clock.now() if at is None else at
        for symbol, price in (marks or {}).items():
            self._replace(tables.mark, {"account": self._account, "symbol": symbol}, {"price": price, "time": at})
        book = self._book()
        if marks:
            keep_worth(self.connection, book, at)
        return book

    def value(self, last: Mapping[str, LastTrade], now: int) -> Book:
        """The book at these prices, each with its own time; what the account is worth at `now` (ns UTC) is kept."""
        for symbol, trade in last.items():
            key = {"account": self._account, "symbol": symbol}
            self._replace(tables.mark, key, {"price": trade.price, "time": trade.time})
        book = self._book()
        keep_worth(self.connection, book, now)
        return book

    def around(self, book: Book, now: int, asked: Asked | None = None) -> Around:
        """Losses, recent orders, last trades, open risk, strategies and overrides around the book at `now` (ns UTC)."""
        return around(self.connection, book, now, asked)

    def wide(self, limits: Mapping[str, Decimal], now: int) -> Wide:
        """All other accounts added up in this one's currency, under limits of the whole desk, at `now` (ns UTC).

        From here on no other account that asks the same does so before this transaction ends.
        """
        take_turn(self.connection, "limits of the whole desk")
        rows = self.connection.execute(_OTHERS, {"mine": self._account}).mappings().all()
        others = [Whose(row["account"], row["currency"], row["version"]) for row in rows]
        currencies = sorted({one.currency for one in others} - {self._currency})
        rates, lacking = rates_of(self.connection, currencies, self._currency, (now, self._rate_hours))
        known = {self._currency: Decimal(1), **rates}
        books = [self._beside(one)._book() for one in others]  # noqa: SLF001 - of this class
        return add_up(self.connection, books, limits, now, (known, lacking))

    def _beside(self, other: Whose) -> SqlTransaction:
        """Another account as this transaction sees it; only to be looked at."""
        return SqlTransaction(self.connection, other, self._clock, self._provenance, self._rate_hours)

    def allow(self, override: Override, made: tuple[int, str]) -> str:
        """Write a person's override, which holds from an instant (ns UTC) by a decision, both in `made`; its id."""
        return keep_override(self.connection, self._account, override, made)

    def _book(self) -> Book:
        reserved: dict[str, Decimal] = {}
        closing: dict[str, Decimal] = {}
        positions = {p.symbol: p for p in self._positions()}
        for row in self._rows(_OPEN):
            symbol, held = row["symbol"], positions.get(row["symbol"], Position(row["symbol"])).quantity
            if held * Side(row["side"]).sign < 0:
                closing[symbol] = closing.get(symbol, ZERO) + row["remaining"]
            else:
                reserved[symbol] = reserved.get(symbol, ZERO) + row["reserved"]
        cash, rates, unrated = self._cash()
        return Book(
            self._account,
            self._currency,
            self._version,
            cash.own,
            cash.paid_in(rates),
            positions,
            reserved,
            closing,
            {row["symbol"]: row["price"] for row in self._rows(_MARKS)},
            cash.foreign,
            rates,
            unrated,
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
        if self.connection.execute(_FILLED, {"fill": fill.fill_id}).first():
            return order
        self._check_fill(order, fill)
        moved = order.fill(fill.quantity)
        self.connection.execute(_FILL, _fill_values(fill))
        parts = book_shares(self.connection, self._account, order, fill)
        entry = entry_of_fill(self._account, fill, parts)
        self.post(entry)
        if parts and "" in parts:
            move_holdings(self.connection, self._account, entry)
        else:
            held = next((p for p in self._positions() if p.symbol == fill.symbol), Position(fill.symbol)).apply(fill)
            values = {"quantity": held.quantity, "cost": held.cost, "realised": held.realised}
            self._replace(tables.position, {"account": self._account, "symbol": fill.symbol}, values)
        return self._append(moved, OrderEvent(fill.client_order_id, moved.status, fill.time, fill_id=fill.fill_id))

    def enter(self, entry: Entry) -> bool:
        """Post an entry that is no fill and move the holdings by it; False when its reference is booked already."""
        if self._rows(_KNOWN, reference=entry.reference):
            return False
        self.post(entry)
        move_holdings(self.connection, self._account, entry)
        return True

    def cross(self, symbol: str, cross: Cross, price: Decimal, at: tuple[int, str]) -> bool:
        """Move a quantity from one strategy to another at `price`; `at` is the instant and the reference, booked once.

        UsageError for a cross that is not between two strategies.
        """
        return self.enter(entry_of_cross(self._account, symbol, cross, price, at))

    def split(self, symbol: str, ratio: Decimal, at: tuple[int, str]) -> bool:
        """Give every holder `ratio` units for one of `symbol`, and its mark the new measure; once a reference.

        NotFound where nobody holds it.
        """
        if self._rows(_KNOWN, reference=at[1]):
            return False
        more = moves_of_split(self.connection, self._account, symbol, ratio)
        for row in self._rows(_MARKS):
            if row["symbol"] == symbol:
                price = row["price"] / ratio
                self._replace(tables.mark, {"account": self._account, "symbol": symbol}, {"price": price})
        return self.enter(entry_of_split(self._account, symbol, more, at))

    def once(self, key: str, act: Callable[[], Mapping[str, Any]]) -> Mapping[str, Any]:
        return once(self.connection, key, self._clock.now(), act)

    def adopt(self, entry: Entry, held: Position | None = None) -> None:
        """Post an entry that no fill made, and write what it leaves held; one that is there changes nothing."""
        table = tables.entry
        known = sa.select(table.c.entry_id).where(table.c.reference == entry.reference)
        if self.connection.execute(known).first():
            return
        self.post(entry)
        if held is not None:
            values = {"quantity": held.quantity, "cost": held.cost, "realised": held.realised}
            self._replace(tables.position, {"account": self._account, "symbol": held.symbol}, values)

    def holdings(self) -> Mapping[tuple[str, str], Position]:
        """What strategies hold, by strategy and symbol."""
        return holdings_of(self.connection, self._account)

    def targets(self) -> Sequence[StrategyTarget]:
        """What strategies are to hold by their newest decisions."""
        return targets_of(self.connection, self._account)

    def keep_target(self, target: StrategyTarget) -> None:
        """Write what a strategy is to hold of a symbol."""
        keep_target(self.connection, self._account, target)

    def post(self, entry: Entry) -> None:
        """Append a ledger entry, sealed to the one before it, and move the balances."""
        post_entry(self.connection, self._account, entry)
        self._moved()

    def _check_fill(self, order: Order, fill: Fill) -> None:
        if fill.symbol != order.intent.symbol or fill.side is not order.intent.side:
            raise IllegalMove(
                f"fill {fill.fill_id} is a {fill.side} of {fill.symbol}, its order is not",
                "reconcile with the venue",
            )

    def _append(self, moved: Order, event: OrderEvent) -> Order:
        row = {"client_order_id": event.client_order_id, "status": event.status.value, "time": event.time}
        self.connection.execute(_EVENT, {**row, "detail": event.detail, "fill_id": event.fill_id})
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

    def _cash(self) -> tuple[Cash, Mapping[str, Decimal], Mapping[str, str]]:
        """The cash and the capital by currency, the rates of the foreign ones, and which have none and why."""
        cash = cash_of(self._rows(_CASH), self._currency)
        named = cash.named
        if not named:
            return cash, {}, {}
        return cash, *rates_of(self.connection, named, self._currency, (self._clock.now(), self._rate_hours))

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
        self.connection.execute(_MOVED, {"mine": self._account, "version": self._version})


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
