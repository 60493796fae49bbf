"""The door through which every backtest is counted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol


class Trials(Protocol):
    """Every backtest of a strategy family; an identical rerun adds none."""

    def record(self, trial_id: str, family: str, inputs: Mapping[str, Any], outcome: Mapping[str, Any]) -> None:
        """Count a trial; one whose id is known changes nothing."""
        ...

    def get(self, trial_id: str) -> Mapping[str, Any]:
        """Family, inputs and outcome of a trial; NotFound when there is none."""
        ...

    def count(self, family: str) -> int:
        """How many different trials a family has had."""
        ...
