"""What the entries of an account come to: profit by owner and symbol, cash, and a statement of a span of time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import NamedTuple

from quorum.domain import ZERO, Position, split_symbol
from quorum.execution.holdings import Move, moves, together
from quorum.execution.ledger import CASH, FEES, INCOME, Entry, owner_of

WHOLE = "*"
"""The owner under whom the account as a whole is told."""


class Booked(NamedTuple):
    """An entry and its number in the account's ledger."""

    sequence: int
    entry: Entry


@dataclass(slots=True)
class Earned:
    """What an owner has of a symbol and has made by it; fees and income by currency, in cash.

    `in_kind` is what fees that were taken in units of the symbol were worth, in its quote currency. Profit after costs
    is `position.realised` - fees - `in_kind` + income. Without a symbol: income of none.
    """

    owner: str
    symbol: str
    position: Position
    fees: dict[str, Decimal] = field(default_factory=lambda: defaultdict(Decimal))
    in_kind: Decimal = ZERO
    income: dict[str, Decimal] = field(default_factory=lambda: defaultdict(Decimal))

    @property
    def net(self) -> Decimal:
        """Realised profit after fees and with income, as far as they are in the quote currency."""
        quote = split_symbol(self.symbol)[1] if self.symbol else ""
        return self.position.realised - self.in_kind - self.fees.get(quote, ZERO) + self.income.get(quote, ZERO)


@dataclass(frozen=True, slots=True)
class Statement:
    """An account from `since` up to, not at, `until` (ns UTC): its cash before and after, and every entry between.

    `lines` are what each owner has and made by the end since the account was opened, the account as a whole under `*`;
    `before` is what was realised of each before the span.
    """

    account: str
    since: int
    until: int
    opening: Mapping[str, Decimal]
    closing: Mapping[str, Decimal]
    entries: tuple[Booked, ...]
    lines: tuple[Earned, ...]
    before: Mapping[tuple[str, str], Decimal]


def earned(entries: Iterable[Entry]) -> tuple[Earned, ...]:
    """By owner and symbol, what all entries come to; the account as a whole is `*`, the desk's own has no name."""
    found: dict[tuple[str, str], Earned] = {}

    def line(owner: str, symbol: str) -> Earned:
        return found.setdefault((owner, symbol), Earned(owner, symbol, Position(symbol)))

    for entry in entries:
        parts = moves(entry)
        for move in parts:
            _moved(line(move.owner, move.symbol), move)
        for move in together(parts):
            _moved(line(WHOLE, move.symbol), move)
        _paid(entry, parts, line)
    return tuple(found[key] for key in sorted(found))


def cash(entries: Iterable[Entry]) -> dict[str, Decimal]:
    """The cash by currency, whoever's it is."""
    sums: dict[str, Decimal] = defaultdict(Decimal)
    for entry in entries:
        for posting in entry.postings:
            if owner_of(posting.ledger_account)[0] == CASH:
                sums[posting.commodity] += posting.amount
    return dict(sums)


def statement(account: str, booked: Sequence[Booked], since: int, until: int) -> Statement:
    """The statement of a span, from all that was ever booked, in order."""
    past = [row.entry for row in booked if row.entry.time < since]
    within = tuple(row for row in booked if since <= row.entry.time < until)
    upto = [row.entry for row in booked if row.entry.time < until]
    before = {(line.owner, line.symbol): line.position.realised for line in earned(past)}
    return Statement(account, since, until, cash(past), cash(upto), within, earned(upto), before)


_Line = Callable[[str, str], Earned]


def _moved(line: Earned, move: Move) -> None:
    line.position = move.of(line.position)
    if move.traded and move.beside:
        line.in_kind -= move.beside * move.price


def _paid(entry: Entry, parts: Sequence[Move], line: _Line) -> None:
    """The fees and the income of an entry, to their owners and to the whole."""
    symbol = parts[0].symbol if parts else ""
    for posting in entry.postings:
        account, owner = owner_of(posting.ledger_account)
        if account == FEES and posting.commodity != symbol:
            for mine in (line(owner, symbol), line(WHOLE, symbol)):
                mine.fees[posting.commodity] += posting.amount
        elif account.startswith(INCOME):
            of = account.removeprefix(INCOME).partition("/")[2]
            for mine in (line(owner, of), line(WHOLE, of)):
                mine.income[posting.commodity] -= posting.amount
