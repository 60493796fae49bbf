"""Lots: the bars that a tier looks at, cut to its span, with what is missing of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np

from quorum.domain import DAY, DataError, NotFound, UsageError, content_hash
from quorum.engine import Terms
from quorum.engine.appraisal.quality import Oddity, data_quality
from quorum.lake import Bars, BarSource, Panel
from quorum.signals import AnyStrategy, guard, is_portfolio
from quorum.stats.performance import day_ends, periods_per_year
from quorum.validation.ladder.asked import Asked, Combination
from quorum.validation.ladder.tier import Method, Rung, Tier
from quorum.validation.ladder.verdict import Failed, Inconclusive
from quorum.validation.walkforward import Ints

Market = Bars | Panel
WALKED = (Tier.L2, Tier.L3)


class Quality(NamedTuple):
    """Shares of the bars that are missing, leap or suspiciously split, and stand still; the worst of the symbols."""

    missing: float = 0.0
    outliers: float = 0.0
    stale: float = 0.0


@dataclass(frozen=True, slots=True, eq=False)
class Lot:
    """What a tier looks at: `markets`, each with warm-up before `start` (ns UTC), `end` not included.

    `series` are the same bars symbol by symbol; `notes` say which symbols were left out, or have less than the span.
    `periods` daily returns make a year; `days` are those of the span.
    """

    strategy: AnyStrategy
    params: Combination
    combinations: tuple[Combination, ...]
    markets: tuple[Market, ...]
    series: tuple[Bars, ...]
    start: int
    end: int
    days: int
    periods: float
    quality: Quality
    notes: tuple[str, ...]
    provisional: bool

    def data(self) -> dict[str, Any]:
        """The bars by name, as plain values."""
        hashes = [bars.data_hash for bars in self.series]
        return {
            "symbols": [bars.symbol for bars in self.series],
            "venue": "+".join(sorted({bars.venue for bars in self.series})),
            "timeframe": str(self.series[0].timeframe),
            "revisions": [bars.revision for bars in self.series],
            "first": self.start,
            "last": max(int(bars.time[-1]) for bars in self.series),
            "rows": sum(len(bars) for bars in self.series),
            "days": self.days,
            "data_hash": hashes[0] if len(hashes) == 1 else content_hash(hashes),
            "provisional": self.provisional,
        }


def no_data(symbols: Sequence[str], venue: str | None, timeframe: str) -> dict[str, Any]:
    """The same for bars that were not there."""
    none: dict[str, Any] = {"symbols": list(symbols), "venue": venue, "timeframe": timeframe}
    empty: dict[str, Any] = {"revisions": [], "first": None, "last": None, "rows": 0, "days": 0, "data_hash": None}
    return {**none, **empty, "provisional": False}


class Span(NamedTuple):
    """How many days are wished for, and how few will do."""

    wished: int
    fewest: int


class Tail(NamedTuple):
    """The newest bars of a symbol, and what the whole says about when it ended."""

    bars: Bars
    last: int


def gather(
    asked: Asked, rung: Rung, method: Method, source: BarSource, combinations: tuple[Combination, ...]
) -> Lot | Failed | Inconclusive:
    """The bars of a tier; Failed when there are none to be had, Inconclusive when they are too few.

    A symbol without a source, with fewer days than needed, with too many bars missing or no longer traded is left
    out and named; with the primary one of a single market, or the last of many, the tier ends. DataError for a series
    that is there and cannot be read, since a file that vanishes says nothing of the strategy.
    """
    warmup = max(guard(asked.strategy).warmup(c) for c in combinations)
    many = rung.whole_universe or is_portfolio(asked.strategy)
    tails, notes = _load(asked, asked.symbols if many else asked.symbols[:1], (rung, method, warmup), source)
    if not tails:
        return Failed("data_unavailable", "series", 0.0, 1.0, False, "; ".join(notes))
    newest = max(tails, key=lambda tail: (tail.last, len(tail.bars)))
    span = _span(asked, rung, method, newest.bars)
    end = newest.last + asked.timeframe.nanoseconds
    start = _start(newest.bars, span.wished)
    kept, refused = [], []
    for tail in tails:
        found = _fit(tail, newest, (start, end), (span, warmup), method)
        if isinstance(found, Bars):
            kept.append(found)
            notes.extend(_shorter(found, start, span))
        else:
            refused.append(found)
            notes.append(f"{tail.bars.symbol} is left out: {_said(found)}")
    if not kept:
        return refused[0]
    return _lot(asked, combinations, tuple(kept), (start, end), tuple(notes))


def _lot(
    asked: Asked,
    combinations: tuple[Combination, ...],
    series: tuple[Bars, ...],
    when: tuple[int, int],
    notes: tuple[str, ...],
) -> Lot | Failed:
    strategy, (start, end) = asked.strategy, when
    markets: tuple[Market, ...] = series
    if is_portfolio(strategy):
        least, most = strategy.symbols
        if len(series) < least or (most is not None and len(series) > most):
            wanted = f"{least}" if least == most else f"{least} or more" if most is None else f"{least} to {most}"
            why = f"{strategy.name} takes {wanted} symbols, {len(series)} are there; " + "; ".join(notes)
            return Failed("unsupported_asset_type", "asset", float(len(series)), float(least), False, why)
        markets = (Panel.of(series),)
    days = np.unique(np.concatenate([days_of(bars, start) for bars in series]))
    quality = _quality([bars.between(start, end) for bars in series])
    periods = periods_per_year(max(series, key=len).time)
    return Lot(
        strategy,
        combinations[0],
        combinations,
        markets,
        series,
        int(days[0]),
        end,
        len(days),
        periods,
        quality,
        notes,
        asked.borrowed or asked.days is not None,
    )


def days_of(bars: Market, start: int) -> Ints:
    """The UTC days that occur from `start` on, as ns at midnight."""
    days: Ints = bars.time[day_ends(bars.time)] // DAY * DAY
    return days[days >= start]


def _load(
    asked: Asked, symbols: Sequence[str], how: tuple[Rung, Method, int], source: BarSource
) -> tuple[list[Tail], list[str]]:
    """The end of each series that is there, without holding the rest in memory, and a note of each that is not.

    DataError for one that is there and cannot be read: that is no word on the strategy.
    """
    tails, notes = [], []
    for symbol in symbols:
        try:
            bars = source.bars(symbol, asked.timeframe, asked.venue)
        except NotFound as error:
            notes.append(f"{symbol} is not there: {error}")
            continue
        if not len(bars):
            notes.append(f"{symbol} has no bars")
            continue
        tails.append(Tail(_tail(asked, bars, how), int(bars.time[-1])))
    return tails, notes


def _tail(asked: Asked, bars: Bars, how: tuple[Rung, Method, int]) -> Bars:
    rung, method, warmup = how
    wished = _span(asked, rung, method, bars).wished + method.delisted_days
    first = int(np.searchsorted(bars.time, _start(bars, wished))) - warmup
    return _copied(bars.slice(max(first, 0), len(bars)))


def _copied(bars: Bars) -> Bars:
    columns: dict[str, Any] = {name: column.copy() for name, column in bars.columns().items()}
    return replace(bars, **columns)


def _span(asked: Asked, rung: Rung, method: Method, bars: Bars) -> Span:
    wished = rung.days(periods_per_year(bars.time))
    fewest = wished
    if rung.tier in WALKED:
        fewest = method.fewest_days
        wished = max(wished, fewest)
    if asked.days is None:
        return Span(wished, fewest)
    return Span(min(asked.days, wished), fewest if rung.tier is Tier.L2 else min(asked.days, fewest))


def _start(bars: Bars, days: int) -> int:
    """Midnight of the first of the last `days` days that occur."""
    found = days_of(bars, 0)
    return int(found[-min(days, len(found))])


def _fit(
    tail: Tail, newest: Tail, when: tuple[int, int], need: tuple[Span, int], method: Method
) -> Bars | Failed | Inconclusive:
    """A symbol's bars within the span and its warm-up, or why it cannot be used."""
    bars, (start, end), (span, warmup) = tail.bars, when, need
    behind = (newest.last - tail.last) / DAY
    if behind > method.delisted_days:
        why = f"{bars.symbol} has ended {behind:.0f} days before {newest.bars.symbol}"
        return Failed("asset_delisted", "days_since_newest", behind, float(method.delisted_days), False, why)
    found = len(days_of(bars, start))
    if found < span.fewest:
        return Inconclusive("days", span.fewest, found)
    first = max(int(np.searchsorted(bars.time, start)) - warmup, 0)
    cut = bars.between(None, end)
    cut = cut.slice(first, len(cut))
    if len(cut) < warmup + 2:
        return Inconclusive("bars", warmup + 2, len(cut))
    present = 1.0 - _quality([cut.between(start, None)]).missing
    if present < 1.0 - method.absent:
        why = f"{bars.symbol} has {100 * present:.0f} % of its bars"
        return Failed("data_unavailable", "present", present, 1.0 - method.absent, False, why)
    return cut


def _shorter(bars: Bars, start: int, span: Span) -> list[str]:
    found = len(days_of(bars, start))
    return [f"{bars.symbol} has {found} of {span.wished} days"] if found < span.wished else []


def _said(found: Failed | Inconclusive) -> str:
    if isinstance(found, Failed):
        return found.why
    return f"{found.needed:g} {found.what} are needed, {found.found:g} are there"


def _quality(series: Sequence[Bars]) -> Quality:
    """The worst share of each kind among the symbols."""
    shares = []
    for bars in series:
        seen = data_quality(bars, Terms())
        rows, missing = len(bars), seen.count(Oddity.GAPS)
        leaps = seen.count(Oddity.OUTLIERS) + seen.count(Oddity.SPLITS)
        shares.append(Quality(missing / max(rows + missing, 1), leaps / rows, seen.count(Oddity.STALE) / rows))
    return Quality(*(max(column) for column in zip(*shares, strict=True)))


def unusable(strategy: AnyStrategy, error: Exception) -> Failed:
    """Why a strategy cannot answer on these bars: they lack what it reads, or it breaks."""
    if isinstance(error, DataError | UsageError):
        return Failed("unsupported_asset_type", "asset", None, None, False, str(error))
    return Failed("fundamental_strategy_flaw", "answers", None, None, False, f"{strategy.name} breaks: {error}")
