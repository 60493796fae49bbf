"""Bars as columns: minutes by the hundred thousand, and longer bars made of them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from quorum.simulator.prices.tape import Bar


class Columns(NamedTuple):
    """Bars in order of time, a column each of what `Bar` has; times in int64 ns UTC, the rest in float64."""

    time: NDArray[np.int64]
    open: NDArray[np.float64]
    high: NDArray[np.float64]
    low: NDArray[np.float64]
    close: NDArray[np.float64]
    volume: NDArray[np.float64]
    trades: NDArray[np.float64]
    vwap: NDArray[np.float64]

    def where(self, chosen: NDArray[Any]) -> Columns:
        """The bars that `chosen` marks or numbers."""
        return Columns(*(column[chosen] for column in self))


def columns_of(bars: Iterable[Bar]) -> Columns:
    """The columns of `bars`."""
    rows = list(bars)
    times = np.array([bar.time for bar in rows], dtype=np.int64)
    rest = np.array([bar[1:] for bar in rows], dtype=np.float64).reshape(len(rows), len(Bar._fields) - 1)
    return Columns(times, *rest.T)


def joined(*parts: Columns) -> Columns:
    """Columns one after the other."""
    return Columns(*(np.concatenate(columns) for columns in zip(*parts, strict=True)))


def grouped(minutes: Columns, edges: NDArray[np.int64]) -> list[Bar]:
    """Bars that open at `edges` (ns UTC, sorted), of minutes that lie behind the first; none where there is none."""
    if not len(minutes.time):
        return []
    group = np.searchsorted(edges, minutes.time, side="right") - 1
    first = np.flatnonzero(np.diff(group, prepend=group[0] - 1))
    last = np.append(first[1:], len(group)) - 1
    volume = np.add.reduceat(minutes.volume, first)
    paid = np.add.reduceat(minutes.vwap * minutes.volume, first)
    columns = (
        edges[group[first]],
        minutes.open[first],
        np.maximum.reduceat(minutes.high, first),
        np.minimum.reduceat(minutes.low, first),
        minutes.close[last],
        volume,
        np.add.reduceat(minutes.trades, first).astype(np.int64),
        paid / volume,
    )
    return [Bar(*row) for row in zip(*(column.tolist() for column in columns), strict=True)]
