"""Where to cut a market, and other futures after the cut: leaks show at few bars, and those come first."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from quorum.domain import DAY
from quorum.lake import Panel
from quorum.validation.lookahead.answers import Answers, Data

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
MORE = 40


def choose_cuts(data: Data, full: Answers, warmup: int, seed: int, count: int) -> list[int]:
    """`count` different cuts: a cut t lets rows 0 to t - 1 be known, `warmup` or more of them.

    A quarter each where targets change, where days begin, inside days, and at random; the first end of the warm-up
    comes before all of them. Fewer where the market has fewer bars.
    """
    n, rng = len(data), np.random.default_rng([seed, n_of(data)])
    low = max(1, warmup)
    changes = full.changes()
    opens = np.flatnonzero(np.diff(data.time // DAY) > 0) + 1
    wishes = [
        _some(np.concatenate([changes + 1, changes]), rng),
        _some(opens, rng),
        _some(_inside(opens, n), rng),
        rng.permutation(np.arange(low, n)).tolist(),
    ]
    first = [low, low + 1, low + 2, n - 1]
    return _in_turn(first, wishes, range(low, n), count)


def n_of(data: Data) -> int:
    """A number that differs from market to market, so that they are not cut at the same bars."""
    return len(data) ^ (int(data.time[0]) & 0xFFFF if len(data) else 0)


def every_other(taken: Iterable[int], n: int, warmup: int, seed: int) -> list[int]:
    """All the cuts that were not taken, in no order."""
    rest = np.setdiff1d(np.arange(max(1, warmup), n), np.fromiter(taken, np.int64))
    chosen: list[int] = np.random.default_rng(seed).permutation(rest).tolist()
    return chosen


def _some(rows: Ints, rng: np.random.Generator) -> list[int]:
    chosen: list[int] = rng.permutation(rows).tolist()
    return chosen


def _inside(opens: Ints, n: int) -> Ints:
    """The middle of each day."""
    middle: Ints = (opens + np.append(opens[1:], n) + 1) // 2
    return middle


def _in_turn(first: list[int], wishes: list[list[int]], allowed: range, count: int) -> list[int]:
    """The first ones, then one of each list in turn, each once, until there are enough."""
    chosen = dict.fromkeys(c for c in first if c in allowed)
    longest = max(map(len, wishes))
    for i in range(longest):
        for wish in wishes:
            if i < len(wish) and wish[i] in allowed:
                chosen[wish[i]] = None
        if len(chosen) >= count:
            break
    return list(chosen)[:count]


class Future(NamedTuple):
    """What was put after the cut, and the whole."""

    kind: str
    data: Data


def other_futures(data: Data, cut: int, rng: np.random.Generator) -> Iterator[Future]:
    """Noise as long as the real future, then leaps of a factor of three, then noise that goes on for longer."""
    rest = len(data) - cut
    noise = 0.02 * rng.standard_normal((rest, width(data)))
    leaps = np.log(3.0) * np.where((np.arange(rest) // 2) % 2 == 0, 1.0, -1.0)[:, None] + 0.5 * noise
    yield Future("noise", _continued(data, cut, data.time[cut:], noise))
    yield Future("leaps", _continued(data, cut, data.time[cut:], leaps))
    later = data.time[-1] + data.timeframe.nanoseconds * np.arange(1, MORE + 1)
    longer = 0.01 * rng.standard_normal((rest + MORE, width(data)))
    yield Future("a longer future", _continued(data, cut, np.concatenate([data.time[cut:], later]), longer))


def width(data: Data) -> int:
    """How many symbols."""
    return len(data.symbols) if isinstance(data, Panel) else 1


def _continued(data: Data, cut: int, time: NDArray[np.int64], moves: Floats) -> Data:
    """The rows before the cut, and rows at `time` whose closes make these log moves, shape (k, m)."""
    past = {name: column[:cut] for name, column in data.columns().items()}
    close = _last(past["close"], data) * np.exp(np.cumsum(moves, axis=0))
    opens = np.concatenate([_last(past["close"], data), close[:-1]])
    reach = 1 + np.abs(moves) / 2
    new: dict[str, Floats] = {
        "close": _on_grid(close, data),
        "open": _on_grid(opens, data),
        "high": _on_grid(np.maximum(opens, close) * reach, data),
        "low": _on_grid(np.minimum(opens, close) / reach, data),
        "volume": np.exp(5 + 100 * np.abs(moves).clip(max=0.05)),
        "funding": (moves / 50).clip(-0.003, 0.003),
    }
    joined: dict[str, Any] = {
        name: np.concatenate([column, new[name].reshape(-1, *column.shape[1:])])
        for name, column in past.items()
        if name != "time"
    }
    return replace(data, time=np.concatenate([past["time"], time]), **joined)


def _last(close: Floats, data: Data) -> Floats:
    """The last close of each symbol, 100 where it has none yet; shape (1, m)."""
    wide = close.reshape(len(close), width(data))
    known = [column[~np.isnan(column)] for column in wide.T]
    return np.array([[column[-1] if len(column) else 100.0 for column in known]])


def _on_grid(prices: Floats, data: Data) -> Floats:
    """Whole ticks of each symbol's grid, at least one; as they are where there is none."""
    out = prices.copy()
    decimals = data.price_decimals if isinstance(data.price_decimals, tuple) else (data.price_decimals,)
    for j, places in enumerate(decimals):
        if places is not None:
            out[:, j] = np.maximum(np.round(prices[:, j], places), 10.0**-places)
    return out
