"""Bars from frames in memory: every form of a time, the rules of an import, and errors that name the row."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest

import quorum
from quorum.domain import HOUR, DataError, Timeframe, UsageError, parse_instant
from quorum.lake import Bars, bars_of_frame, is_frame

START = parse_instant("2024-03-09T22:00:00Z")  # New York's clocks skip an hour within the day
N = 30
NS = START + np.arange(N) * HOUR
CLOSE = np.round(100 + np.sin(np.arange(N)), 2)
COLUMNS = {"open": CLOSE, "high": CLOSE + 1, "low": CLOSE - 1, "close": CLOSE, "volume": np.arange(N) + 1.0}
WANTED = Bars("FRAME", "local", Timeframe(HOUR), NS, CLOSE, CLOSE, CLOSE + 1, CLOSE - 1, COLUMNS["volume"])

STAMPS = pd.DatetimeIndex(NS)
UTC = STAMPS.tz_localize("UTC")
NEW_YORK = UTC.tz_convert("America/New_York")
INDEXED = pd.DataFrame(COLUMNS, index=STAMPS)
NAIVE = pl.DataFrame({"time": pl.Series(NS).cast(pl.Datetime("ns")), **COLUMNS})
ISO = [stamp.isoformat() for stamp in NEW_YORK]


def polars(time: Any, name: str = "time") -> pl.DataFrame:
    return pl.DataFrame({name: time, **COLUMNS})


def pandas(time: Any, name: str = "time") -> pd.DataFrame:
    return pd.DataFrame({name: time, **COLUMNS})


FORMS: dict[str, Any] = {
    "pandas, index": INDEXED,
    "pandas, index in UTC": INDEXED.set_axis(UTC),
    "pandas, index in New York": INDEXED.set_axis(NEW_YORK),
    "pandas, index of seconds": INDEXED.set_axis(NEW_YORK.as_unit("s")),
    "pandas, index of periods": INDEXED.set_axis(STAMPS.to_period("h")),
    "pandas, index of texts": INDEXED.set_axis(pd.Index(ISO, name="when")).rename_axis("date"),
    "pandas, index and a column": INDEXED.assign(date="long ago"),
    "pandas, column in New York": pandas(NEW_YORK, "Timestamp"),
    "pandas, column of texts": pandas(ISO, "Date"),
    "pandas, column of milliseconds": pandas(NS // 10**6, "open_time"),
    "pandas, column of objects": pandas([stamp.to_pydatetime() for stamp in UTC]).astype({"time": object}),
    "pandas, numbers that may be missing": INDEXED.astype("Float64"),
    "pandas, names with the symbol": pd.concat({"AAPL": INDEXED}, axis=1).swaplevel(axis=1),
    "pandas, numbers as text": INDEXED.astype(str),
    "polars, naive": NAIVE,
    "polars, lazy": NAIVE.lazy(),
    "polars, in New York": NAIVE.with_columns(
        pl.col("time").dt.replace_time_zone("UTC").dt.convert_time_zone("America/New_York")
    ),
    "polars, milliseconds": NAIVE.with_columns(pl.col("time").dt.cast_time_unit("ms")),
    "polars, seconds as numbers": polars(NS // 10**9, "unix"),
    "polars, texts": polars(ISO, "ts"),
    "polars, upside down": NAIVE.reverse(),
    "polars, every row twice": pl.concat([NAIVE, NAIVE]),
    "polars, with its symbol": NAIVE.with_columns(ticker=pl.lit("FRAME")),
}


@pytest.mark.parametrize("frame", FORMS.values(), ids=FORMS)
def test_every_form_of_the_same_bars_is_the_same_bars(frame: Any) -> None:
    bars = bars_of_frame(frame)
    assert bars.data_hash == WANTED.data_hash
    assert bars.price_decimals == 2
    assert quorum.load_bars(frame).data_hash == WANTED.data_hash


def test_the_frame_is_neither_changed_nor_frozen() -> None:
    frame = INDEXED.copy()
    bars = bars_of_frame(frame)
    frame.loc[frame.index[0], "close"] = 1.0
    assert bars.close[0] == CLOSE[0]


def test_naive_times_are_those_of_the_zone_that_is_named() -> None:
    local = INDEXED.set_axis(STAMPS + pd.Timedelta(hours=1))
    assert bars_of_frame(local, tz="Europe/Zurich").data_hash == WANTED.data_hash
    assert quorum.load_bars(local, tz="Europe/Zurich", since="2024-03-10").time[0] == parse_instant("2024-03-10")


def test_dates_are_days_and_closes_alone_will_do() -> None:
    frame = pl.DataFrame({"date": [dt.date(2024, 1, day) for day in range(1, 6)], "price": [1.0, 2.0, 3.0, 4.0, 5.0]})
    bars = quorum.load_bars(frame, symbol="IDX", venue="list")
    assert (bars.symbol, bars.venue, str(bars.timeframe), bars.closes_only) == ("IDX", "list", "1d", True)
    with pytest.raises(DataError, match="most bars are 1d apart"):
        quorum.load_bars(frame, "1h")


def test_one_symbol_of_several_is_chosen() -> None:
    both = pl.concat([NAIVE.with_columns(symbol=pl.lit(name), close=NAIVE["close"] + k) for k, name in enumerate("AB")])
    assert bars_of_frame(both.with_columns(high=200.0), "B").close[0] == CLOSE[0] + 1
    with pytest.raises(DataError, match=r"has 2 symbols \(A, B\); choose one of them with symbol="):
        bars_of_frame(both)
    with pytest.raises(DataError, match="columns of several symbols"):
        bars_of_frame(pd.concat({"A": INDEXED, "B": INDEXED}, axis=1))


def put(row: int, name: str, value: object) -> pl.DataFrame:
    rows = pl.int_range(N) == row
    return NAIVE.with_columns(pl.when(rows).then(pl.lit(value, NAIVE[name].dtype)).otherwise(name).alias(name))


@pytest.mark.parametrize(
    ("frame", "says"),
    [
        (put(3, "close", None), "row 4 of 2024-03-10T01:00:00Z is no bar: price missing or no number"),
        (put(0, "open", -1.0), "row 1 of 2024-03-09T22:00:00Z is no bar: price not positive"),
        (put(7, "high", 1.0), "row 8 of .* is no bar: high below"),
        (put(7, "volume", -1.0), "row 8 of .* is no bar: volume negative"),
        (put(2, "time", None), r"row 3 is no bar: time unreadable \(.*close"),
        (pl.concat([NAIVE, NAIVE.with_columns(volume=7.0)]), "row 31 gives 2024-03-09T22.* other values"),
        (NAIVE.drop("close"), "no column for close among .*; rename the columns"),
        (INDEXED.reset_index(drop=True), "no column for time"),
        (NAIVE.clear(), "has no rows"),
        (NAIVE.head(1), "1 time .* does not tell how long a bar is; say the length"),
        (pl.DataFrame({"ts": NS, "funding_rate": CLOSE}), "holds funding rates, no bars"),
        (pd.concat([INDEXED, INDEXED[["close"]]], axis=1), "has column 'close' twice"),
    ],
)
def test_what_is_wrong_is_named_with_its_row_and_time(frame: Any, says: str) -> None:
    with pytest.raises(DataError, match=says):
        bars_of_frame(frame)


def test_what_is_no_frame_is_refused() -> None:
    assert is_frame(NAIVE)
    assert not is_frame(COLUMNS)
    assert not is_frame(NAIVE["close"])
    with pytest.raises(UsageError, match="a dict is no frame"):
        bars_of_frame(COLUMNS)
    with pytest.raises(UsageError, match="a dict is no source of bars"):
        quorum.load_bars(COLUMNS)
