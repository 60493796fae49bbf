"""Searching window by window: candidates that a search found in the training days, and in nothing later."""

from __future__ import annotations

import numpy as np

from quorum.domain import DAY
from quorum.engine import Sweep, Trials, search, sweep
from quorum.signals import AnyStrategy
from quorum.stats import Span
from quorum.validation.walkforward.choice import Search


def search_each(tried: Sweep, strategy: AnyStrategy, trials: Trials | None, tries: int, seed: int = 0) -> Search:
    """A search of `tries` combinations for each window of `tried`, on the bars of its training days and the warm-up
    of the default parameters before them.

    Every try is a trial of those bars. UsageError when no combination fits so few.
    """
    warmup = strategy.warmup({p.name: p.default for p in strategy.parameters})

    def find(span: Span) -> Sweep:
        bars = tried.bars
        first = int(np.searchsorted(bars.time, tried.day[span.start]))
        stop = int(np.searchsorted(bars.time, int(tried.day[span.stop - 1]) + DAY))
        past = bars.slice(max(first - warmup, 0), stop)
        found = search(past, strategy, tried.terms, trials, tries, seed)
        return sweep(bars, strategy, found.combinations, tried.terms, None)

    return find
