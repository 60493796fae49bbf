"""Lakes in memory for the tests of tasks: bars made here, and a desk that looks at nothing else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, cast

import numpy as np

from quorum.desk import Desk
from quorum.desk.work import Assignment, run_task
from quorum.domain import DAY, HOUR, Timeframe, parse_instant
from quorum.lake import Bars, Lake, MemoryLake, SeriesInfo, synthetic_market

START = parse_instant("2024-01-01")  # a Monday
AN_HOUR, A_DAY = Timeframe(HOUR), Timeframe(DAY)


class DrawnLake(MemoryLake):
    """Bars in memory that can be listed as those of a lake on disk."""

    def __init__(self, *bars: Bars) -> None:
        super().__init__(*bars)
        self._each = bars

    def bars(
        self,
        symbol: str,
        timeframe: Timeframe,
        venue: str | None = None,
        revision: int | None = None,
        funding_revision: int | None = None,
    ) -> Bars:
        return super().bars(symbol, timeframe, venue, revision)

    def series(self) -> tuple[SeriesInfo, ...]:
        """Every series, in the order given."""
        return tuple(
            SeriesInfo(
                b.symbol,
                b.venue,
                b.timeframe,
                "24/7",
                b.closes_only,
                b.price_decimals,
                len(b),
                int(b.time[0]),
                int(b.time[-1]),
                b.revision,
            )
            for b in self._each
        )


def looking_at(desk: Desk, *bars: Bars) -> Desk:
    """The desk with a lake that has these bars alone."""
    return replace(desk, lake=cast("Lake", DrawnLake(*bars)))


def closes(values: Sequence[float], symbol: str = "BTCUSDT", length: Timeframe = AN_HOUR, start: int = START) -> Bars:
    """Bars with these closes, whose opens are the closes before them and whose wicks reach 0.5 beyond."""
    close = np.array(values, dtype=np.float64)
    before = np.concatenate([close[:1], close[:-1]])
    high, low = np.maximum(before, close) + 0.5, np.minimum(before, close) - 0.5
    time = start + np.arange(len(close), dtype=np.int64) * length.nanoseconds
    volume = np.full(len(close), 10.0)
    return Bars(symbol, "sim", length, time, close, before, high, low, volume, price_decimals=2)


def candles(rows: Sequence[tuple[float, float, float, float]], length: Timeframe = AN_HOUR) -> Bars:
    """Bars of (open, high, low, close)."""
    table = np.array(rows, dtype=np.float64)
    time = START + np.arange(len(table), dtype=np.int64) * length.nanoseconds
    parts = {name: table[:, k].copy() for k, name in enumerate(("open", "high", "low", "close"))}
    return Bars("BTCUSDT", "sim", length, time, **parts, volume=np.full(len(table), 1.0), price_decimals=2)


def market(count: int, length: Timeframe = AN_HOUR, symbol: str = "BTCUSDT", seed: int = 4) -> Bars:
    """A made-up market."""
    made = synthetic_market(seed, [symbol], length, START, count)[symbol]
    return replace(made, venue="sim")


def assignment(task: str, as_of: int, inputs: Mapping[str, Any] | None = None, **params: Any) -> Assignment:
    """A call of `task` about BTCUSDT in hours, unless the params say otherwise."""
    told = {"symbol": "BTCUSDT", "timeframe": "1h", **params}
    return Assignment("W/step/task", "W", task, "agent", as_of, told, inputs or {})


def answer(
    desk: Desk, task: str, as_of: int, inputs: Mapping[str, Any] | None = None, **params: Any
) -> Mapping[str, Any]:
    """The task's answer by way of the table."""
    return run_task(desk, task, assignment(task, as_of, inputs, **params))


def end_of(bars: Bars) -> int:
    """The instant at which the newest bar closed."""
    return int(bars.time[-1]) + bars.timeframe.nanoseconds


def without(value: Any, *names: str) -> Any:
    """The value without the keys of these names, at any depth."""
    if isinstance(value, Mapping):
        return {k: without(v, *names) for k, v in value.items() if k not in names}
    return [without(v, *names) for v in value] if isinstance(value, list) else value
