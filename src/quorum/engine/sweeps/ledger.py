"""What a sweep has found so far: its trials as they are committed, and the value at its end."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quorum.engine.backtest import inputs_of
from quorum.engine.ports import Trials
from quorum.engine.sweeps.grid import Combination
from quorum.engine.sweeps.workbench import Outcome, Workbench
from quorum.engine.terms import Terms
from quorum.engine.trial import TrialRecord, address, trial_id
from quorum.lake import Bars, Panel
from quorum.signals import family_of
from quorum.stats.performance import growth, sharpes

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
_COMMIT_EVERY = 1.0


@dataclass(frozen=True, eq=False)
class Sweep:
    """k combinations of one strategy on the same bars and terms, in the order in which they were asked for.

    `day` (d,) holds UTC midnights in ns, `returns` (k, d) the simple returns of those days; the rest has shape (k,).
    `resumed` of them were recorded before and are not run again; the trials count in `family`. `trial_ids` is None
    when nobody counts.
    """

    strategy: str
    family: str
    bars: Bars | Panel
    terms: Terms
    combinations: tuple[Combination, ...]
    day: Ints
    returns: Floats
    final_equity: Floats
    max_drawdown: Floats
    sharpe: Floats
    fills: Ints
    resumed: int = 0
    trial_ids: tuple[str, ...] | None = None
    trials_in_family: int | None = None

    def __len__(self) -> int:
        return len(self.combinations)

    def best(self) -> int:
        """The combination with the highest Sharpe ratio, the first of equals; one without a ratio comes last."""
        return int(np.argmax(np.where(np.isnan(self.sharpe), -np.inf, self.sharpe)))

    def row(self, i: int) -> dict[str, Any]:
        """Combination `i` as plain values."""
        numbers = ("sharpe", "final_equity", "max_drawdown", "fills")
        told = {name: getattr(self, name)[i].item() for name in numbers}
        return {**self.combinations[i], **told, "trial_id": self.trial_ids[i] if self.trial_ids else None}

    def ranked(self) -> Iterator[dict[str, Any]]:
        """Every row, the highest Sharpe ratio first."""
        order = np.argsort(np.where(np.isnan(self.sharpe), np.inf, -self.sharpe), kind="stable")
        return (self.row(int(i)) for i in order)


class Ledger:
    """The outcomes so far, and their trials, committed a batch at a time."""

    def __init__(
        self,
        bench: Workbench,
        trials: Trials | None,
        asked: tuple[Combination, ...],
    ) -> None:
        bars, strategy, terms = bench.bars, bench.strategy, bench.terms
        self._bench, self._trials, self._asked, self._day = bench, trials, asked, bench.day
        self._family = family_of(strategy)
        self._inputs: Mapping[str, Any] = {} if trials is None else inputs_of(bars, strategy, terms)
        common = address(self._inputs)
        self._ids = () if trials is None else tuple(trial_id(common, c) for c in asked)
        count = len(asked)
        self._returns = np.full((count, len(self._day)), np.nan)
        self._numbers = {name: np.full(count, np.nan) for name in ("final_equity", "sharpe", "max_drawdown")}
        self._fills = np.full(count, -1)
        self._fresh: list[tuple[int, Outcome]] = []
        self._committed = time.monotonic()
        if trials is not None:
            self._resume(trials)

    def _resume(self, trials: Trials) -> None:
        known = trials.known(self._ids)
        if not known:
            return
        place = {identity: i for i, identity in enumerate(self._ids)}
        for trial in trials.family(self._family):
            i = place.get(trial.trial_id)
            if i is not None and np.array_equal(trial.day, self._day):
                self._returns[i], self._fills[i] = trial.returns, int(trial.outcome["fills"])
                for name, column in self._numbers.items():
                    value = trial.outcome[name]
                    column[i] = np.nan if value is None else float(value)

    @property
    def missing(self) -> list[int]:
        """The combinations without an outcome."""
        return [int(i) for i in np.flatnonzero(self._fills < 0)]

    def keep(self, i: int, outcome: Outcome) -> None:
        """Take an outcome over; now and then commit those since the last time."""
        self._fresh.append((i, outcome))
        if time.monotonic() - self._committed > _COMMIT_EVERY:
            self.commit()

    def commit(self) -> None:
        """Work out the returns of what is finished, and record it in one commit."""
        fresh, self._fresh = self._fresh, []
        if fresh:
            at = [i for i, _ in fresh]
            levels = np.array([outcome.levels for _, outcome in fresh])
            returns = growth(levels, self._bench.terms.starting_equity)
            self._returns[at] = returns
            self._fills[at] = [outcome.fills for _, outcome in fresh]
            self._numbers["final_equity"][at] = levels[:, -1]
            self._numbers["sharpe"][at] = sharpes(returns, self._bench.periods)
            self._numbers["max_drawdown"][at] = [outcome.max_drawdown for _, outcome in fresh]
            if self._trials is not None:
                self._trials.record_many([self._record(i) for i in at])
        self._committed = time.monotonic()

    def _record(self, i: int) -> TrialRecord:
        numbers = {name: float(column[i]) for name, column in self._numbers.items()}
        total = numbers["final_equity"] / self._bench.terms.starting_equity - 1.0
        outcome = {**numbers, "total_return": total, "fills": int(self._fills[i])}
        name = self._family
        return TrialRecord(self._ids[i], name, self._inputs, self._asked[i], outcome, self._day, self._returns[i])

    def sweep(self, resumed: int) -> Sweep:
        """All of it as a value."""
        counted = self._trials is not None
        return Sweep(
            self._bench.strategy.name,
            self._family,
            self._bench.bars,
            self._bench.terms,
            self._asked,
            self._day,
            self._returns,
            **self._numbers,
            fills=self._fills,
            resumed=resumed,
            trial_ids=self._ids if counted else None,
            trials_in_family=None if self._trials is None else self._trials.count(self._family),
        )
