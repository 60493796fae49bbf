"""What the books say in an emergency: the store as far as it answers, and the file of orders that left without it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import TypeVar

from quorum.adapters.halts import WrittenOrders
from quorum.adapters.sql import Database, SqlAccounts, SqlOrders
from quorum.adapters.sql.trading.halts import SqlHalts
from quorum.adapters.sql.trading.holdings import is_known, strategy_holdings
from quorum.bootstrap.emergency.place import Late, within
from quorum.domain import ZERO, Clock, Halt, NotFound, Order, OrderStatus, QuorumError, StoreError
from quorum.execution import HaltBook, net
from quorum.execution.netting import shares

ANSWERS_WITHIN, CROSSED_WITHIN = 1.0, 5.0
Answer = TypeVar("Answer")


@dataclass(frozen=True)
class Store:
    """As much of the store as an emergency needs."""

    database: Database
    accounts: SqlAccounts
    orders: SqlOrders
    halts: SqlHalts

    def open_orders(self, account: str) -> Sequence[Order]:
        """Our orders of an account that have not ended."""
        return self.orders.of(account, only_open=True)

    def knows(self, halt: Halt) -> bool:
        """Whether what is halted has left a trace in the books."""
        return is_known(self.database, halt)


@dataclass(frozen=True)
class Occasion:
    """An emergency: where, since when, why, the clock and the halts that stand."""

    home: Path
    at: int
    why: str
    clock: Clock
    halts: HaltBook


class Kept:
    """Ours of an account by the store, if it has it, and by the file; a store that did not answer in time is gone."""

    def __init__(
        self, account: str, occasion: Occasion, places: tuple[Store | None, WrittenOrders], writes: bool
    ) -> None:
        self._account, self._occasion, self._writes = account, occasion, writes
        self._store, self.written = places
        self._taken: set[str] = set()

    def shares(self, symbol: str) -> Mapping[str, Decimal]:
        """See Ours; what the file's orders have filled is taken off."""
        try:
            found = self._asked(lambda store: strategy_holdings(store.database, self._account, symbol))
        except QuorumError:
            return {}
        for order in self._written():
            if order.intent.symbol == symbol and order.intent.parts and order.filled:
                for name, quantity in shares(order.intent.parts, {}, ZERO, order.filled).items():
                    found[name] = found.get(name, ZERO) + quantity
        return {name: quantity for name, quantity in found.items() if quantity}

    def open(self) -> Sequence[Order]:
        """See Ours."""
        found = [o for o in self._written() if o.status is not OrderStatus.INTENDED and not o.status.terminal]
        try:
            return [*found, *self._asked(lambda store: store.open_orders(self._account))]
        except QuorumError:
            return found

    def cross(self, symbol: str, price: Decimal) -> None:
        """See Ours; what the store does not take stays as it is."""
        if any(quantity < 0 for quantity in self.shares(symbol).values()):
            self._cross({symbol: price})

    def cross_flat(self) -> Sequence[str]:
        """Cross what strategies still hold against each other where the account is flat, at the last price known.

        Lines of what could not be crossed.
        """
        return self._cross({})

    def _cross(self, prices: Mapping[str, Decimal]) -> Sequence[str]:
        if not self._writes:
            return []
        try:
            return self._asked(lambda store: self._crossed(store, prices), CROSSED_WITHIN)
        except NotFound:
            return []
        except QuorumError as error:
            return [f"what strategies hold against each other is not crossed: {error}"]

    def _crossed(self, store: Store, prices: Mapping[str, Decimal]) -> Sequence[str]:
        """One transaction over the symbols of `prices`, or over all at the marks of the book."""
        left = []
        with store.accounts.transaction(self._account) as transaction:
            held: dict[str, dict[str, Decimal]] = {}
            for (name, symbol), position in transaction.holdings().items():
                if not prices or symbol in prices:
                    held.setdefault(symbol, {})[name] = -position.quantity
            crosses = {symbol: found for symbol, changes in held.items() if (found := net(changes).crosses)}
            marks = prices or (transaction.book().marks if crosses else {})
            for symbol, found in crosses.items():
                if symbol not in marks:
                    left.append(f"{symbol}: strategies hold it against each other, and no price is known to cross at")
                    continue
                for cross in found:
                    reference = f"close|{self._account}|{self._occasion.at}|{symbol}|{cross.buyer}|{cross.seller}"
                    transaction.cross(symbol, cross, marks[symbol], (self._occasion.clock.now(), reference))
        return left

    def _written(self) -> Sequence[Order]:
        """Orders of the file that the store does not have; none of a damaged file."""
        try:
            return [order for order in self.written.of(self._account) if self._unknown(order)]
        except StoreError:
            return []

    def _unknown(self, order: Order) -> bool:
        """Whether an order of the file is not in the store, which follows what it has."""
        name = order.intent.client_order_id
        if name not in self._taken:
            try:
                self._asked(lambda store: store.orders.get(name))
            except QuorumError:
                return True
            self._taken.add(name)
        return False

    def _asked(self, read: Callable[[Store], Answer], seconds: float = ANSWERS_WITHIN) -> Answer:
        """What the store answers; NotFound where there is none, QuorumError when it does not answer."""
        store = self._store
        if store is None:
            raise NotFound("the store is out of reach")
        try:
            return within(seconds, "the store", lambda: read(store))
        except Late:
            self._store = None
            raise
