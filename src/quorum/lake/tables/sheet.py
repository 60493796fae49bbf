"""One file taken apart: the sound rows of each series in it, and the others with their reasons."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from quorum.domain import DataError
from quorum.lake.bars import Floats, Instants
from quorum.lake.quality import FAULTS, Codes, row_faults
from quorum.lake.schema import FUNDING, VALUES, ImportOptions, NotBars, find_columns, foreign_kind, plain_name
from quorum.lake.series import Series
from quorum.lake.tables.names import FileName, read_name
from quorum.lake.tables.numbers import read_numbers
from quorum.lake.tables.reading import CLOCK, read_table
from quorum.lake.tables.spacing import find_timeframe, opens
from quorum.lake.tables.times import read_times

if TYPE_CHECKING:
    import polars as pl

Rows = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Rejected:
    """A row that cannot be a bar: why, from which file, its number there (1 is the first after the header).

    `raw` is the row as the file has it, a JSON object of texts.
    """

    reason: str
    source: str
    row: int
    raw: str


@dataclass(frozen=True, slots=True)
class Part:
    """The rows of one series in one file, in the file's order; `columns` and `row` numbers of shape (n,)."""

    series: Series
    source: str
    time: Instants
    columns: dict[str, Floats]
    row: Rows
    rejected: tuple[Rejected, ...]


class _Sheet(NamedTuple):
    """A file's rows as numbers, before they are told apart by symbol."""

    frame: pl.DataFrame
    time: Instants
    fault: Codes
    columns: dict[str, Floats]
    source: str


def read_parts(path: Path, source: str, options: ImportOptions) -> tuple[Part, ...]:
    """Every series of the table in `path`, which reports call `source`.

    NotBars for a table of another kind, DataError for what is no table, has no bars in it, or does not tell its
    columns, symbol, timeframe or times.
    """
    frame = read_table(path)
    kind = foreign_kind(frame.columns)
    if kind is not None and "close" not in options.columns:
        close = "import files with a time and a close; name them with `--column close=NAME` if it has them"
        raise NotBars(
            f"{path}: holds {kind}, no bars (columns {', '.join(frame.columns)})",
            "import it with `--kind funding`" if kind == FUNDING else close,
        )
    names = find_columns(frame.columns, options, str(path))
    times = read_times(_time_column(frame, names["time"], options), options, str(path))
    columns = read_numbers(frame, {n: names[n] for n in VALUES if n in names})
    fault = np.where(times.fault != 0, times.fault, row_faults(columns))
    sheet = _Sheet(frame, times.ns, fault, columns, source)
    _need_sound_rows(sheet, path)
    name = read_name(path)
    groups = tuple(groups_of(frame, names.get("symbol"), name, options, path))
    dated = [sheet.time[rows[times.fault[rows] == 0]] for _, rows in groups]
    timeframe = find_timeframe(dated, options.timeframe, name.timeframe, str(path))
    if options.time_is == "close":
        sheet = sheet._replace(time=opens(sheet.time, timeframe))
    venue = options.venue or name.venue
    return tuple(_part(sheet, Series(symbol, venue, timeframe), rows) for symbol, rows in groups)


def _time_column(frame: pl.DataFrame, name: str, options: ImportOptions) -> pl.Series:
    """The column of times; a date column and a column of clock times (09:30, 093000) beside it count as one."""
    import polars as pl

    column = frame[name]
    date = next((c for c in frame.columns if plain_name(c) == "date" and c != name), None)
    if date is None or "time" in options.columns or column.dtype != pl.String:
        return column
    clock = column.str.strip_chars()
    if clock.str.contains(r"^\d{1,6}$").all():
        clock = clock.str.zfill(6)
    elif not clock.str.contains(f"^{CLOCK.pattern}$").all():
        return column
    return (frame[date].cast(pl.String).str.strip_chars() + " " + clock).alias(name)


def _need_sound_rows(sheet: _Sheet, path: Path) -> None:
    if (sheet.fault == 0).any():
        return
    reasons = Counter(FAULTS[f - 1].value for f in sheet.fault)
    found = ", ".join(f"{reason}: {count}" for reason, count in reasons.most_common())
    example = as_texts(sheet.frame, np.zeros(1, dtype=np.int64))[0]
    raise DataError(f"{path}: none of its {len(sheet.fault)} rows is a bar ({found}), as {example}", "mend the file")


def groups_of(
    frame: pl.DataFrame, column: str | None, name: FileName, options: ImportOptions, path: Path
) -> Iterator[tuple[str, Rows]]:
    """Each symbol with the indices of its rows."""
    import polars as pl

    if column is None:
        if not (options.symbol or name.symbol):
            raise DataError(f"{path}: neither a column nor its name tells the symbol", "say the symbol with `--symbol`")
        yield options.symbol or name.symbol, np.arange(frame.height)
        return
    symbols = frame[column].cast(pl.String).str.strip_chars().replace("", None)
    if symbols.null_count():
        row = int(symbols.is_null().arg_max() or 0) + 1
        raise DataError(f"{path}: {symbols.null_count()} rows have no {column} (row {row} is the first)", "fill it in")
    by_symbol = pl.DataFrame({"symbol": symbols}).with_row_index("row").group_by("symbol", maintain_order=True).all()
    wanted = options.symbol
    if wanted is not None and by_symbol.height > 1:
        by_symbol = by_symbol.filter(pl.col("symbol") == wanted)
        if by_symbol.is_empty():
            raise DataError(f"{path}: column {column} has {symbols.n_unique()} symbols, no {wanted}", "correct symbol")
    for symbol, rows in by_symbol.iter_rows():
        yield wanted or symbol, np.asarray(rows, dtype=np.int64)


def _part(sheet: _Sheet, series: Series, rows: Rows) -> Part:
    fault = sheet.fault[rows]
    sound, faulty = rows[fault == 0], rows[fault != 0]
    rejected = (
        Rejected(FAULTS[sheet.fault[i] - 1].value, sheet.source, int(i) + 1, raw)
        for i, raw in zip(faulty, as_texts(sheet.frame, faulty), strict=True)
    )
    columns = {n: c[sound] for n, c in sheet.columns.items()}
    return Part(series, sheet.source, sheet.time[sound], columns, sound + 1, tuple(rejected))


def as_texts(frame: pl.DataFrame, rows: Rows) -> list[str]:
    """Rows of a table as the file has them, each a JSON object of texts."""
    if not len(rows):
        return []
    values = frame[rows].iter_rows(named=True)
    return [json.dumps({k: None if v is None else str(v) for k, v in row.items()}) for row in values]
