"""A double of this room's door, for tests and for backtests without a workspace."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from quorum.domain import NotFound, plain


class MemoryTrials:
    """Trials that live as long as their process."""

    def __init__(self) -> None:
        self._held: dict[str, Mapping[str, Any]] = {}

    def record(self, trial_id: str, family: str, inputs: Mapping[str, Any], outcome: Mapping[str, Any]) -> None:
        trial = {"trial_id": trial_id, "family": family, "inputs": plain(inputs), "outcome": plain(outcome)}
        self._held.setdefault(trial_id, trial)

    def get(self, trial_id: str) -> Mapping[str, Any]:
        if trial_id not in self._held:
            raise NotFound(f"there is no trial {trial_id}", "`quorum backtest` records one")
        return self._held[trial_id]

    def count(self, family: str) -> int:
        return sum(trial["family"] == family for trial in self._held.values())
