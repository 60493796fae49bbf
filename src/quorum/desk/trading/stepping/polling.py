"""Newest bars from a source, asked for when the next one is due."""

from __future__ import annotations

from collections.abc import Callable, Container

from quorum.domain import MINUTE, Clock, QuorumError, Timeframe, UsageError
from quorum.lake import Lake, Series
from quorum.lake.pull import Asked, BarVendor, pull

Poll = Callable[[Series], object]
FIRST_BARS = 60
"""How many bars of a series come where the lake has none of it."""


def polls(
    lake: Lake,
    vendor: Callable[[str], BarVendor],
    clock: Clock,
    trouble: Callable[[Series, QuorumError], object],
    minutes: Container[str] = (),
) -> Poll:
    """Brings a series' newest closed bars into the lake, once its next bar is closed; `vendor` is asked by symbol.

    Of the symbols in `minutes` those of a minute come too, by which a simulated venue fills soon after an order came.
    What cannot be had is told, and the bars that are there do for now.
    """

    def poll(series: Series) -> None:
        try:
            if _is_due(lake, series, clock.now()):
                _bring(series)
            each = Series(series.symbol, series.venue, Timeframe(MINUTE))
            if series.symbol in minutes and each != series and _is_due(lake, each, clock.now()):
                _bring(each)
        except QuorumError as error:
            trouble(series, error)

    def _bring(series: Series) -> None:
        source, info = vendor(series.symbol), lake.newest(series)
        if source.venue != series.venue:
            found = f"{series} is of {series.venue}, the source has bars of {source.venue}"
            raise UsageError(found, f"take a source of {series.venue}, or deploy on bars of {source.venue}")
        since = clock.now() - FIRST_BARS * series.timeframe.nanoseconds if info is None else info.last
        pull(lake, source, Asked(series.symbol, series.timeframe, since), clock)

    return poll


def _is_due(lake: Lake, series: Series, now: int) -> bool:
    """Whether its next bar is closed."""
    info = lake.newest(series)
    return info is None or now >= info.last + 2 * series.timeframe.nanoseconds
