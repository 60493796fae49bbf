"""A double of this room's door, for tests and for backtests without a workspace."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

from quorum.domain import NotFound, plain
from quorum.engine.trial import TrialRecord


class MemoryTrials:
    """Trials that live as long as their process."""

    def __init__(self) -> None:
        self._held: dict[str, TrialRecord] = {}

    def record_many(self, trials: Sequence[TrialRecord]) -> None:
        shared: dict[int, Mapping[str, Any]] = {}
        made: dict[str, TrialRecord] = {}
        for trial in trials:
            if trial.trial_id in self._held or trial.trial_id in made:
                continue
            if id(trial.inputs) not in shared:
                shared[id(trial.inputs)] = plain(trial.inputs)
            made[trial.trial_id] = replace(
                trial,
                inputs=shared[id(trial.inputs)],
                parameters=plain(trial.parameters),
                outcome=plain(trial.outcome),
            )
        self._held.update(made)

    def known(self, trial_ids: Collection[str]) -> set[str]:
        return self._held.keys() & set(trial_ids)

    def get(self, trial_id: str) -> Mapping[str, Any]:
        if trial_id not in self._held:
            raise NotFound(f"there is no trial {trial_id}", "`quorum backtest` records one")
        trial = self._held[trial_id]
        return {"trial_id": trial_id, "family": trial.family, "inputs": trial.told(), "outcome": trial.outcome}

    def count(self, family: str) -> int:
        return sum(trial.family == family for trial in self._held.values())

    def family(self, name: str) -> Sequence[TrialRecord]:
        return [trial for trial in self._held.values() if trial.family == name]
