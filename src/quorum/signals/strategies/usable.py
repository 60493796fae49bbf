"""Bars that a rule cannot decide on: refused by name, at the first of them."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from quorum.domain import DataError, Row, iso
from quorum.features.indicators import column
from quorum.lake import Bars


def refuse_unusable(name: str, row: Row, fields: tuple[str, ...]) -> None:
    """DataError when one of these prices of `row` is not a finite number above 0."""
    for field in fields:
        price = getattr(row, field)
        if not 0.0 < price < math.inf:
            raise DataError(
                f"the bar of {iso(row.time)} has {field} {price}, {name} needs a price above 0",
                "run `quorum data check` and leave the bar out",
            )


def usable(name: str, bars: Bars, fields: tuple[str, ...]) -> tuple[NDArray[np.float64], ...]:
    """These columns of `bars` (n,), read-only; DataError as of `refuse_unusable`, or when there is no such column."""
    refuse_closes_only(name, bars, fields)
    columns = tuple(column(getattr(bars, field)) for field in fields)
    for prices in columns:
        fine = (prices > 0.0) & (prices < math.inf)
        if not fine.all():
            refuse_unusable(name, bars.row(int(fine.argmin())), fields)
    return columns


def refuse_closes_only(name: str, bars: Bars, fields: tuple[str, ...]) -> None:
    """DataError when `bars` have closes only and more is needed."""
    if bars.closes_only and fields != ("close",):
        raise DataError(f"{bars.symbol} has closes only, {name} needs high and low", "load OHLC bars")
