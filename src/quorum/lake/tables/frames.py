"""Bars from a frame in memory, polars' or pandas', by the rules of an import."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from quorum.domain import DataError, Timeframe, UsageError, iso
from quorum.lake.bars import Bars, Floats, Instants
from quorum.lake.quality import FAULTS, Codes, Fault, find_decimals, put_in_order, row_faults
from quorum.lake.schema import SYNONYMS, VALUES, ImportOptions, find_columns, foreign_kind, plain_name
from quorum.lake.tables.names import LOCAL
from quorum.lake.tables.numbers import read_numbers
from quorum.lake.tables.spacing import find_timeframe
from quorum.lake.tables.times import read_times

if TYPE_CHECKING:
    import polars as pl

FRAME = "the frame"
UNNAMED = "FRAME"


def is_frame(thing: object) -> bool:
    """Whether that is a frame of polars or pandas; neither is imported to find out."""
    kind = type(thing)
    return kind.__module__.partition(".")[0] in ("polars", "pandas") and kind.__name__ in ("DataFrame", "LazyFrame")


def bars_of_frame(
    frame: Any,
    symbol: str | None = None,
    timeframe: Timeframe | None = None,
    venue: str | None = None,
    tz: str | None = None,
) -> Bars:
    """The bars of one symbol in a polars or pandas frame; its own memory is neither changed nor kept.

    Columns are recognised by their names as those of a file; a DatetimeIndex is the time, whatever the columns are.
    Times may be zoned, naive (UTC, or local to `tz`), dates, numbers or texts, each a bar's open. Rows are sorted,
    and of equal rows one stays. Nothing is set aside: DataError names row (the first is 1) and time of the first one
    that is no bar, or that gives other values for a known time, and whatever the frame does not tell. Without a
    `symbol`, and a column of it, the bars are called FRAME; the venue is `local` unless said.
    """
    if not is_frame(frame):
        raise UsageError(f"a {type(frame).__name__} is no frame", "give a DataFrame of polars or pandas")
    options = ImportOptions(symbol=symbol, timeframe=timeframe, tz=tz)
    table = _of_polars(frame) if type(frame).__module__.startswith("polars") else _of_pandas(frame)
    names = _columns(table, options)
    named, table = _one_symbol(table, names.get("symbol"), symbol)
    times = read_times(table[names["time"]], options, FRAME)
    columns = read_numbers(table, {n: names[n] for n in VALUES if n in names})
    _refuse(np.where(times.fault != 0, times.fault, row_faults(columns)), times.ns, columns)
    time, columns = _in_order(times.ns, columns)
    length = _length(time, timeframe)
    held: dict[str, Any] = dict(columns)
    return Bars(named, venue or LOCAL, length, time=time, price_decimals=find_decimals(columns), **held)


def _columns(table: pl.DataFrame, options: ImportOptions) -> dict[str, str]:
    kind = foreign_kind(table.columns)
    if table.is_empty() or kind is not None:
        found = f"holds {kind}, no bars" if kind else "has no rows"
        raise DataError(
            f"{FRAME} {found} (columns {', '.join(table.columns)})", "give bars: a time and a close at least"
        )
    try:
        return find_columns(table.columns, options, FRAME)
    except DataError as error:
        raise DataError(error.found, "rename the columns: time, open, high, low, close, volume") from None


def _one_symbol(table: pl.DataFrame, column: str | None, wanted: str | None) -> tuple[str, pl.DataFrame]:
    """The symbol and its rows; a single symbol in the frame is renamed to the one that is wanted."""
    import polars as pl

    if column is None:
        return wanted or UNNAMED, table
    symbols = table[column].cast(pl.String).unique(maintain_order=True).to_list()
    if len(symbols) == 1:
        return wanted or str(symbols[0]), table
    if wanted not in symbols:
        some = ", ".join(map(str, symbols[:5]))
        raise DataError(f"{FRAME} has {len(symbols)} symbols ({some})", "choose one of them with symbol=")
    return str(wanted), table.filter(pl.col(column).cast(pl.String) == wanted)


def _refuse(fault: Codes, time: Instants, columns: dict[str, Floats]) -> None:
    """DataError for the first row that is no bar."""
    if not fault.any():
        return
    i = int((fault != 0).argmax())
    reason = FAULTS[fault[i] - 1]
    known = reason not in (Fault.NO_TIME, Fault.TWICE, Fault.NEVER)
    values = ", ".join(f"{name} {column[i]:g}" for name, column in columns.items())
    more = f"; {int((fault != 0).sum())} such rows in all" if (fault != 0).sum() > 1 else ""
    raise DataError(
        f"{FRAME}: row {i + 1}{f' of {iso(int(time[i]))}' if known else ''} is no bar: {reason.value} ({values}){more}",
        "mend the row or leave it out",
    )


def _in_order(time: Instants, columns: dict[str, Floats]) -> tuple[Instants, dict[str, Floats]]:
    order = put_in_order(time, columns)
    if len(order.conflicts):
        i = int(order.conflicts[0])
        raise DataError(
            f"{FRAME}: row {i + 1} gives {iso(int(time[i]))} other values than an earlier row", "leave one of them out"
        )
    if len(order.kept) == len(time) and not order.out_of_order:
        return time.copy(), {name: column.copy() for name, column in columns.items()}
    return time[order.kept], {name: column[order.kept] for name, column in columns.items()}


def _length(time: Instants, timeframe: Timeframe | None) -> Timeframe:
    try:
        return find_timeframe([time], timeframe, None, FRAME)
    except DataError as error:
        raise DataError(error.found, "say the length of a bar with timeframe=, as 1h") from None


def _of_polars(frame: Any) -> pl.DataFrame:
    import polars as pl

    table: pl.DataFrame = frame.collect() if isinstance(frame, pl.LazyFrame) else frame
    return table


def _of_pandas(frame: Any) -> pl.DataFrame:
    """The same columns in polars, its index as the first of them where that is a time or a frame has no other."""
    import pandas as pd
    import polars as pl

    if frame.columns.nlevels > 1:
        frame = _one_level(frame)
    columns = [_series(str(name), frame.iloc[:, j]) for j, name in enumerate(frame.columns)]
    index = frame.index
    if isinstance(index, pd.DatetimeIndex | pd.PeriodIndex):
        stamps = index.to_timestamp() if isinstance(index, pd.PeriodIndex) else index
        columns = [_series("time", stamps), *(c for c in columns if plain_name(c.name) not in SYNONYMS["time"])]
    elif not isinstance(index, pd.RangeIndex) and index.nlevels == 1:
        columns = [_series(str(index.name or "index"), index), *columns]
    names = [column.name for column in columns]
    doubled = [name for name in names if names.count(name) > 1]
    if doubled:
        raise DataError(f"{FRAME} has column {doubled[0]!r} twice", "leave one of them out")
    return pl.DataFrame(columns)


def _one_level(frame: Any) -> Any:
    """A frame whose columns also name the symbol, as yfinance's, with the other level alone."""
    levels = [list(dict.fromkeys(frame.columns.get_level_values(k))) for k in range(frame.columns.nlevels)]
    single = [k for k, names in enumerate(levels) if len(names) == 1]
    if len(single) != len(levels) - 1:
        some = ", ".join(map(str, levels[-1][:5]))
        raise DataError(
            f"{FRAME} has columns of several symbols ({some})", "choose one, as frame.xs(SYMBOL, axis=1, level=1)"
        )
    return frame.droplevel(single, axis=1)


def _series(name: str, column: Any) -> pl.Series:
    """A pandas column or index in polars: instants in UTC, numbers as they are, anything else as text."""
    import pandas as pd
    import polars as pl

    if pd.api.types.is_datetime64_any_dtype(column.dtype):
        index = pd.DatetimeIndex(column)
        index = index.as_unit("ms") if index.unit == "s" else index
        stamps = pl.Series(name, index.asi8).cast(pl.Datetime(index.unit, None if index.tz is None else "UTC"))
        return stamps.set(pl.Series(index.isna()), None) if index.hasnans else stamps
    if pd.api.types.is_numeric_dtype(column.dtype) and not pd.api.types.is_complex_dtype(column.dtype):
        if pd.api.types.is_extension_array_dtype(column.dtype) and column.hasnans:
            return pl.Series(name, column.to_numpy(dtype="float64", na_value=np.nan))
        return pl.Series(name, column.to_numpy())
    return pl.Series(name, [None if lost else str(value) for value, lost in zip(column, column.isna(), strict=True)])
