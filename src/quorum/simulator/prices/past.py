"""Bars from before the run: made from the seed on demand, and ending at the price where the run began."""

from __future__ import annotations

import math
import zlib
from collections.abc import Callable, Sequence
from functools import lru_cache
from random import Random

import numpy as np
from numpy.typing import NDArray

from quorum.domain import DAY, MINUTE
from quorum.simulator.core import Listing, Session
from quorum.simulator.prices.columns import Columns, columns_of, joined

_MINUTES = DAY // MINUTE
_OLDEST = 5 * 366  # days
_PER_MINUTE = math.sqrt(MINUTE / (365 * DAY))
_KEPT = 32  # days whose minutes are kept
Sessions = Callable[[int, int], Sequence[Session]]


class Past:
    """The minutes of `listing` before `start`: bridges from day to day of a walk that ends at `price`.

    With `sessions` only the minutes within them are there.
    """

    def __init__(self, listing: Listing, price: float, start: int, seed: int, sessions: Sessions | None = None) -> None:
        self._listing = listing
        self._seed = (seed, zlib.crc32(listing.symbol.encode()))
        self._sessions = sessions
        self._ends = [price]
        self._steps = Random(f"{seed}:{listing.symbol}:days")
        self._day = lru_cache(maxsize=_KEPT)(self._made)
        self.end = start // MINUTE * MINUTE
        self.start = self.end - _OLDEST * DAY

    def minutes(self, start: int, end: int) -> Columns:
        """Minutes that open in [start, end), in order; none is older than five years."""
        start, end = max(start, self.start), min(end, self.end)
        if start >= end:
            return columns_of(())
        first, last = -(-(self.end - start) // DAY), (self.end - end) // DAY
        found = joined(*(self._day(back - 1) for back in range(first, last, -1)))
        return found.where((found.time >= start) & (found.time < end))

    def _end_of(self, back: int) -> float:
        """The price `back` days of 24 hours before the run."""
        while len(self._ends) <= back:
            moved = self._steps.gauss(0, self._listing.volatility * math.sqrt(1 / 365))
            self._ends.append(self._ends[-1] * math.exp(-moved))
        return self._ends[back]

    def _made(self, back: int) -> Columns:
        random = np.random.default_rng((*self._seed, back))
        time = self.end - (back + 1) * DAY + np.arange(_MINUTES, dtype=np.int64) * MINUTE
        path = self._path(random, math.log(self._end_of(back + 1)), math.log(self._end_of(back)))
        first, last = path[:-1], path[1:]
        reach = np.abs(random.normal(0, 0.4 * self._listing.volatility * _PER_MINUTE, _MINUTES))
        upper, lower = np.maximum(first, last), np.minimum(first, last)
        high = np.maximum(upper, self._on_tick(upper * (1 + reach)))
        low = np.minimum(lower, self._on_tick(lower * (1 - reach)))
        volume = np.maximum(np.round(random.lognormal(0, 0.6, _MINUTES) * float(self._listing.depth) / last, 6), 1e-6)
        trades = random.integers(5, 200, _MINUTES).astype(np.float64)
        made = Columns(time, first, high, low, last, volume, trades, np.round((high + low + last) / 3, 6))
        return made.where(self._open(time)) if self._sessions is not None else made

    def _path(self, random: np.random.Generator, first: float, last: float) -> NDArray[np.float64]:
        """Prices at the ends of a day's minutes, from one logarithm to the other."""
        walk = np.append(0.0, np.cumsum(random.normal(0, self._listing.volatility * _PER_MINUTE, _MINUTES)))
        slope = (last - first - walk[-1]) / _MINUTES
        return self._on_tick(np.exp(first + walk + slope * np.arange(_MINUTES + 1)))

    def _on_tick(self, prices: NDArray[np.float64]) -> NDArray[np.float64]:
        tick = float(self._listing.instrument.tick)
        on_grid: NDArray[np.float64] = np.maximum(np.round(np.round(prices / tick) * tick, 9), tick)
        return on_grid

    def _open(self, time: NDArray[np.int64]) -> NDArray[np.bool_]:
        found = self._sessions(int(time[0]) - DAY, int(time[-1]) + 1) if self._sessions else ()
        inside = np.zeros(len(time), dtype=np.bool_)
        for session in found:
            inside |= (time >= session.open) & (time < session.close)
        return inside
