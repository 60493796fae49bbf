"""What it costs to load bars from a frame whose times have a zone, beside one whose times have none."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

import quorum
from quorum.surfaces.bench.clocks import cpu_of
from quorum.surfaces.bench.markets import minutes
from quorum.surfaces.bench.measure import Measure

RUNS = 9
ZONE = "America/New_York"
FLOOR = "the same frame with naive times"


def frames() -> list[Measure]:
    """A year of minutes from a time-zone-aware frame, of pandas with such an index and of polars."""
    bars = minutes()
    columns = {name: column for name, column in bars.columns().items() if name not in ("time", "funding")}
    return [
        _measure("frames_tz", "bars of a pandas frame in New York", *_pandas(bars.time, columns)),
        _measure("frames_tz_polars", "bars of a polars frame in New York", *_polars(bars.time, columns)),
    ]


def _measure(key: str, name: str, zoned: Any, naive: Any) -> Measure:
    assert quorum.load_bars(zoned).data_hash == quorum.load_bars(naive).data_hash
    value, floor = (cpu_of(partial(quorum.load_bars, frame), RUNS) for frame in (zoned, naive))
    return Measure(key, f"{len(naive):,} {name}", value, "CPU s", floor, FLOOR, 1.5, of_floor=True)


def _pandas(time: Any, columns: dict[str, Any]) -> tuple[Any, Any]:
    import pandas as pd

    naive = pd.DataFrame(columns, index=pd.DatetimeIndex(np.array(time)))
    return naive.tz_localize("UTC").tz_convert(ZONE), naive


def _polars(time: Any, columns: dict[str, Any]) -> tuple[Any, Any]:
    import polars as pl

    naive = pl.DataFrame({"time": pl.Series(time).cast(pl.Datetime("ns")), **columns})
    zoned = pl.col("time").dt.replace_time_zone("UTC").dt.convert_time_zone(ZONE)
    return naive.with_columns(zoned), naive
