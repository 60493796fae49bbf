"""Putting planted markets into a lake."""

from __future__ import annotations

from collections.abc import Iterable

from quorum.lake import Lake, Rows, Series, Span
from quorum.surfaces.bench.planted.cases import Case


def plant(lake: Lake, cases: Iterable[Case]) -> None:
    """Write the bars of every case, each under its own symbol."""
    for case in cases:
        for bars in case.draw():
            series = Series(bars.symbol, bars.venue, bars.timeframe)
            columns = {name: column for name, column in bars.columns().items() if name != "time"}
            asked = Span(int(bars.time[0]), int(bars.time[-1]) + 1)
            lake.take(Rows(series, case.name, bars.time, columns), asked)
