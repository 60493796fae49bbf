"""A strategy's targets, bar by bar: each closed bar is stepped once, and after a restart the same state comes again."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np

from quorum.domain import InvalidSignal, Row, iso
from quorum.lake import Bars, Panel
from quorum.signals import NO_EXIT, Exit, Number, Portfolio, Strategy, guard

NAN = float("nan")


class Stand(NamedTuple):
    """What a strategy wants of a symbol after the bar that closed at `closed` (ns UTC), whose close is `price`.

    `decided` is the close of the bar at which its target became `weight`, 0 for never. `stop` and `target` are the
    levels for the bar to come, NaN for none. `left` says which level was reached since the decision: stop, target.
    """

    symbol: str
    closed: int
    decided: int
    weight: float
    price: float
    stop: float = NAN
    target: float = NAN
    left: str = ""


class Watched:
    """The exits of one decision, as the backtest leaves them: from the open after it, by levels of the close before."""

    def __init__(self) -> None:
        self.left = ""
        self._side, self._best = 0.0, NAN

    def decide(self, weight: float) -> None:
        """A new target; what goes to the other side, or back in after an exit, is a new entry."""
        side = float(np.sign(weight))
        if side != self._side or self.left:
            self._side, self._best = side, NAN
        self.left = ""

    def take(self, row: Row, exits: Exit) -> None:
        """Let a bar's inside reach the levels that were known at the close before it."""
        if not self._side or self.left:
            return
        start, high, low = (row.close if value != value else value for value in (row.open, row.high, row.low))
        self._best = start if self._best != self._best else self._best
        worst, most = (low, high) if self._side > 0 else (high, low)
        if self._side * (worst - self.stop(exits)) <= 0:
            self.left = "stop"
        elif self._side * (most - exits.target) >= 0:
            self.left = "target"
        self._best = max(self._best, high) if self._side > 0 else min(self._best, low)

    def stop(self, exits: Exit, price: float = NAN) -> float:
        """The tighter of the stop and of one that trails the best price, `price` before any; NaN for none."""
        best = price if self._best != self._best else self._best
        trailing = best - self._side * exits.trail
        if trailing != trailing:
            return exits.stop
        if exits.stop != exits.stop:
            return trailing
        return max(exits.stop, trailing) if self._side > 0 else min(exits.stop, trailing)


class BarStream:
    """One symbol's stream; bars that are not those that were seen, with more behind them, begin it anew."""

    def __init__(self, strategy: Strategy, params: Mapping[str, Number]) -> None:
        self._strategy: Any = guard(strategy)
        self._params = params
        self._seen: Bars | None = None
        self._state: Any = None
        self._weight, self._decided, self._exits = 0.0, 0, NO_EXIT
        self._watched = Watched()

    def advance(self, bars: Bars) -> Stand:
        """Where it stands after the newest of `bars`, all of them closed. InvalidSignal for a target that is none."""
        if self._seen is None or not _goes_on(self._seen, bars):
            self._begin(bars)
        first = 0 if self._seen is None else len(self._seen)
        length = bars.timeframe.nanoseconds
        self._seen = None  # a strategy that breaks half-way begins anew
        for row in _rows(bars, first):
            self._watched.take(row, self._exits)
            self._state, (weight, self._exits) = self._strategy.step(self._state, row)
            if weight != self._weight:
                _check(self._strategy.name, weight, bars.symbol, row.time)
                self._weight, self._decided = weight, row.time + length
                self._watched.decide(weight)
        self._seen = bars
        price, closed = float(bars.close[-1]), int(bars.time[-1]) + length
        levels = (self._watched.stop(self._exits, price), self._exits.target)
        return Stand(bars.symbol, closed, self._decided, self._weight, price, *levels, self._watched.left)

    def _begin(self, bars: Bars) -> None:
        self._seen, self._state = None, self._strategy.start(bars, self._params)
        self._weight, self._decided, self._exits = 0.0, 0, NO_EXIT
        self._watched = Watched()


class PanelStream:
    """A portfolio's stream: its answers are decisions about every symbol that they name."""

    def __init__(self, strategy: Portfolio, params: Mapping[str, Number]) -> None:
        self._strategy: Any = guard(strategy)
        self._params = params
        self._seen: Panel | None = None
        self._state: Any = None
        self._weights: list[tuple[float, int]] = []

    def advance(self, panel: Panel) -> list[Stand]:
        """Where it stands in each symbol after the newest row of `panel`."""
        if self._seen is None or not _goes_on(self._seen, panel):
            self._seen, self._state = None, self._strategy.start(panel, self._params)
            self._weights = [(0.0, 0)] * len(panel.symbols)
        length, first = panel.timeframe.nanoseconds, 0 if self._seen is None else len(self._seen)
        self._seen = None  # a strategy that breaks half-way begins anew
        for i in range(first, len(panel)):
            row = panel.row(i)
            self._state, answer = self._strategy.step(self._state, row)
            for j, weight in enumerate(() if answer is None else np.asarray(answer, dtype=np.float64).tolist()):
                if weight == weight:
                    _check(self._strategy.name, weight, panel.symbols[j], row.time)
                    self._weights[j] = (weight, row.time + length)
        self._seen = panel
        closed = int(panel.time[-1]) + length
        return [
            Stand(symbol, closed, decided, weight, _last(panel, j))
            for j, (symbol, (weight, decided)) in enumerate(zip(panel.symbols, self._weights, strict=True))
        ]


def _last(panel: Panel, j: int) -> float:
    """The newest close of a symbol; NaN before its first."""
    there = np.flatnonzero(~np.isnan(panel.close[:, j]))
    return float(panel.close[there[-1], j]) if len(there) else math.nan


def _goes_on(seen: Bars | Panel, now: Bars | Panel) -> bool:
    """Whether `now` is what was seen, with more behind it."""
    if len(now) < len(seen) or (seen.symbol, seen.price_decimals) != (now.symbol, now.price_decimals):
        return False
    before, after = seen.columns(), now.columns()
    return before.keys() == after.keys() and all(
        np.array_equal(column, after[name][: len(seen)], equal_nan=name != "time") for name, column in before.items()
    )


def _rows(bars: Bars, first: int) -> Iterator[Row]:
    """The bars from `first` on as plain numbers."""
    fresh = bars.slice(first, len(bars))
    absent = np.full(len(fresh), math.nan)
    columns = [getattr(fresh, name) for name in ("open", "high", "low", "close", "volume")]
    funding = np.zeros(len(fresh)) if fresh.funding is None else fresh.funding
    filled = [absent if column is None else column for column in columns]
    return map(Row, fresh.time.tolist(), *(column.tolist() for column in filled), funding.tolist())


def _check(name: str, weight: float, symbol: str, at: int) -> None:
    if not abs(weight) <= 1.0:
        found = f"{name} wants {weight} of {symbol} at the close of the bar of {iso(at)}"
        raise InvalidSignal(found, "a target is a number within -1..1")
