"""Columns that planted rules are made of; all of them look back only, unless the name says otherwise."""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from quorum.domain import DAY
from quorum.lake import Bars

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def windows(x: Floats, n: int) -> Floats:
    """The last n values at each row, oldest first; NaN rows until there are n. Shape (len(x), n)."""
    padded = np.concatenate([np.full(n - 1, np.nan), x])
    return sliding_window_view(padded, n)


def mean(x: Floats, n: int) -> Floats:
    return windows(x, n).mean(axis=1)


def highest(x: Floats, n: int) -> Floats:
    return windows(x, n).max(axis=1)


def lowest(x: Floats, n: int) -> Floats:
    return windows(x, n).min(axis=1)


def spread(x: Floats, n: int) -> Floats:
    return windows(x, n).std(axis=1)


def lag(x: Floats, n: int) -> Floats:
    return np.concatenate([np.full(min(n, len(x)), np.nan), x[: max(0, len(x) - n)]])


def lead(x: Floats, n: int) -> Floats:
    """What x will be n rows later: the leak itself."""
    return np.concatenate([x[n:], np.full(min(n, len(x)), np.nan)])


def returns(bars: Bars) -> Floats:
    return np.concatenate([[0.0], np.diff(np.log(bars.close))])


def ema(x: Floats, n: int) -> Floats:
    out, held, share = np.empty(len(x)), x[0], 2 / (n + 1)
    for i, value in enumerate(x.tolist()):
        held = held + share * (value - held)
        out[i] = held
    return out


def when(condition: NDArray[np.bool_]) -> Floats:
    """1 where it holds, else 0; a comparison with NaN does not hold."""
    return condition.astype(np.float64)


def side(x: Floats) -> Floats:
    """The sign of x, 0 for NaN."""
    return np.sign(np.nan_to_num(x))


def within(x: Floats) -> Floats:
    """x as a weight: NaN is 0, the rest cut to -1..1."""
    return np.clip(np.nan_to_num(x), -1.0, 1.0)


def groups(key: Ints) -> Ints:
    """0, 1, 2, ... for each run of equal keys."""
    return np.concatenate([[0], np.cumsum(np.diff(key) != 0)])


def days(bars: Bars) -> Ints:
    return groups(bars.time // DAY)


def last_of(x: Floats, group: Ints) -> Floats:
    """The last x of each row's whole group: unknown before the group is over."""
    ends = np.append(np.flatnonzero(np.diff(group)), len(group) - 1)
    return x[ends][group]


def best_of(x: Floats, group: Ints) -> Floats:
    """The largest x of each row's whole group."""
    starts = np.concatenate([[0], np.flatnonzero(np.diff(group)) + 1])
    return np.maximum.reduceat(x, starts)[group]


def best_so_far(x: Floats, group: Ints) -> Floats:
    """The largest x of each row's group up to the row."""
    out = x.copy()
    for i in range(1, len(x)):
        if group[i] == group[i - 1]:
            out[i] = max(out[i], out[i - 1])
    return out


def before(x: Floats, group: Ints) -> Floats:
    """Of the group before each row's own: its last x, NaN in the first group."""
    ends = np.append(np.flatnonzero(np.diff(group)), len(group) - 1)
    return np.concatenate([[np.nan], x[ends]])[group]
