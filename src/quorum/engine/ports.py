"""The door through which every backtest is counted."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Protocol

from quorum.engine.trial import TrialRecord


class Trials(Protocol):
    """Every backtest of a strategy family; an identical rerun adds none."""

    def record_many(self, trials: Sequence[TrialRecord]) -> None:
        """Count trials, all of them or, after a kill or an error, none; one whose id is known changes nothing."""
        ...

    def known(self, trial_ids: Collection[str]) -> set[str]:
        """Those of the ids that are counted already."""
        ...

    def get(self, trial_id: str) -> Mapping[str, Any]:
        """Family, inputs with the parameters among them, and outcome of a trial; NotFound when there is none."""
        ...

    def count(self, family: str) -> int:
        """How many different trials a family has had."""
        ...

    def family(self, name: str) -> Sequence[TrialRecord]:
        """The trials of a family, the first counted first; one from before returns were kept has no days."""
        ...
