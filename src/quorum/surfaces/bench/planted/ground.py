"""Putting planted markets into a lake."""

from __future__ import annotations

from collections.abc import Iterable

from quorum.lake import Bars, Lake, Rows, Series, Span
from quorum.surfaces.bench.planted.cases import Case


def plant(lake: Lake, cases: Iterable[Case]) -> None:
    """Write the bars of every case, each under its own symbol."""
    for case in cases:
        for bars in case.draw():
            bring_in(lake, bars, case.name)


def bring_in(lake: Lake, bars: Bars, source: str) -> None:
    """Write bars as a series of their own."""
    columns = {name: column for name, column in bars.columns().items() if name != "time"}
    asked = Span(int(bars.time[0]), int(bars.time[-1]) + 1)
    lake.take(Rows(Series(bars.symbol, bars.venue, bars.timeframe), source, bars.time, columns), asked)
