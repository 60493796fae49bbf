"""Rows of JSON to a page of bars."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from quorum.adapters.rest.answer import Answer, no_bars
from quorum.domain import UsageError
from quorum.lake.pull import COLUMNS, Page

_RANGE = (-(2**62), 2**62)


def page_of(
    answer: Answer, rows: Any, fields: Sequence[int | str], open_of: Callable[[Any], int], upto: Callable[[int], int]
) -> Page:
    """The page that `rows` hold: `fields` are time, open, high, low, close, volume; `open_of` turns a time into ns UTC.

    `upto` is given the latest open of the page, or -1 for none. A price that is no number becomes NaN; DataError for
    rows of another shape.
    """
    if not isinstance(rows, list):
        raise no_bars(answer)
    try:
        picked = [[row[f] for f in fields] for row in rows]
        time = np.array([_instant(open_of(row[0])) for row in picked], dtype=np.int64)
    except (TypeError, KeyError, IndexError, ValueError, OverflowError, AttributeError, UsageError):
        raise no_bars(answer) from None
    values = np.array([[_number(v) for v in row[1:]] for row in picked], dtype=np.float64).reshape(-1, len(COLUMNS))
    columns = {name: np.ascontiguousarray(values[:, i]) for i, name in enumerate(COLUMNS)}
    return Page(time, columns, upto(int(time.max(initial=-1))), answer.now)


def _instant(ns: int) -> int:
    if not _RANGE[0] < ns < _RANGE[1]:
        raise ValueError(ns)
    return int(ns)


def _number(value: Any) -> float:
    if isinstance(value, bool):
        return float("nan")
    try:
        return float(value)
    except (TypeError, ValueError, OverflowError):
        return float("nan")
