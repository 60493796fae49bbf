"""The demo's market: what it writes as files, to be imported as any user's files are."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path

from quorum.domain import Timeframe, iso, parse_instant
from quorum.lake import Bars, index_bars, stock_closes, synthetic_market

SYMBOLS = ("ALFAUSDT", "BRAVOUSDT", "CHARLIEUSDT", "DELTAUSDT")
START = parse_instant("2024-01-01")
HOUR = Timeframe.parse("1h")
BARS = 2_400


def write_market(folder: Path, seed: int, count: int = BARS) -> None:
    """Write `count` synthetic hours of four coins, the closes of 20 US stocks, and the bars of two indices, as CSV."""
    folder.mkdir(parents=True, exist_ok=True)
    for bars in (*synthetic_market(seed, SYMBOLS, HOUR, START, count).values(), *index_bars().values()):
        _write(folder / f"{bars.symbol}.{bars.venue}_{bars.timeframe}.csv", {bars.symbol: bars})
    _write(folder / "stocks.csv", stock_closes())


def _write(path: Path, series: Mapping[str, Bars]) -> None:
    names = tuple(next(iter(series.values())).columns())
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(("symbol", *names))
        for symbol, bars in series.items():
            columns = [column.tolist() for name, column in bars.columns().items() if name != "time"]
            times = [iso(int(t)) for t in bars.time]
            writer.writerows([symbol, *row] for row in zip(times, *columns, strict=True))
