"""Made-up tables and lakes for the tests of this room."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from quorum.domain import HOUR, Timeframe, VirtualClock, parse_instant
from quorum.lake import Bars, ImportOptions, ImportReport, Lake

START = parse_instant("2024-01-01")
NOW = parse_instant("2025-01-01")
H1, D1 = Timeframe.parse("1h"), Timeframe.parse("1d")


def instants(count: int, step: int = HOUR, start: int = START) -> np.ndarray[Any, np.dtype[np.int64]]:
    return start + np.arange(count, dtype=np.int64) * step


def frame(count: int, step: int = HOUR, start: int = START, price: float = 100.0) -> pl.DataFrame:
    """Bars that rise by 0.25 each, `ts` in UTC."""
    close = price + 0.25 * np.arange(count)
    ts = pl.Series(instants(count, step, start)).cast(pl.Datetime("ns", "UTC"))
    columns = {"open": close - 0.25, "high": close + 0.5, "low": close - 0.5, "close": close, "volume": 10.0 + close}
    return pl.DataFrame({"ts": ts, **columns})


def write(table: pl.DataFrame, path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".parquet":
        table.write_parquet(path)
    else:
        table.write_csv(path)
    return path


def text(path: Path, *lines: str) -> Path:
    path.write_text("\n".join(lines) + "\n")
    return path


def lake_at(root: Path) -> Lake:
    return Lake(root / "lake", VirtualClock(NOW))


def bring(root: Path, path: Path, **options: Any) -> ImportReport:
    """What an import of `path` into the lake below `root` reports."""
    return lake_at(root).import_path(path, ImportOptions(**options))


def bars_of(times: Sequence[int], close: Sequence[float], timeframe: Timeframe = H1, **columns: Any) -> Bars:
    return Bars("X", "test", timeframe, np.asarray(times, np.int64), np.asarray(close, np.float64), **columns)
