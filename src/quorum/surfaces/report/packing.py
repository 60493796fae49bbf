"""Columns packed for a page: bytes by place, deflated, as text that the page's script reads back."""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Mapping
from typing import Any

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

Columns = Mapping[str, NDArray[Any]]

_LEAST = -(2**31)


def pack(columns: Columns) -> dict[str, Any]:
    """Columns by name as {"columns": [[name, kind, length]], "data": text}; float columns are exact.

    Integers travel as differences between neighbours, zigzag in 32 bits; ValueError for a step beyond that. The bytes
    of one place stand together, so that those which hardly change shrink to nothing.
    """
    kinds, planes = [], []
    for name, column in columns.items():
        whole = column.dtype.kind in "iub"
        values = _steps(column.astype(np.int64), name) if whole else column.astype("<f8")
        kinds.append([name, "i" if whole else "f", len(column)])
        planes.append(values.view(np.uint8).reshape(len(column), values.itemsize).T.tobytes())
    data = zlib.compress(b"".join(planes), 7)
    return {"columns": kinds, "data": base64.b64encode(data).decode("ascii")}


def as_script(facts: Mapping[str, Any]) -> Markup:
    """Facts as JSON that may stand in a script element, whatever the words in it."""
    text = json.dumps(facts, separators=(",", ":"), allow_nan=False)
    for sign in "<>&\u2028\u2029":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return Markup(text)  # every sign that could end the element is escaped above


def _steps(values: NDArray[np.int64], name: str) -> NDArray[np.uint32]:
    steps = np.diff(values, prepend=0)
    if len(steps) and not (steps.min() > _LEAST and steps.max() < -_LEAST):
        raise ValueError(f"column {name} has steps beyond 32 bits")
    return ((steps << 1) ^ (steps >> 63)).astype("<u4")
