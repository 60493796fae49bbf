"""A sweep: many combinations of a strategy's parameters on the same bars, every one of them a trial."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import numpy as np

from quorum.domain import UsageError
from quorum.engine.ports import Trials
from quorum.engine.sweeps.elsewhere import Elsewhere, try_elsewhere
from quorum.engine.sweeps.grid import Combination, named
from quorum.engine.sweeps.ledger import Ledger, Sweep
from quorum.engine.sweeps.workbench import Outcome, Workbench
from quorum.engine.terms import Terms
from quorum.lake import Bars, Panel
from quorum.signals import AnyStrategy


@dataclass(frozen=True, slots=True)
class SweepOptions:
    """How a sweep runs: on how many threads (0: one a core) or else in which other processes, and whom it tells of
    (done, all) from time to time.
    """

    threads: int = 0
    elsewhere: Elsewhere | None = None
    told: Callable[[int, int], None] = field(default=lambda done, total: None)


def sweep(
    bars: Bars | Panel,
    strategy: AnyStrategy,
    combinations: Sequence[Combination],
    terms: Terms,
    trials: Trials | None,
    options: SweepOptions | None = None,
) -> Sweep:
    """Backtest every combination; each is a trial, and one that is recorded already is not run again.

    Trials are committed in batches; when the sweep is stopped or a combination fails, those that were finished are
    recorded before the error goes on. UsageError for no combination or one that the strategy does not take (named),
    else the errors of `backtest`.
    """
    if not combinations:
        raise UsageError(f"{strategy.name}: no combination to try", "give each parameter at least one value")
    asked = tuple(named(bars, strategy, combination) for combination in combinations)
    bench = Workbench(bars, strategy, terms)
    ledger = Ledger(bench, trials, asked)
    todo, options = ledger.missing, options or SweepOptions()
    done = len(asked) - len(todo)
    try:
        for i, outcome in _outcomes(bench, asked, todo, options):
            ledger.keep(i, outcome)
            done += 1
            options.told(done, len(asked))
    finally:
        ledger.commit()
    return ledger.sweep(len(asked) - len(todo))


def _outcomes(
    bench: Workbench, asked: Sequence[Combination], todo: Sequence[int], options: SweepOptions
) -> Iterator[tuple[int, Outcome]]:
    if options.elsewhere is None:
        return _try_here(bench, asked, todo, options.threads)
    return try_elsewhere(bench, asked, todo, options.elsewhere)


def _try_here(
    bench: Workbench, asked: Sequence[Combination], todo: Sequence[int], wanted: int
) -> Iterator[tuple[int, Outcome]]:
    """The outcomes of `todo`, in order; compiled code runs on several threads at once."""
    threads = min(wanted or os.cpu_count() or 1, max(len(todo), 1))
    if threads == 1:
        equity = np.empty(len(bench.bars))
        for i in todo:
            yield i, bench.try_out(asked[i], equity)
        return
    blocks = [todo[k : k + _block(len(todo), threads)] for k in range(0, len(todo), _block(len(todo), threads))]

    def run_block(block: Sequence[int]) -> list[tuple[int, Outcome]]:
        equity = np.empty(len(bench.bars))
        return [(i, bench.try_out(asked[i], equity)) for i in block]

    with ThreadPoolExecutor(threads) as pool:
        try:
            for found in pool.map(run_block, blocks):
                yield from found
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def _block(count: int, threads: int) -> int:
    return max(1, min(64, count // (4 * threads)))
