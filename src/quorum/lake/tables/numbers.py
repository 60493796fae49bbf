"""Prices and volumes from columns of any numeric type, or from text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from quorum.lake.bars import Floats

if TYPE_CHECKING:
    import polars as pl

_WITH_COMMA = r"^[+-]?\d+,\d+$"
_NO_THOUSANDS = r",(\d{1,2}|\d{4,})$"


def read_numbers(frame: pl.DataFrame, names: Mapping[str, str]) -> dict[str, Floats]:
    """The columns that `names` gives for canonical names as float64, NaN where there is no number.

    A decimal comma is read where one value proves that commas part no thousands. A volume column without any
    number counts as absent.
    """
    commas = _decimal_commas([frame[name] for name in names.values()])
    columns = {n: _floats(frame[name], commas) for n, name in names.items()}
    if "volume" in columns and np.isnan(columns["volume"]).all():
        del columns["volume"]
    return columns


def _decimal_commas(columns: list[pl.Series]) -> bool:
    import polars as pl

    texts = [c.str.strip_chars() for c in columns if c.dtype == pl.String]
    return any(t.filter(t.str.contains(_WITH_COMMA)).str.contains(_NO_THOUSANDS).any() for t in texts)


def _floats(column: pl.Series, commas: bool) -> Floats:
    import polars as pl

    kind = column.dtype
    if isinstance(kind, pl.Decimal) and kind.precision is not None and kind.precision > 15:
        column = column.cast(pl.String)  # its whole number would be rounded before it is scaled
    if column.dtype == pl.String:
        column = column.str.strip_chars()
        column = column.str.replace(",", ".", literal=True) if commas else column
    elif not (column.dtype.is_numeric() or column.dtype == pl.Null):
        return np.full(len(column), np.nan)
    numbers: Floats = column.cast(pl.Float64, strict=False).fill_null(float("nan")).to_numpy()
    return numbers
