"""Old bars and new bars: what a batch adds, what it changes, and what comes out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Columns = dict[str, NDArray[Any]]


class Change(NamedTuple):
    """What a batch does to a series: the rows that are new or differ, how many are new, which are changed.

    `revised_old` and `revised_new` are indices of the changed bars in the old columns and in the batch.
    """

    rows: Columns
    added: int
    revised_old: NDArray[np.intp]
    revised_new: NDArray[np.intp]


def compare(old: Mapping[str, NDArray[Any]], new: Mapping[str, NDArray[Any]]) -> Change:
    """What of `new` is not in `old` as it is; both sorted by time, with the same columns."""
    at = np.searchsorted(old["time"], new["time"])
    known = np.zeros(len(new["time"]), dtype=np.bool_)
    inside = at < len(old["time"])
    known[inside] = old["time"][at[inside]] == new["time"][inside]
    differs = np.zeros_like(known)
    for name, column in new.items():
        differs[known] |= old[name][at[known]] != column[known]
    wanted = ~known | differs
    return Change({n: c[wanted] for n, c in new.items()}, int((~known).sum()), at[differs], np.flatnonzero(differs))


def overlay(old: Mapping[str, NDArray[Any]], new: Mapping[str, NDArray[Any]]) -> Columns:
    """Bars of `old` with those of `new` put in or in their place; both sorted by time."""
    if not len(old["time"]) or (len(new["time"]) and new["time"][0] > old["time"][-1]):
        return {name: np.concatenate([old[name], new[name]]) for name in old}
    kept = ~np.isin(old["time"], new["time"], assume_unique=True)
    order = np.argsort(np.concatenate([old["time"][kept], new["time"]]), kind="stable")
    return {name: np.concatenate([old[name][kept], new[name]])[order] for name in old}
