"""A case: a tier's result with the bars that it saw, traded again as it was."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from quorum.domain import DAY, DataError, NotFound, Timeframe, parse_instant
from quorum.lake import Bars, BarSource, Panel
from quorum.signals import guard, is_portfolio
from quorum.validation.ladder.asked import Asked, Combination, read_given
from quorum.validation.ladder.check import combinations_of
from quorum.validation.ladder.checks import Tested
from quorum.validation.ladder.checks.universe import hold_all, trade_legs, trade_params
from quorum.validation.ladder.lot import Lot, days_of, gather
from quorum.validation.ladder.result import TierResult
from quorum.validation.ladder.tier import Ladder, Method
from quorum.validation.ladder.verdict import Failed, Inconclusive
from quorum.validation.walkforward import Floats, Ints, Leg

FEWEST_OLDER = 126


@dataclass(frozen=True, slots=True)
class Depth:
    """How much effort a round is worth: its number from 1, bootstrap paths, seconds of looking for look-ahead."""

    number: int = 1
    paths: int = 1000
    seconds: float = 20.0


@dataclass(frozen=True, eq=False)
class Case:
    """A result, its bars, and what it tested traded again; `source` has the days before its span."""

    result: TierResult
    lot: Lot
    tested: Tested
    method: Method
    source: BarSource

    @property
    def params(self) -> Combination:
        return {**self.lot.params, **self.result.params}

    @property
    def seed(self) -> int:
        return self.method.draws.seed

    @cached_property
    def market(self) -> tuple[Ints, Floats]:
        """Days (d,), and what holding the markets earned on them (d,); warm-up included."""
        return hold_all(self.lot)

    @property
    def hold(self) -> Floats:
        """The same on the days that were tested."""
        day, returns = self.market
        return returns[np.searchsorted(day, self.tested.day)]

    @cached_property
    def before(self) -> Lot | None:
        """The bars before the span, which nothing was chosen by; None with fewer than 126 days."""
        return _before(self)

    @cached_property
    def older(self) -> Tested | None:
        """What was chosen, traded on them."""
        return None if self.before is None else trade_params(self.before, self.params, self.tested.terms)

    def threshold(self, metric: str, otherwise: float) -> float:
        """What the tier asks of a metric."""
        rows = (row for row in self.result.rows if row["metric"] == metric and row["kind"] != "warning")
        return float(next((row["threshold"] for row in rows), otherwise))


@dataclass(frozen=True, slots=True)
class AsSeen:
    """Bars as they were when a result was made: its revisions, up to its last bar."""

    source: BarSource
    data: Mapping[str, Any]

    def bars(self, symbol: str, timeframe: Timeframe, venue: str | None = None, revision: int | None = None) -> Bars:
        seen = dict(zip(self.data["symbols"], self.data["revisions"], strict=True))
        wanted = seen.get(symbol.partition(".")[0]) if revision is None else revision
        return self.source.bars(symbol, timeframe, venue, wanted).between(None, self.data["last"] + 1)


def open_case(ladder: Ladder, asked: Asked, result: TierResult, source: BarSource) -> Case | Failed | Inconclusive:
    """The bars of a result as they were, and its choices traded on them again.

    `asked` is what the tier was asked. Inconclusive when the bars are gone.
    """
    if result.data["last"] is None:
        return Failed("data_unavailable", "series", 0.0, 1.0, False, "the result was made without bars")
    seen, method, rung = AsSeen(source, result.data), ladder.method, ladder.of(result.tier)
    kept = tuple(s for s in asked.symbols if s.partition(".")[0] in result.data["symbols"])
    question = replace(asked, strategy=guard(asked.strategy), symbols=kept)
    params = read_given(question.strategy, question.params)
    if isinstance(params, Failed):
        return params
    try:
        lot = gather(question, rung, method, seen, combinations_of(method, rung, question, params))
    except (DataError, NotFound) as error:
        return Failed("data_unavailable", "series", 0.0, 1.0, False, str(error))
    if not isinstance(lot, Lot):
        return lot
    return Case(result, lot, _again(result, lot, method), method, source)


def _before(case: Case) -> Lot | None:
    """The bars before the span of the case, warm-up first; None when fewer than 126 days are left."""
    lot, warmup = case.lot, guard(case.lot.strategy).warmup(case.params)
    before = [case.source.bars(b.symbol, b.timeframe, b.venue, b.revision).between(None, lot.start) for b in lot.series]
    enough = [b for b in before if len(b) > warmup and len(days_of(b, _after(b, warmup))) >= FEWEST_OLDER]
    if not enough or (is_portfolio(lot.strategy) and len(enough) < len(lot.series)):
        return None
    start = max(_after(b, warmup) for b in enough)
    markets = (Panel.of(enough),) if is_portfolio(lot.strategy) else tuple(enough)
    found = days_of(max(markets, key=len), start)
    if len(found) < FEWEST_OLDER:
        return None
    return replace(lot, markets=markets, series=tuple(enough), start=int(found[0]), end=lot.start, days=len(found))


def _after(bars: Bars, warmup: int) -> int:
    """The first midnight behind the warm-up."""
    return -(-int(bars.time[warmup]) // DAY) * DAY


def _again(result: TierResult, lot: Lot, method: Method) -> Tested:
    """The legs of a walk, or one set of parameters over the span."""
    windows = result.details.get("windows", ())
    if windows and "parameters" in windows[0]:
        legs = [Leg(parse_instant(w["first"]), parse_instant(w["last"]) + DAY, w["parameters"]) for w in windows]
        return trade_legs(lot, legs, method.terms)
    return trade_params(lot, {**lot.params, **result.params}, method.terms)
