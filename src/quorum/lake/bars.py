"""Bars: the frozen columns of one symbol, hashed once when they are made."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from quorum.domain import DataError, Row, Timeframe, iso

Floats = NDArray[np.float64]
Instants = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Bars:
    """Bars of one symbol: arrays of one length n, oldest first, one bar an instant; making Bars freezes the arrays.

    `time` is each bar's open in ns UTC; a bar is known at time + timeframe. Prices are in the quote currency,
    `volume` in units of the base. A series with closes only has None for `open`, `high`, `low` and `volume`.
    `funding` is the sum of the perpetual's funding rates (fractions, longs pay positive ones) settled before a bar's
    close and not before the close of the bar before it; None where nothing is known of any.
    `price_decimals` is the venue's grid: every price is a multiple of 10**-price_decimals; None when off any grid.
    `revision` is the lake's revision that the values come from, 0 for bars that are not from the lake, and
    `funding_revision` that of `funding`.
    """

    symbol: str
    venue: str
    timeframe: Timeframe
    time: Instants
    close: Floats
    open: Floats | None = None
    high: Floats | None = None
    low: Floats | None = None
    volume: Floats | None = None
    funding: Floats | None = None
    price_decimals: int | None = None
    revision: int = 0
    funding_revision: int = 0

    def __post_init__(self) -> None:
        n = len(self.time)
        for name, column in self.columns().items():
            if column.shape != (n,):
                raise DataError(f"{self.symbol}: column {name} has shape {column.shape}, {(n,)} is needed")
            if name == "time" and column.dtype != np.int64:
                raise DataError(f"{self.symbol}: time is {column.dtype}", "give int64 nanoseconds since 1970 in UTC")
            held = np.ascontiguousarray(column, dtype=np.int64 if name == "time" else np.float64)
            held.flags.writeable = False
            object.__setattr__(self, name, held)
        if n > 1 and not bool(np.all(self.time[1:] > self.time[:-1])):
            raise DataError(f"{self.symbol}: bars are not in strictly increasing order of time")
        if (self.open is None) != (self.high is None) or (self.high is None) != (self.low is None):
            raise DataError(f"{self.symbol}: open, high and low come together or not at all")

    def columns(self) -> dict[str, NDArray[Any]]:
        """The columns that are there, by name, `time` first."""
        names = ("time", "open", "high", "low", "close", "volume", "funding")
        return {n: c for n in names if (c := getattr(self, n)) is not None}

    def __len__(self) -> int:
        return len(self.time)

    @property
    def closes_only(self) -> bool:
        return self.open is None

    @cached_property
    def data_hash(self) -> str:
        """SHA-256 over symbol, venue, timeframe and the bytes of the columns: equal hashes mean equal bars."""
        digest = hashlib.sha256(f"{self.symbol}|{self.venue}|{self.timeframe}|{len(self)}".encode())
        for name, column in self.columns().items():
            digest.update(name.encode())
            digest.update(np.ascontiguousarray(column).data)
        return digest.hexdigest()

    @cached_property
    def flaw(self) -> tuple[str, int, int] | None:
        """The first value that nobody could trade at, as (column, bar, 0): no number, not above 0 or infinite."""
        for name in ("open", "high", "low", "close"):
            column = getattr(self, name)
            if column is not None and len(column) and not (column.min() > 0.0 and column.max() < np.inf):
                return name, int(np.argmin((column > 0.0) & (column < np.inf))), 0
        if self.funding is not None and not bool(np.isfinite(self.funding).all()):
            return "funding", int(np.argmin(np.isfinite(self.funding))), 0
        return None

    def between(self, start: int | None = None, end: int | None = None) -> Bars:
        """Bars that open at or after `start` and before `end` (ns UTC)."""
        first = 0 if start is None else int(np.searchsorted(self.time, start, "left"))
        last = len(self) if end is None else int(np.searchsorted(self.time, end, "left"))
        return self.slice(first, last)

    def as_of(self, instant: int) -> Bars:
        """Bars that were closed at `instant`: time + timeframe <= instant."""
        last = int(np.searchsorted(self.time, instant - self.timeframe.nanoseconds, "right"))
        return self.slice(0, last)

    def slice(self, first: int, last: int) -> Bars:
        """Bars `first` up to, not including, `last`, as views of the same memory."""
        cut: dict[str, Any] = {name: column[first:last] for name, column in self.columns().items()}
        return replace(self, **cut)

    def row(self, i: int) -> Row:
        """Bar `i` as plain numbers."""
        nan = float("nan")
        o, h, low, v = (nan if c is None else float(c[i]) for c in (self.open, self.high, self.low, self.volume))
        paid = 0.0 if self.funding is None else float(self.funding[i])
        return Row(int(self.time[i]), o, h, low, float(self.close[i]), v, paid)

    def rows(self) -> Iterator[Row]:
        """Every bar, oldest first."""
        return (self.row(i) for i in range(len(self)))

    def __repr__(self) -> str:
        span = f"{iso(int(self.time[0]))}..{iso(int(self.time[-1]))}" if len(self) else "empty"
        return f"Bars({self.symbol}.{self.venue} {self.timeframe}, {len(self)} rows, {span})"


class BarSource(Protocol):
    """Where bars come from."""

    def bars(self, symbol: str, timeframe: Timeframe, venue: str | None = None, revision: int | None = None) -> Bars:
        """The bars of a series, newest revision or as they were at `revision`; `symbol` may be BTCUSDT.binance.

        NotFound, naming what comes close, for a series or a revision that is not there; UsageError when several
        venues have it and none is said.
        """
        ...
