"""The demo's market: what it writes as files, to be imported as any user's files are."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path

from quorum.domain import DAY, Timeframe, iso, parse_instant
from quorum.lake import Bars, index_bars, stock_closes, synthetic_market
from quorum.surfaces.demo.ideas import planted_bars

SYMBOLS = ("ALFAUSDT", "BRAVOUSDT", "CHARLIEUSDT", "DELTAUSDT")
START = parse_instant("2024-01-01")
HOUR = Timeframe.parse("1h")
BARS = 2_400
LAB_SYMBOLS = ("ECHOUSDT", "FOXTROTUSDT", "GOLFUSDT", "HOTELUSDT")
LAB_TIMEFRAME = Timeframe.parse("4h")
LAB_START = parse_instant("2021-01-01")
LAB_DAYS = 1_095


def write_market(folder: Path, seed: int, count: int = BARS, lab_days: int = LAB_DAYS) -> None:
    """Write, as CSV, `count` synthetic hours of four coins, `lab_days` of four others, the markets of the ideas, 20 US
    stocks and two indices."""
    folder.mkdir(parents=True, exist_ok=True)
    coins = synthetic_market(seed, SYMBOLS, HOUR, START, count)
    others = synthetic_market(seed, LAB_SYMBOLS, LAB_TIMEFRAME, LAB_START, lab_days * DAY // LAB_TIMEFRAME.nanoseconds)
    for bars in (*coins.values(), *others.values(), *index_bars().values()):
        _write(_path(folder, bars), {bars.symbol: bars})
    _write(folder / "stocks.csv", stock_closes())
    write_ideas(folder, seed)


def write_ideas(folder: Path, seed: int) -> None:
    """Write the markets of the ideas, as CSV."""
    folder.mkdir(parents=True, exist_ok=True)
    for bars in planted_bars(seed):
        _write(_path(folder, bars), {bars.symbol: bars})


def write_bars(folder: Path, bars: Bars) -> Path:
    """Write bars of one symbol, as CSV; the file."""
    folder.mkdir(parents=True, exist_ok=True)
    path = _path(folder, bars)
    _write(path, {bars.symbol: bars})
    return path


def _path(folder: Path, bars: Bars) -> Path:
    return folder / f"{bars.symbol.replace('/', '-')}.{bars.venue}_{bars.timeframe}.csv"


def _write(path: Path, series: Mapping[str, Bars]) -> None:
    names = tuple(next(iter(series.values())).columns())
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(("symbol", *names))
        for symbol, bars in series.items():
            columns = [column.tolist() for name, column in bars.columns().items() if name != "time"]
            times = [iso(int(t)) for t in bars.time]
            writer.writerows([symbol, *row] for row in zip(times, *columns, strict=True))
