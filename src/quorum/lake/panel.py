"""Panels: bars of many symbols side by side on one line of time."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from quorum.domain import DataError, Timeframe, UsageError, iso
from quorum.lake.bars import Bars

Floats = NDArray[np.float64]
Instants = NDArray[np.int64]

_VALUES = ("open", "high", "low", "close", "volume", "funding")


class PanelRow(NamedTuple):
    """One closed bar of m symbols: `time` is its open in ns UTC, the rest have shape (m,).

    A symbol without that bar has NaN, with closes only in all but `close`; `funding` is 0 where none was settled.
    """

    time: int
    open: Floats
    high: Floats
    low: Floats
    close: Floats
    volume: Floats
    funding: Floats


@dataclass(frozen=True, eq=False)
class Panel:
    """Bars of m symbols on the n instants that any of them has: columns of shape (n, m), frozen.

    NaN where a symbol has no bar; at least one symbol has a close on every row. `open`, `high`, `low` and `volume`
    are None when a symbol lacks them, `funding` when all do; it is 0 for a symbol without.
    `symbol` and `venue` stand for the whole in reports.
    """

    symbols: tuple[str, ...]
    venue: str
    timeframe: Timeframe
    time: Instants
    close: Floats
    open: Floats | None = None
    high: Floats | None = None
    low: Floats | None = None
    volume: Floats | None = None
    funding: Floats | None = None
    price_decimals: tuple[int | None, ...] = ()
    revisions: tuple[int, ...] = ()
    funding_revisions: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        shape = (len(self.time), len(self.symbols))
        if not self.symbols or len(set(self.symbols)) != len(self.symbols):
            raise UsageError(f"a panel of {list(self.symbols)[:5]} names no symbol, or one twice", "name each once")
        for name, column in self.columns().items():
            wanted = shape[:1] if name == "time" else shape
            if column.shape != wanted:
                raise DataError(f"the panel's {name} has shape {column.shape}, {wanted} is needed")
            held = np.ascontiguousarray(column, dtype=np.int64 if name == "time" else np.float64)
            held.flags.writeable = False
            object.__setattr__(self, name, held)
        if len(self.time) > 1 and not bool(np.all(self.time[1:] > self.time[:-1])):
            raise DataError("the panel's bars are not in strictly increasing order of time")

    @classmethod
    def of(cls, series: Sequence[Bars]) -> Panel:
        """The bars of several symbols, all of one timeframe, on the union of their instants.

        UsageError for none, for two timeframes or a symbol twice; DataError when they do not fit into memory.
        """
        frames = sorted({bars.timeframe for bars in series})
        if len(frames) != 1:
            asked = ", ".join(map(str, frames)) or "no series at all"
            raise UsageError(f"a panel needs bars of one timeframe, not {asked}", "choose one")
        shared = [name for name in _VALUES[:-1] if all(getattr(bars, name) is not None for bars in series)]
        times = series[0].time
        if any(b.time is not times and not np.array_equal(b.time, times) for b in series[1:]):
            times = np.unique(np.concatenate([bars.time for bars in series]))
        _need_memory(len(times), len(series), len(shared))
        columns = {name: _aligned([getattr(b, name) for b in series], series, times) for name in shared}
        if any(b.funding is not None for b in series):
            paid = [np.zeros(len(b)) if b.funding is None else b.funding for b in series]
            columns["funding"] = np.nan_to_num(_aligned(paid, series, times))
        return cls(
            tuple(bars.symbol for bars in series),
            "+".join(sorted({bars.venue for bars in series})),
            frames[0],
            times,
            **columns,
            price_decimals=tuple(bars.price_decimals for bars in series),
            revisions=tuple(bars.revision for bars in series),
            funding_revisions=tuple(bars.funding_revision for bars in series),
        )

    def columns(self) -> dict[str, NDArray[Any]]:
        """The columns that are there, by name, `time` first."""
        return {n: c for n in ("time", *_VALUES) if (c := getattr(self, n)) is not None}

    def __len__(self) -> int:
        return len(self.time)

    @property
    def closes_only(self) -> bool:
        return self.open is None

    @property
    def symbol(self) -> str:
        """One word for the whole: the symbols, or how many there are."""
        return "+".join(self.symbols) if len(self.symbols) <= 3 else f"{len(self.symbols)} symbols"

    @cached_property
    def data_hash(self) -> str:
        """SHA-256 over symbols, venue, timeframe and the bytes of the columns: equal hashes mean equal panels."""
        head = f"{'|'.join(self.symbols)}|{self.venue}|{self.timeframe}|{len(self)}"
        digest = hashlib.sha256(head.encode())
        for name, column in self.columns().items():
            digest.update(name.encode())
            digest.update(np.ascontiguousarray(column).data)
        return digest.hexdigest()

    @cached_property
    def flaw(self) -> tuple[str, int, int] | None:
        """The first value that nobody could trade at, as (column, row, symbol): as of Bars, where there is a bar; and
        a price without a close.
        """
        there = ~np.isnan(self.close)
        for name in ("open", "high", "low", "close"):
            column = getattr(self, name)
            if column is not None:
                fit = np.where(there, np.isfinite(column) & (column > 0.0), np.isnan(column))
                if not fit.all():
                    return name, *self._first(~fit)
        if self.funding is not None and not (fit := np.isfinite(self.funding)).all():
            return "funding", *self._first(~fit)
        return None

    @cached_property
    def dense(self) -> bool:
        """Whether every symbol has every bar."""
        return not bool(np.isnan(self.close).any())

    def _first(self, where: NDArray[np.bool_]) -> tuple[int, int]:
        i, j = np.unravel_index(int(np.argmax(where)), where.shape)
        return int(i), int(j)

    def between(self, start: int | None = None, end: int | None = None) -> Panel:
        """Rows that open at or after `start` and before `end` (ns UTC)."""
        first = 0 if start is None else int(np.searchsorted(self.time, start, "left"))
        last = len(self) if end is None else int(np.searchsorted(self.time, end, "left"))
        return self.slice(first, last)

    def slice(self, first: int, last: int) -> Panel:
        """Rows `first` up to, not including, `last`, as views of the same memory."""
        cut: dict[str, Any] = {name: column[first:last] for name, column in self.columns().items()}
        kept = ("symbols", "venue", "timeframe", "price_decimals", "revisions", "funding_revisions")
        same = {n: getattr(self, n) for n in kept}
        return Panel(**{**same, **cut})

    def row(self, i: int) -> PanelRow:
        """Bar `i` of every symbol, as views."""
        absent = np.full(len(self.symbols), np.nan)
        values = {n: absent if (c := getattr(self, n)) is None else c[i] for n in _VALUES}
        if self.funding is None:
            values["funding"] = np.zeros(len(self.symbols))
        return PanelRow(int(self.time[i]), **values)

    def rows(self) -> Iterator[PanelRow]:
        """Every row, oldest first."""
        return (self.row(i) for i in range(len(self)))

    def __repr__(self) -> str:
        span = f"{iso(int(self.time[0]))}..{iso(int(self.time[-1]))}" if len(self) else "empty"
        return f"Panel({self.symbol} {self.timeframe}, {len(self)} rows, {span})"


def _aligned(columns: Sequence[Floats], series: Sequence[Bars], times: Instants) -> Floats:
    out = np.full((len(times), len(columns)), np.nan)
    for j, (column, bars) in enumerate(zip(columns, series, strict=True)):
        if len(bars) == len(times):
            out[:, j] = column
        else:
            out[np.searchsorted(times, bars.time), j] = column
    return out


def _need_memory(rows: int, symbols: int, columns: int) -> None:
    """DataError when a panel would take more than half of the memory that is free."""
    needed = rows * symbols * columns * 8
    free = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_AVPHYS_PAGES")
    if needed > free / 2:
        raise DataError(
            f"{symbols:,} symbols over {rows:,} bars need {needed / 1e9:.1f} GB, {free / 1e9:.1f} GB are free",
            "choose fewer symbols, a shorter period or a longer timeframe",
        )
