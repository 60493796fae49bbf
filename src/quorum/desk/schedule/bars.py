"""Bars and the clock: which bar a tick waits for, and whether it is here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from quorum.desk.schedule.due import next_due
from quorum.desk.workflows.spec import Cron
from quorum.domain import Timeframe
from quorum.lake import Lake, Series
from quorum.lake.series import readings

NewestClose = Callable[[Mapping[str, Any]], int | None]


def newest_close(lake: Lake) -> NewestClose:
    """When the newest bar of a run's symbol, timeframe and venue closed (ns UTC); None where the lake has none."""

    def newest(params: Mapping[str, Any]) -> int | None:
        symbol, length, venue = params.get("symbol"), params.get("timeframe"), params.get("venue")
        if not isinstance(symbol, str) or not isinstance(length, str):
            return None
        timeframe = Timeframe.parse(length)
        named = [Series(name, at, timeframe) for name, at in readings(symbol, venue) if at is not None]
        exact = [info.last for info in map(lake.newest, named) if info is not None]
        ends = exact or [s.last for s in lake.series(symbol) if s.timeframe == timeframe]
        return max(ends) + timeframe.nanoseconds if ends else None

    return newest


def next_wanted(cron: Cron, after: int, timeframe: Timeframe, newest: int | None) -> int | None:
    """The first tick after `after` that has a bar to wait for; None where the trigger is due no more."""
    following = next_due(cron, after)
    if following is None or awaited(cron, following, timeframe, newest) is not None:
        return following
    step = timeframe.nanoseconds
    return next_due(cron, after + step - (after - (newest or 0)) % step - 1)


def awaited(cron: Cron, due_at: int, timeframe: Timeframe, newest: int | None) -> int | None:
    """The close of the bar that a tick waits for: the last one up to `due_at`, on the grid of the newest one.

    None when an earlier tick came after that close already: nothing new has been closed since.
    """
    step = timeframe.nanoseconds
    close = due_at - (due_at - (newest or 0)) % step
    return close if next_due(cron, close - 1) == due_at else None
