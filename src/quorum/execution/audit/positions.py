"""Holdings of accounts and of their strategies, derived a second time from the ledger's postings."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from typing import Any, NamedTuple

from quorum.execution.audit.rows import Record, Tables, by, exact, parted

Held = tuple[Fraction, Fraction, Fraction]
NOTHING: Held = (Fraction(0), Fraction(0), Fraction(0))


class Change(NamedTuple):
    """What an entry does to one owner's holding of a symbol: units traded, what they cost, units beside them."""

    owner: str
    symbol: str
    traded: Fraction
    cost: Fraction
    beside: Fraction


def positions(tables: Tables) -> Iterator[str]:
    """Every holding that does not follow from its postings, or is missing."""
    lines = by(tables["posting"], "entry_id")
    accounts: dict[tuple[str, ...], Held] = {}
    strategies: dict[tuple[str, ...], Held] = {}
    for entry in sorted(tables["entry"], key=lambda row: (row["account"], int(row["sequence"]))):
        changes = list(_changes(lines.get(entry["entry_id"], [])))
        for change in (*changes, *_together(changes)):
            into = strategies if change.owner else accounts
            key = tuple(name for name in (entry["account"], change.owner, change.symbol) if name)
            into[key] = _moved(into.get(key, NOTHING), change)
    yield from _compared("position", tables["position"], ("account", "symbol"), accounts)
    names = ("account", "strategy_id", "symbol")
    yield from _compared("holding", tables.get("strategy_position", ()), names, strategies)


def _changes(postings: Sequence[Record]) -> Iterator[Change]:
    """What the postings of an entry do to each strategy's holding, and to the desk's own (under no name)."""
    sums: dict[tuple[str, str, str], Fraction] = defaultdict(Fraction)
    for row in postings:
        base, owner = parted(row["ledger_account"])
        sums[base, owner, row["commodity"]] += exact(row["amount"])
    for base, owner, symbol in list(sums):
        if base == "assets:holding":
            traded = -sums.get(("trading", owner, symbol), Fraction(0))
            others = [a for (b, o, c), a in sums.items() if (b, o) == ("trading", owner) and c != symbol]
            yield Change(owner, symbol, traded, sum(others, Fraction(0)), sums[base, owner, symbol] - traded)


def _together(changes: Sequence[Change]) -> Iterator[Change]:
    """The same for the account as a whole, where strategies have a part; what crosses inside is none of it."""
    for symbol in dict.fromkeys(change.symbol for change in changes if change.owner):
        mine = [change for change in changes if change.symbol == symbol and change.owner]
        traded = sum((change.traded for change in mine), Fraction(0))
        cost = sum((change.cost for change in mine), Fraction(0))
        beside = sum((change.beside for change in mine), Fraction(0))
        if traded or beside:
            yield Change("", symbol, traded, cost, beside)


def _moved(held: Held, change: Change) -> Held:
    """The holding after a change; units beside what was traded are a fee at the same price, or a split's."""
    if change.traded:
        price = change.cost / change.traded
        held = _traded(held, change.traded, price)
        return _traded(held, change.beside, price) if change.beside else held
    quantity, cost, realised = held
    return quantity + change.beside, cost, realised


def _traded(held: Held, change: Fraction, price: Fraction) -> Held:
    """The holding after a trade; the cost of a part of it is rounded to 1e-12, ties to even."""
    quantity, cost, realised = held
    closing = Fraction(0)
    if quantity * change < 0:
        size: Fraction = min(abs(change), abs(quantity))
        closing = size if quantity > 0 else -size
        released = cost if closing == quantity else Fraction(round(cost * closing / quantity * 10**12), 10**12)
        realised += closing * price - released
        cost -= released
    opening = change + closing
    return quantity - closing + opening, cost + opening * price, realised


def _compared(
    what: str, rows: Sequence[Record], names: tuple[str, ...], held: Mapping[tuple[str, ...], Held]
) -> Iterator[str]:
    left: dict[tuple[Any, ...], Held] = dict(held)
    for row in rows:
        key = tuple(row[name] for name in names)
        written = tuple(exact(row[name]) for name in ("quantity", "cost", "realised"))
        if written != left.pop(key, None):
            yield f"{what} {' '.join(key)} does not follow from its fills"
    for key in left:
        yield f"{what} {' '.join(key)} is missing"
