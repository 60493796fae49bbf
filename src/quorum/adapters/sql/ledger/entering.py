"""Entries that are no fills: what they do to holdings, and the cash that all entries add up to."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import ROUND_DOWN, Decimal

import sqlalchemy as sa

from quorum.adapters.sql import tables as store
from quorum.adapters.sql.trading import tables
from quorum.adapters.sql.trading.sharing import keep_position, position_of
from quorum.adapters.sql.trading.writing import replace_row
from quorum.domain import ZERO, NotFound, Position
from quorum.execution import Entry, moves, together
from quorum.execution.ledger import CASH, owner_of

SPLIT_STEP = Decimal("1e-9")
"""A split gives no less than this; what is smaller the venue pays in cash."""

_MINE: sa.BindParameter[str] = sa.bindparam("mine")
_WHAT: sa.BindParameter[str] = sa.bindparam("what")
_OWNED, _POSITION = tables.strategy_position.c, store.position.c
_HOLDERS = sa.select(_OWNED.strategy_id, _OWNED.quantity).where((_OWNED.account == _MINE) & (_OWNED.symbol == _WHAT))
_HELD = store.position.select().where((_POSITION.account == _MINE) & (_POSITION.symbol == _WHAT))


@dataclass(frozen=True, slots=True)
class Cash:
    """An account's own cash, that in other currencies, and the capital paid and moved in, by currency."""

    own: Decimal
    foreign: Mapping[str, Decimal]
    capital: Mapping[str, Decimal]
    currency: str

    @property
    def named(self) -> tuple[str, ...]:
        """The currencies whose rate matters."""
        return tuple(sorted({*self.foreign, *self.capital} - {self.currency}))

    def paid_in(self, rates: Mapping[str, Decimal]) -> Decimal:
        """The capital in the account's currency; what was moved in another one counts by its rate."""
        own = self.capital.get(self.currency, ZERO)
        return own + sum((self.capital.get(name, ZERO) * rate for name, rate in rates.items()), ZERO)


def cash_of(rows: Iterable[sa.RowMapping], currency: str) -> Cash:
    """The cash in an account's balances of cash, capital and transfers, whoever's it is."""
    cash: dict[str, Decimal] = defaultdict(Decimal)
    capital: dict[str, Decimal] = defaultdict(Decimal)
    for row in rows:
        mine = owner_of(row["ledger_account"])[0] == CASH
        into = cash if mine else capital
        into[row["commodity"]] += row["amount"] if mine else -row["amount"]
    own = cash.pop(currency, ZERO)
    foreign = {name: amount for name, amount in sorted(cash.items()) if amount}
    return Cash(own, foreign, {name: amount for name, amount in capital.items() if amount}, currency)


def move_holdings(connection: sa.Connection, account: str, entry: Entry) -> None:
    """Move the holdings of the account and of its strategies by what the entry says."""
    parts = moves(entry)
    for move in parts:
        if move.owner:
            owner = (account, move.owner)
            keep_position(connection, owner, move.of(position_of(connection, owner, move.symbol)))
    for move in together(parts):
        held = move.of(_account_position(connection, account, move.symbol))
        values = {"quantity": held.quantity, "cost": held.cost, "realised": held.realised}
        replace_row(connection, store.position, {"account": account, "symbol": move.symbol}, values)


def moves_of_split(connection: sa.Connection, account: str, symbol: str, ratio: Decimal) -> Mapping[str, Decimal]:
    """The units that each owner of a symbol gets, or loses, at `ratio` new units for an old one."""
    owned = holders(connection, account, symbol)
    more = {who: (held * ratio).quantize(SPLIT_STEP, ROUND_DOWN) - held for who, held in owned.items()}
    found = {who: units for who, units in more.items() if units}
    if not found:
        raise NotFound(
            f"account {account} holds no {symbol} that a split of {ratio} would change", "see `quorum broker positions`"
        )
    return found


def holders(connection: sa.Connection, account: str, symbol: str) -> Mapping[str, Decimal]:
    """Who holds how much of a symbol: strategies by id, and the desk's own under no name."""
    rows = connection.execute(_HOLDERS, {"mine": account, "what": symbol})
    found = {name: quantity for name, quantity in rows if quantity}
    whole = _account_position(connection, account, symbol).quantity
    own = whole - sum(found.values(), ZERO)
    return {**found, "": own} if own else found


def _account_position(connection: sa.Connection, account: str, symbol: str) -> Position:
    row = connection.execute(_HELD, {"mine": account, "what": symbol}).mappings().first()
    return Position(symbol) if row is None else Position(symbol, row["quantity"], row["cost"], row["realised"])
