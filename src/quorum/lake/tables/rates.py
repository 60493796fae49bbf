"""Funding rates as files hold them: one settlement a row."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from quorum.domain import HOUR, MINUTE, DataError, Timeframe
from quorum.lake.bars import Floats, Instants
from quorum.lake.quality import FAULTS, Codes, Fault, code
from quorum.lake.schema import ImportOptions, NotBars, find_funding_columns, foreign_kind
from quorum.lake.series import Series
from quorum.lake.tables.names import LOCAL, FileName, read_name
from quorum.lake.tables.numbers import read_numbers
from quorum.lake.tables.reading import read_table
from quorum.lake.tables.sheet import Part, Rejected, as_texts, groups_of
from quorum.lake.tables.times import read_times

if TYPE_CHECKING:
    import polars as pl

SETTLED = Timeframe(HOUR)
_WORD = re.compile(r"(^|[-_. ]+)funding([-_ ]?rates?)?([-_ ]?history)?$", re.IGNORECASE)
_PERCENT = r"^[+-]?[\d.,]+([eE][+-]?\d+)?\s*%$"


class NotFunding(NotBars):
    """A table of another kind than funding rates."""


def read_rates(path: Path, source: str, options: ImportOptions) -> tuple[Part, ...]:
    """The settlements of each symbol in the table at `path`, which reports call `source`; their column is `rate`.

    A time up to a minute after a full hour counts as that hour, since venues stamp what they have settled some
    milliseconds late. Texts such as 0.0100% are percents. NotFunding for a table without a rate, DataError for one
    that does not tell its symbol or its times.
    """
    frame = read_table(path)
    if foreign_kind(frame.columns) != "funding rates" and "rate" not in options.columns:
        raise NotFunding(
            f"{path}: holds no funding rates (columns {', '.join(frame.columns)})",
            "name the rate with `--column rate=NAME` if it has one, or import it as bars",
        )
    names = find_funding_columns(frame.columns, options, str(path))
    times = read_times(frame[names["time"]], options, str(path))
    rate = _fractions(frame, names["rate"])
    fault = np.where(times.fault != 0, times.fault, _faults(rate))
    name = _named(read_name(path))
    venue = options.venue or name.venue
    time = _settled(times.ns)
    parts = []
    for symbol, rows in groups_of(frame, names.get("symbol"), name, options, path):
        sound, faulty = rows[fault[rows] == 0], rows[fault[rows] != 0]
        texts = zip(faulty, as_texts(frame, faulty), strict=True)
        rejected = tuple(Rejected(FAULTS[fault[i] - 1].value, source, int(i) + 1, text) for i, text in texts)
        parts.append(
            Part(Series(symbol, venue, SETTLED), source, time[sound], {"rate": rate[sound]}, sound + 1, rejected)
        )
    if not any(len(part.time) for part in parts):
        raise DataError(f"{path}: none of its {frame.height} rows is a funding rate", "mend the file")
    return tuple(parts)


def _named(name: FileName) -> FileName:
    """What a file's name tells without the word funding: BTCUSDT.binance_usdm.funding is at binance_usdm."""
    return FileName(_WORD.sub("", name.symbol), _WORD.sub("", name.venue) or LOCAL, name.timeframe)


def _fractions(frame: pl.DataFrame, name: str) -> Floats:
    import polars as pl

    column = frame[name]
    text = column.str.strip_chars() if column.dtype == pl.String else None
    if text is None or not text.drop_nulls().str.contains(_PERCENT).any():
        return read_numbers(frame, {"rate": name})["rate"]
    percent = text.str.contains(_PERCENT).fill_null(False).to_numpy()
    rate = read_numbers(frame.with_columns(text.str.strip_chars_end(" %").alias(name)), {"rate": name})["rate"]
    return np.where(percent, np.round(rate / 100.0, 12), rate)


def _faults(rate: Floats) -> Codes:
    wrong = np.where(np.abs(rate) < 1.0, 0, code(Fault.NO_FRACTION))
    return np.where(np.isfinite(rate), wrong, code(Fault.NO_RATE)).astype(np.uint8)


def _settled(time: Instants) -> Instants:
    late = time % HOUR
    return np.where(late < MINUTE, time - late, time)
