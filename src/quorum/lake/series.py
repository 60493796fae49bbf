"""A series by its name: symbol, venue and timeframe, and how an incomplete name finds its series."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable
from typing import NamedTuple

from quorum.domain import NotFound, Timeframe, UsageError

_SHOWN = 8
_IMPORT = "bring bars in with `quorum data import FILE`"


class Series(NamedTuple):
    """Bars of one symbol at one venue in one timeframe; as text `BTCUSDT.binance 1h`."""

    symbol: str
    venue: str
    timeframe: Timeframe

    @property
    def name(self) -> str:
        return f"{self.symbol}.{self.venue}"

    def __str__(self) -> str:
        return f"{self.name} {self.timeframe}"


class Span(NamedTuple):
    """The opens from `start` up to, not including, `end`; ns UTC."""

    start: int
    end: int


def joined(spans: Iterable[Span]) -> tuple[Span, ...]:
    """The same opens in the fewest spans, oldest first; empty ones left out."""
    whole: list[Span] = []
    for span in sorted(s for s in spans if s.start < s.end):
        if whole and span.start <= whole[-1].end:
            whole[-1] = Span(whole[-1].start, max(whole[-1].end, span.end))
        else:
            whole.append(span)
    return tuple(whole)


def missing(wanted: Span, known: Iterable[Span]) -> tuple[Span, ...]:
    """What of `wanted` is in none of `known`, oldest first."""
    open_from, left = wanted.start, []
    for span in joined(known):
        left.append(Span(open_from, min(span.start, wanted.end)))
        open_from = max(open_from, span.end)
    return tuple(s for s in (*left, Span(open_from, wanted.end)) if s.start < s.end)


def readings(symbol: str, venue: str | None) -> tuple[tuple[str, str | None], ...]:
    """What a symbol and a venue, if given, may mean: as they stand, or `BTCUSDT.binance` split at a dot."""
    if venue is not None:
        return ((symbol, venue),)
    dots = [i for i, letter in enumerate(symbol) if letter == "." and 0 < i < len(symbol) - 1]
    return ((symbol, None), *((symbol[:i], symbol[i + 1 :]) for i in dots))


def choose(known: Collection[Series], symbol: str, timeframe: Timeframe, venue: str | None) -> Series:
    """The one series of `known` that is meant.

    NotFound, with what comes close, when there is none; UsageError when several venues have it.
    """
    for wanted, at in readings(symbol, venue):
        named = [s for s in known if s.symbol == wanted and at in (None, s.venue)]
        fitting = [s for s in named if s.timeframe == timeframe]
        if len(fitting) > 1:
            venues = ", ".join(sorted(s.venue for s in fitting))
            raise UsageError(f"{wanted} {timeframe} is there from several venues: {venues}", "say which venue")
        if fitting:
            return fitting[0]
        if named:
            lengths = ", ".join(str(t) for t in sorted({s.timeframe for s in named}))
            raise NotFound(f"{wanted} is there in {lengths}, not in {timeframe}", f"ask for one of them or {_IMPORT}")
    raise unknown(known, symbol, venue)


def unknown(known: Iterable[Series], symbol: str, venue: str | None) -> NotFound:
    """The error for a symbol (at a venue) that is not there: what comes close, else what there is."""
    names = sorted({name for s in known for name in (s.symbol, s.name)})
    asked = symbol if venue is None else f"{symbol}.{venue}"
    same = [name for name in names if name.casefold() == asked.casefold()]
    close = same or difflib.get_close_matches(asked, names, n=4, cutoff=0.6)
    if close:
        return NotFound(f"no bars of {asked} in the lake; close to it: {', '.join(close)}", _IMPORT)
    full = sorted({s.name for s in known})
    more = f" and {len(full) - _SHOWN} more" if len(full) > _SHOWN else ""
    return NotFound(f"no bars of {asked} in the lake, which has {', '.join(full[:_SHOWN]) or 'none'}{more}", _IMPORT)
