"""What an account was worth over time, from its ledger and the lake's closes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quorum.desk.desk import Desk
from quorum.domain import DAY, UsageError
from quorum.execution.ledger import CAPITAL, CASH, HOLDING, TRADING
from quorum.lake import Bars

Floats = NDArray[np.float64]
Instants = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Moves:
    """What happened to one commodity: instants (k,), rising, and the total after each (k,)."""

    time: Instants
    total: Floats

    def at(self, instants: Instants) -> Floats:
        """The total at each of the instants (t,)."""
        row = np.searchsorted(self.time, instants, "right")
        return np.concatenate([[0.0], self.total])[row]


@dataclass(frozen=True, slots=True, eq=False)
class Equity:
    """An account at instants (t,), rising: `value` (t,) in its currency, as if all capital had been paid in at first.

    `opened` is False for an account that is configured and has no ledger yet; `unpriced` are symbols that were held
    and that the lake has no close of, which count as what they cost, and foreign money, which does not count.
    """

    account: str
    book: str
    currency: str
    opened: bool
    funded: float
    time: Instants
    value: Floats
    unpriced: tuple[str, ...]

    @property
    def now(self) -> float:
        return float(self.value[-1])

    @property
    def peak(self) -> tuple[float, int]:
        """The highest value and the first instant at which it was reached; never below the capital paid in."""
        best = int(np.argmax(self.value))
        return float(self.value[best]), int(self.time[best])


def accounts_of(desk: Desk, named: str | None) -> tuple[str, ...]:
    """The account named, or every configured one; UsageError for an unknown one."""
    configured = desk.settings.accounts.accounts
    if named is not None and named not in configured:
        raise UsageError(f"there is no account {named!r}", f"there are {', '.join(configured)}")
    return tuple(configured) if named is None else (named,)


def equity_of(desk: Desk, account: str, as_of: int) -> Equity:
    """What the account was worth at the end of each UTC day since its first trade, and at `as_of`.

    By its ledger up to `as_of` and the newest closes by then of what it held.
    """
    section = desk.settings.accounts.accounts[account]
    rows = desk.rows(("entry", "posting"))
    entries = {row["entry_id"]: row["time"] for row in rows["entry"] if row["account"] == account}
    postings = [row for row in rows["posting"] if row["entry_id"] in entries]
    capital = -sum((Decimal(row["amount"]) for row in postings if row["ledger_account"] == CAPITAL), Decimal(0))
    funded = float(capital if entries else section.cash)
    paid_in = {row["entry_id"] for row in postings if row["ledger_account"] == CAPITAL}
    traded = [
        (entries[row["entry_id"]], row)
        for row in postings
        if row["entry_id"] not in paid_in and entries[row["entry_id"]] <= as_of
    ]
    time = _instants(min((at for at, _ in traded), default=None), as_of)
    moves = {key: _moves(rows) for key, rows in _by_commodity(traded).items()}
    value = np.full(len(time), funded)
    unpriced = []
    for (ledger_account, commodity), moved in sorted(moves.items()):
        if ledger_account == CASH and commodity == section.currency:
            value = value + moved.at(time)
            continue
        if ledger_account == CASH:
            unpriced.append(commodity)
            continue
        bars = _closes(desk, commodity, as_of)
        if bars is None:
            unpriced.append(commodity)
            value = value + _at_cost(traded, commodity, section.currency).at(time)
        else:
            value = value + moved.at(time) * _marks(bars, time)
    return Equity(account, section.book, section.currency, bool(entries), funded, time, value, tuple(unpriced))


def _instants(first: int | None, as_of: int) -> Instants:
    """The instant before `first`, the ends of the UTC days from then on, and `as_of`; `as_of` alone without a first."""
    if first is None:
        return np.array([as_of], dtype=np.int64)
    days = np.arange((first // DAY + 1) * DAY, as_of, DAY, dtype=np.int64)
    return np.concatenate([[first - 1], days, [as_of]]).astype(np.int64)


def _by_commodity(traded: list[tuple[int, Mapping[str, Any]]]) -> dict[tuple[str, str], list[tuple[int, Decimal]]]:
    found: dict[tuple[str, str], list[tuple[int, Decimal]]] = defaultdict(list)
    for at, row in traded:
        if row["ledger_account"] in (CASH, HOLDING):
            found[row["ledger_account"], row["commodity"]].append((at, Decimal(row["amount"])))
    return found


def _moves(rows: list[tuple[int, Decimal]]) -> Moves:
    """The running total, exact until the end, where it becomes a float."""
    total, totals = Decimal(0), []
    ordered = sorted(rows, key=lambda row: row[0])
    for _, amount in ordered:
        total += amount
        totals.append(float(total))
    return Moves(np.array([at for at, _ in ordered], dtype=np.int64), np.array(totals))


def _at_cost(traded: list[tuple[int, Mapping[str, Any]]], symbol: str, currency: str) -> Moves:
    """What the trades of a symbol cost, so that a holding without a price counts as what was paid for it."""
    mine = {row["entry_id"] for _, row in traded if row["commodity"] == symbol}
    paid = [
        (at, Decimal(row["amount"]))
        for at, row in traded
        if row["entry_id"] in mine and row["commodity"] == currency and row["ledger_account"] == TRADING
    ]
    return _moves(paid)


def _closes(desk: Desk, symbol: str, as_of: int) -> Bars | None:
    """The shortest bars that the lake has of a symbol by then; None without any."""
    held = [s for s in desk.lake.series(symbol) if s.first + s.timeframe.nanoseconds <= as_of]
    if not held:
        return None
    best = min(held, key=lambda s: (s.timeframe, s.venue))
    return desk.lake.bars(symbol, best.timeframe, best.venue, funding_revision=0).as_of(as_of)


def _marks(bars: Bars, instants: Instants) -> Floats:
    """The newest close at each of the instants; the first close before there is one."""
    closed = bars.time + bars.timeframe.nanoseconds
    return bars.close[np.maximum(np.searchsorted(closed, instants, "right") - 1, 0)]
