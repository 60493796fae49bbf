"""Searching window by window: candidates that a search found in the training days, and in nothing later."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from quorum.domain import DAY
from quorum.engine import Sweep, Trials, fitting, search, sweep
from quorum.signals import AnyStrategy
from quorum.stats import Span
from quorum.validation.walkforward.candidates import Combination
from quorum.validation.walkforward.choice import Search

STEP = 0.1


def search_each(tried: Sweep, strategy: AnyStrategy, trials: Trials | None, tries: int, seed: int = 0) -> Search:
    """A search of `tries` combinations for each window of `tried`, on the bars of its training days and the warm-up
    of the default parameters before them.

    Its candidates are the best that was found and its neighbours, a tenth of a parameter's search range to either
    side. Every one is a trial of those bars. UsageError when no combination fits so few.
    """
    warmup = strategy.warmup({p.name: p.default for p in strategy.parameters})

    def find(span: Span) -> Sweep:
        bars = tried.bars
        first = int(np.searchsorted(bars.time, tried.day[span.start]))
        stop = int(np.searchsorted(bars.time, int(tried.day[span.stop - 1]) + DAY))
        past = bars.slice(max(first - warmup, 0), stop)
        found = search(past, strategy, tried.terms, trials, tries, seed)
        best = found.combinations[found.best()]
        candidates, _ = fitting(past, strategy, (best, *neighbours(strategy, best)))
        sweep(past, strategy, candidates, tried.terms, trials)
        return sweep(bars, strategy, candidates, tried.terms, None)

    return find


def neighbours(strategy: AnyStrategy, combination: Combination) -> Iterator[Combination]:
    """The combination with one parameter a step lower or higher, within its bounds; a whole number by 1 at least."""
    for parameter in strategy.parameters:
        if len(parameter.search) < 2:
            continue
        value, step = combination[parameter.name], STEP * (parameter.search[-1] - parameter.search[0])
        if isinstance(parameter.default, int):
            step = max(1, round(step))
        for to in (value - step, value + step):
            if parameter.low <= to <= parameter.high:
                yield {**combination, parameter.name: to}
