"""What an entry does to holdings: each owner's, and the account's as a whole."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import NamedTuple

from quorum.domain import ZERO, Position
from quorum.execution.ledger import HOLDING, TRADING, Entry, owner_of


class Move(NamedTuple):
    """Units of a symbol that an owner traded for `notional` of its quote (both signed), and units that came beside.

    What is beside a trade is a fee in kind, at the trade's price; what is beside none is a split's, or found.
    """

    owner: str
    symbol: str
    traded: Decimal
    notional: Decimal
    beside: Decimal

    @property
    def price(self) -> Decimal:
        """What a unit was traded at, 0 where none was."""
        return self.notional / self.traded if self.traded else ZERO

    def of(self, held: Position) -> Position:
        """The holding after it."""
        if not self.traded:
            return Position(held.symbol, held.quantity + self.beside, held.cost, held.realised)
        after = held.trade(self.traded, self.price)
        return after.trade(self.beside, self.price) if self.beside else after


def moves(entry: Entry) -> tuple[Move, ...]:
    """What the entry does to each owner's holdings, the desk's own under no name."""
    sums: dict[tuple[str, str, str], Decimal] = defaultdict(Decimal)
    for posting in entry.postings:
        line, owner = owner_of(posting.ledger_account)
        sums[line, owner, posting.commodity] += posting.amount
    found = []
    for (line, owner, symbol), amount in sums.items():
        if line == HOLDING:
            traded = -sums.get((TRADING, owner, symbol), ZERO)
            paid = [a for (kind, who, what), a in sums.items() if (kind, who) == (TRADING, owner) and what != symbol]
            found.append(Move(owner, symbol, traded, sum(paid, ZERO), amount - traded))
    return tuple(found)


def together(parts: Sequence[Move]) -> tuple[Move, ...]:
    """What moves of an entry do to the account's own holdings; what crosses inside it is none of it."""
    found = [move for move in parts if not move.owner]
    for symbol in dict.fromkeys(move.symbol for move in parts if move.owner):
        mine = [move for move in parts if move.symbol == symbol and move.owner]
        traded, beside = _sum(m.traded for m in mine), _sum(m.beside for m in mine)
        if traded or beside:
            found.append(Move("", symbol, traded, _sum(m.notional for m in mine), beside))
    return tuple(found)


def _sum(amounts: Iterable[Decimal]) -> Decimal:
    return sum(amounts, ZERO)
