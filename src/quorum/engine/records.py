"""What a backtest leaves behind: fills and round trips as columns, an object for each made when asked for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from quorum.engine.kernel import (
    DECIDED,
    FEE,
    PRICE,
    QUANTITY,
    REASON,
    ROW,
    STILL_OPEN,
    SYMBOL,
)
from quorum.stats import kernel

REASONS = np.array(["target", "stop", "limit", "open"])

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Words = NDArray[np.str_]


class Filled(NamedTuple):
    """One fill: instants in ns UTC, signed quantity, price and fee in the quote currency; why: target, stop, limit."""

    time: int
    decided: int
    symbol: str
    quantity: float
    price: float
    fee: float
    reason: str


class RoundTrip(NamedTuple):
    """One trade from flat to flat: see `Trades`."""

    symbol: str
    entry_time: int
    exit_time: int
    side: int
    quantity: float
    entry_price: float
    exit_price: float
    fees: float
    profit: float
    reason: str


@dataclass(frozen=True, eq=False)
class Fills:
    """Every fill in the order of time, columns of shape (k,).

    `time` is the open (ns UTC) of the bar in which it was filled, `decided` of the bar at whose close it was decided.
    `quantity` is signed. `fills[i]` is a Filled.
    """

    time: Ints
    decided: Ints
    symbol: Words
    quantity: Floats
    price: Floats
    fee: Floats
    reason: Words

    def __len__(self) -> int:
        return len(self.time)

    def __getitem__(self, i: int) -> Filled:
        return Filled(*(column[i].item() for column in _columns(self)))

    def __iter__(self) -> Iterator[Filled]:
        return (self[i] for i in range(len(self)))


@dataclass(frozen=True, eq=False)
class Trades:
    """Round trips in the order in which they ended, columns of shape (k,); instants in ns UTC, side 1 or -1.

    `quantity` is what was entered in all, the prices are averages over it, an open rest at the last close; `profit`
    is side * quantity * (exit_price - entry_price) less `fees`. `reason` says why it was left: target, stop, limit,
    or open when it still is. A fill that goes through zero ends one and begins the next, its fee shared by quantity.
    `trades[i]` is a RoundTrip.
    """

    symbol: Words
    entry_time: Ints
    exit_time: Ints
    side: NDArray[np.int8]
    quantity: Floats
    entry_price: Floats
    exit_price: Floats
    fees: Floats
    profit: Floats
    reason: Words

    def __len__(self) -> int:
        return len(self.entry_time)

    def __getitem__(self, i: int) -> RoundTrip:
        return RoundTrip(*(column[i].item() for column in _columns(self)))

    def __iter__(self) -> Iterator[RoundTrip]:
        return (self[i] for i in range(len(self)))

    @property
    def closed(self) -> NDArray[np.bool_]:
        """Which of them have ended, shape (k,)."""
        return np.asarray(self.reason != "open")


def _columns(table: Fills | Trades) -> tuple[NDArray[Any], ...]:
    return tuple(vars(table).values())


def fills_of(rows: Floats, time: Ints, symbols: tuple[str, ...]) -> Fills:
    """The kernel's rows (k, 7) as columns."""
    names = np.array(symbols)
    at, decided, symbol, reason = (rows[:, c].astype(np.int64) for c in (ROW, DECIDED, SYMBOL, REASON))
    quantity, price, fee = (np.ascontiguousarray(rows[:, c]) for c in (QUANTITY, PRICE, FEE))
    return Fills(time[at], time[decided], names[symbol], quantity, price, fee, REASONS[reason])


def trades_of(rows: Floats, time: Ints, symbols: tuple[str, ...], marks: Floats) -> Trades:
    """The round trips that the kernel's fills (k, 7) make; what is open is worth `marks` (m,) at the last bar."""
    found = np.empty((2 * len(rows) + len(symbols), 9))
    found = found[: pair(rows, len(time) - 1, marks, found)]
    symbol, entry, leave, reason = (found[:, c].astype(np.int64) for c in (0, 1, 2, 8))
    entered, entry_price, exit_price, fees, profit = (np.ascontiguousarray(found[:, c]) for c in range(3, 8))
    return Trades(
        np.array(symbols)[symbol],
        time[entry],
        time[leave],
        np.sign(entered).astype(np.int8),
        np.abs(entered),
        entry_price,
        exit_price,
        fees,
        profit,
        REASONS[reason],
    )


class Trips(NamedTuple):
    """The round trips under way, shape (m,): units held, bar of the entry, units that went in and came out, the
    average prices of both, and fees."""

    held: Floats
    opened: Floats
    entered: Floats
    entry: Floats
    left: Floats
    leave: Floats
    fees: Floats


@kernel
def pair(rows: Floats, last: int, marks: Floats, out: Floats) -> int:
    """Pair fills (k, 7) into round trips; writes symbol, entry and exit bar, units entered, both average prices,
    fees, profit and reason into `out`, whose used length is returned.
    """
    m = len(marks)
    trips = Trips(np.zeros(m), np.zeros(m), np.zeros(m), np.zeros(m), np.zeros(m), np.zeros(m), np.zeros(m))
    count = 0
    for k in range(len(rows)):
        row = rows[k]
        j, change, fee = int(row[SYMBOL]), row[QUANTITY], row[FEE]
        held = trips.held[j]
        if held != 0.0 and held * change < 0.0:
            close = 1e-12 * abs(trips.entered[j])
            part = 1.0 if abs(change) <= abs(held) + close else abs(held) / abs(change)
            _reduce(trips, j, change * part, row[PRICE], fee * part)
            if part < 1.0 or abs(trips.held[j]) <= close:
                count = _write(trips, j, out, count, (row[ROW], row[REASON]))
                trips.held[j] = 0.0
            change, fee = change * (1.0 - part), fee * (1.0 - part)
        if change != 0.0:
            _enter(trips, j, change, row[PRICE], (fee, row[ROW]))
    for j in range(m):
        if trips.held[j] != 0.0:
            _reduce(trips, j, -trips.held[j], marks[j], 0.0)
            count = _write(trips, j, out, count, (float(last), float(STILL_OPEN)))
    return count


@kernel
def _enter(trips: Trips, j: int, change: float, price: float, at: tuple[float, float]) -> None:
    fee, row = at
    if trips.held[j] == 0.0:
        trips.opened[j], trips.entered[j], trips.entry[j] = row, 0.0, price
        trips.left[j], trips.leave[j], trips.fees[j] = 0.0, 0.0, 0.0
    trips.entered[j] += change
    trips.entry[j] += (price - trips.entry[j]) * (change / trips.entered[j])
    trips.held[j] += change
    trips.fees[j] += fee


@kernel
def _reduce(trips: Trips, j: int, change: float, price: float, fee: float) -> None:
    trips.left[j] -= change
    trips.leave[j] += (price - trips.leave[j]) * (-change / trips.left[j])
    trips.held[j] += change
    trips.fees[j] += fee


@kernel
def _write(trips: Trips, j: int, out: Floats, count: int, at: tuple[float, float]) -> int:
    row, gained = out[count], trips.entered[j] * (trips.leave[j] - trips.entry[j])
    row[0], row[1], row[2], row[3] = j, trips.opened[j], at[0], trips.entered[j]
    row[4], row[5], row[6] = trips.entry[j], trips.leave[j], trips.fees[j]
    row[7], row[8] = gained - trips.fees[j], at[1]
    return count + 1
