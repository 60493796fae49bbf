"""Instants from whatever a file writes for a time: dates, zoned or naive times, numbers in any unit, texts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from quorum.domain import DAY, DataError, UsageError
from quorum.lake.bars import Instants
from quorum.lake.quality import Codes, Fault, code
from quorum.lake.schema import UNITS, ImportOptions
from quorum.lake.tables.stamps import from_digits, read_stamps

if TYPE_CHECKING:
    import polars as pl

_NUMBER = r"^[+-]?\d+(\.\d*)?([eE][+-]?\d+)?$"
_LIMIT = 2**63 - DAY


class Times(NamedTuple):
    """`ns` in UTC, and the fault code of each row (0 where `ns` holds); shapes (n,)."""

    ns: Instants
    fault: Codes


def read_times(column: pl.Series, options: ImportOptions, file: str) -> Times:
    """The instants of a column; rows that hold none get a fault.

    Dates stay dates (midnight UTC); naive times are UTC, or local to `options.tz`, where a time that the clocks
    skip or repeat is a fault. Numbers are seconds to nanoseconds by their size, or in `options.unit`, or 20240102
    and 20240102030405. DataError when units are mixed, day and month could be swapped, or nothing is a time.
    """
    import polars as pl

    kind = column.dtype
    where = f"{file}: column {column.name!r}"
    if kind == pl.Date:
        return _scaled(column.cast(pl.Int64), DAY)
    if isinstance(kind, pl.Datetime):
        times = _scaled(column.to_physical(), UNITS[kind.time_unit])
        return times if kind.time_zone or options.tz is None else _from_local(times, options.tz)
    if kind.is_numeric():
        return _from_numbers(column, options, where)
    if kind != pl.String:
        raise DataError(f"{where} holds {kind}, no times", "name another with `--column time=NAME`")
    text = column.str.strip_chars()
    if options.date_format and "%" in options.date_format:
        return _by_pattern(text, options, where)
    numeric = text.str.contains(_NUMBER)
    if 2 * int(numeric.sum()) >= len(text) - text.null_count() > 0:
        return _from_numbers(text, options, where)
    stamps = read_stamps(text, options.date_format, options.tz is not None, where)
    times = _checked(stamps.ns, stamps.read)
    return _from_local(times, options.tz, stamps.naive) if options.tz and stamps.naive.any() else times


def _scaled(whole: pl.Series, unit: int) -> Times:
    """Whole numbers (Int64, nulls allowed) of `unit` nanoseconds."""
    there = whole.is_not_null().to_numpy()
    values = whole.fill_null(0).to_numpy()
    fits = there & (np.abs(values) < _LIMIT // unit)
    return _checked(np.where(fits, values, 0) * unit, fits)


def _from_local(times: Times, tz: str, local: NDArray[np.bool_] | None = None) -> Times:
    """Wall-clock times of `tz` (all, or the `local` ones) as instants; skipped and repeated ones become faults."""
    import polars as pl

    wall = pl.Series(times.ns).cast(pl.Datetime("ns"))
    try:
        zoned = wall.dt.replace_time_zone(tz, ambiguous="null", non_existent="null")
        once = wall.dt.replace_time_zone(tz, ambiguous="earliest", non_existent="null")
    except pl.exceptions.PolarsError as error:
        raise UsageError(f"tz {tz!r} is no time zone", "give a name such as America/New_York or UTC") from error
    lost = zoned.is_null().to_numpy()
    twice = lost & once.is_not_null().to_numpy()
    fault = np.where(twice, code(Fault.TWICE), np.where(lost, code(Fault.NEVER), 0)).astype(np.uint8)
    ns = zoned.dt.convert_time_zone("UTC").to_physical().fill_null(0).to_numpy()
    wanted = times.fault == 0 if local is None else local & (times.fault == 0)
    return Times(np.where(wanted, ns, times.ns), np.where(wanted, fault, times.fault).astype(np.uint8))


def _by_pattern(text: pl.Series, options: ImportOptions, where: str) -> Times:
    import polars as pl

    try:
        read = text.str.to_datetime(str(options.date_format), strict=False, time_unit="ns", ambiguous="null")
    except pl.exceptions.PolarsError as error:
        raise UsageError(f"date_format {options.date_format!r} is no format", "see strptime") from error
    if read.null_count() == len(read):
        example = text.drop_nulls().head(1).to_list()
        raise DataError(f"{where} holds {example}, nothing of the form {options.date_format}", "correct date_format")
    times = _scaled(read.to_physical(), 1)
    zoned = isinstance(read.dtype, pl.Datetime) and read.dtype.time_zone is not None
    dates_only = not any(f"%{c}" in str(options.date_format) for c in "HIMSfpTRsXcr")
    return times if zoned or dates_only or options.tz is None else _from_local(times, options.tz)


class _Form(NamedTuple):
    """A way to write a time as a number: the sizes that it has (low <= size < high), and its unit in ns or 0."""

    name: str
    low: float
    high: float
    unit: int


_FORMS = (
    _Form("dates as 20240102", 19_000_101, 21_001_232, 0),
    _Form("times as 20240102030405", 19_000_101_000_000, 21_001_232_000_000, 0),
    _Form("seconds", 1e8, 1e11, UNITS["s"]),
    _Form("milliseconds", 1e11, 1e14, UNITS["ms"]),
    _Form("microseconds", 1e14, 1e17, UNITS["us"]),
    _Form("nanoseconds", 1e17, 9.3e18, UNITS["ns"]),
)


def _from_numbers(column: pl.Series, options: ImportOptions, where: str) -> Times:
    import polars as pl

    exact = np.nan_to_num(column.cast(pl.Float64, strict=False).fill_null(0).to_numpy(), nan=0, posinf=0, neginf=0)
    size = np.abs(exact)
    unit = UNITS[options.unit] if options.unit else _recognised(size, where).unit
    there = np.isfinite(column.cast(pl.Float64, strict=False).to_numpy())
    there &= True if options.unit else _form_of(size) >= 0
    floor = np.clip(np.floor(exact), -_LIMIT, _LIMIT).astype(np.int64)
    digits = column if column.dtype == pl.String or column.dtype.is_integer() else pl.Series([None] * len(exact))
    whole = digits.cast(pl.Int64, strict=False)
    integer = np.where(whole.is_null().to_numpy(), floor, whole.fill_null(0).to_numpy())
    if unit == 0:
        return _checked(*from_digits(np.where(there, integer, 0)))
    fraction = np.where(whole.is_null().to_numpy(), exact - np.floor(exact), 0.0)
    part = np.rint(fraction * unit / 1_000).astype(np.int64) * 1_000
    fits = there & (np.abs(integer) < _LIMIT // unit)
    return _checked(np.where(fits, integer, 0) * unit + np.where(fits, part, 0), fits)


def _checked(ns: Instants, read: NDArray[np.bool_]) -> Times:
    return Times(ns, np.where(read, 0, code(Fault.NO_TIME)).astype(np.uint8))


def _form_of(size: NDArray[Any]) -> NDArray[np.int64]:
    """Index in _FORMS of each number, -1 for none."""
    return np.select([(size >= f.low) & (size < f.high) for f in _FORMS], range(len(_FORMS)), -1)


def _recognised(size: NDArray[Any], where: str) -> _Form:
    """The one form of all numbers that have one; DataError when there are two, or when none has."""
    forms = _form_of(size)
    known = [_FORMS[i] for i in np.unique(forms[forms >= 0])]
    if len(known) == 1:
        return known[0]
    if not known:
        raise DataError(f"{where} holds numbers like {size[0]:g}, no times", "say their unit: s, ms, us or ns")
    counts = ", ".join(f"{int((forms == _FORMS.index(f)).sum())} rows of {f.name}" for f in known)
    row = int(np.flatnonzero(forms != forms[forms >= 0][0])[0]) + 1
    raise DataError(f"{where} mixes {counts} (row {row} is the first that differs)", "split the file by unit")
