"""Times written as text: one form a column, ISO 8601 and its relatives, with offset or without."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from quorum.domain import DAY, HOUR, MINUTE, SECOND, DataError
from quorum.lake.bars import Instants

if TYPE_CHECKING:
    import polars as pl

_CLOCK = (
    r"(?:(?:[T, ]|, )\s*(?<h>\d{1,2}):?(?<mi>\d{2})(?::?(?<s>\d{2})(?:[.,](?<f>\d{1,9}))?)?"
    r"\s*(?<half>[AaPp][Mm])?\s*(?<zone>[Zz]|(?:UTC|GMT)?[+-]\d{2}(?::?\d{2})?|UTC|GMT)?)?"
)
_DATES = {
    "ymd": r"(?<y>\d{4})[-/.](?<mo>\d{1,2})[-/.](?<d>\d{1,2})",
    "compact": r"(?<y>\d{4})(?<mo>\d{2})(?<d>\d{2})",
    "dots": r"(?<d>\d{1,2})\.(?<mo>\d{1,2})\.(?<y>\d{4})",
    "dmy": r"(?<d>\d{1,2})[-/.](?<mo>\d{1,2})[-/.](?<y>\d{4})",
    "mdy": r"(?<mo>\d{1,2})[-/.](?<d>\d{1,2})[-/.](?<y>\d{4})",
}
_SAMPLE = 2_000
_YEARS = (1678, 2261)


class Stamps(NamedTuple):
    """`ns` of each text, whether it could be `read`, and whether it is a `naive` clock time; shapes (n,).

    Naive ones are counted as if they were UTC; a date alone is not naive.
    """

    ns: Instants
    read: NDArray[np.bool_]
    naive: NDArray[np.bool_]


def read_stamps(text: pl.Series, date_format: str | None, zone_known: bool, where: str) -> Stamps:
    """The instants of a column of texts, all of one form; `date_format` is dmy, mdy or None.

    DataError when no form fits, when day and month could be swapped, or when only some rows have an offset and
    the zone of the others is not known.
    """
    parts = text.str.extract_groups(f"^{_DATES[_form(text, date_format, where)]}{_CLOCK}$").struct.unnest()
    fields = {n: _whole(parts[n]) for n in ("y", "mo", "d", "h", "mi", "s")}
    ns, read = assemble(_in_24_hours(fields, parts["half"]))
    fraction = parts["f"].fill_null("").str.pad_end(9, "0")
    offset, zoned = _offsets(parts["zone"])
    naive = read & ~zoned & parts["h"].is_not_null().to_numpy()
    if naive.any() and bool((read & zoned).any()) and not zone_known:
        raise DataError(
            f"{where} has {int(naive.sum())} times without offset among others with one", "say their zone with tz"
        )
    return Stamps(np.where(read, ns + _whole(fraction) - offset, 0), read, naive)


def _form(text: pl.Series, date_format: str | None, where: str) -> str:
    """The name of the form in _DATES that fits the most texts."""
    rows = text.drop_nulls()
    sample = rows.gather_every(max(1, len(rows) // _SAMPLE))
    if date_format is not None:
        candidates: tuple[str, ...] = ("ymd", "compact", date_format)
    else:
        candidates = ("ymd", "compact", "dots", "dmy")
    counts = {form: int(sample.str.contains(f"^{_DATES[form]}{_CLOCK}$").sum()) for form in candidates}
    best = max(candidates, key=lambda form: counts[form])
    if not counts[best]:
        example = repr(rows[0]) if len(rows) else "nothing"
        raise DataError(f"{where} holds {example}, no time that is known", "give date_format, as %d.%m.%y %H:%M")
    return _day_first_or_month_first(rows, where) if best == "dmy" and date_format is None else best


def _day_first_or_month_first(rows: pl.Series, where: str) -> str:
    """dmy or mdy, where a number above 12 proves it; else DataError."""
    parts = rows.str.extract_groups(r"^(?<a>\d{1,2})[-/.](?<b>\d{1,2})[-/.]").struct.unnest()
    first, second = (bool((_whole(parts[n]) > 12).any()) for n in ("a", "b"))
    if first == second:
        found = "dates that contradict each other" if first else "dates whose day and month could be swapped"
        raise DataError(f"{where} holds {found}, as {rows[0]!r}", "give date_format: dmy or mdy")
    return "dmy" if first else "mdy"


def _whole(column: pl.Series) -> Instants:
    """Digits as int64, 0 where there are none."""
    import polars as pl

    numbers: Instants = column.cast(pl.Int64, strict=False).fill_null(0).to_numpy()
    return numbers


def _in_24_hours(fields: dict[str, Instants], half: pl.Series) -> dict[str, Instants]:
    if half.null_count() == len(half):
        return fields
    halves = half.str.to_lowercase().fill_null("")
    shifted = fields["h"] % 12 + np.where((halves == "pm").to_numpy(), 12, 0)
    return {**fields, "h": np.where((halves == "").to_numpy(), fields["h"], shifted)}


def _offsets(zone: pl.Series) -> tuple[Instants, NDArray[np.bool_]]:
    """Offsets from UTC in ns, and which rows have one."""
    zoned = zone.is_not_null().to_numpy()
    if not zoned.any():
        return np.zeros(len(zone), dtype=np.int64), zoned
    parts = zone.fill_null("").str.extract_groups(r"(?<sign>[+-])(?<h>\d{2}):?(?<m>\d{2})?").struct.unnest()
    size = _whole(parts["h"]) * HOUR + _whole(parts["m"]) * MINUTE
    return np.where((parts["sign"].fill_null("+") == "-").to_numpy(), -size, size), zoned


def assemble(fields: dict[str, Instants]) -> tuple[Instants, NDArray[np.bool_]]:
    """ns of calendar fields y, mo, d, h, mi, s (shapes (n,)), and which rows are real dates and times."""
    year, month, day = fields["y"], fields["mo"], fields["d"]
    sane = (year >= _YEARS[0]) & (year <= _YEARS[1]) & (month >= 1) & (month <= 12)
    months = np.where(sane, (year - 1970) * 12 + month - 1, 0)
    start, end = _month_start(months), _month_start(months + 1)
    read = sane & (day >= 1) & (day <= end - start)
    read &= (fields["h"] < 24) & (fields["mi"] < 60) & (fields["s"] < 60)
    ns = (start + day - 1) * DAY + fields["h"] * HOUR + fields["mi"] * MINUTE + fields["s"] * SECOND
    return np.where(read, ns, 0), read


def _month_start(months: NDArray[Any]) -> Instants:
    """Days from 1970-01-01 to the first of each month, months counted from January 1970."""
    return months.astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)


def from_digits(numbers: Instants) -> tuple[Instants, NDArray[np.bool_]]:
    """ns of whole numbers such as 20240102 or 20240102030405, and which of them are real."""
    clock = np.where(numbers > 10**8, numbers % 10**6, 0)
    date = np.where(numbers > 10**8, numbers // 10**6, numbers)
    fields = {"y": date // 10_000, "mo": date // 100 % 100, "d": date % 100}
    return assemble({**fields, "h": clock // 10_000, "mi": clock // 100 % 100, "s": clock % 100})
