"""A trial: one backtest as it is counted, and the two-level content address by which it is known."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quorum.domain import DAY, DataError, content_hash

ASIDE = frozenset({"parameters", "revisions", "funding_revisions", "machine", "place"})


@dataclass(frozen=True, slots=True, eq=False)
class TrialRecord:
    """A trial with its daily returns, as deflated Sharpe and PBO want to see all of them.

    `inputs` is what the trials of a sweep share (one mapping for all of them, `code_hash` among it), `parameters`
    what this one varied, `outcome` its plain metrics. `day` holds UTC midnights in ns, rising, shape (d,) int64;
    `returns` the fraction gained over each of those days, shape (d,) float64. DataError when the two do not fit.
    """

    trial_id: str
    family: str
    inputs: Mapping[str, Any]
    parameters: Mapping[str, Any]
    outcome: Mapping[str, Any]
    day: NDArray[np.int64]
    returns: NDArray[np.float64]

    def __post_init__(self) -> None:
        day, returns = np.asarray(self.day, np.int64), np.asarray(self.returns, np.float64)
        if day.ndim != 1 or day.shape != returns.shape:
            raise DataError(
                f"trial {self.trial_id} has returns of shape {returns.shape} for days of shape {day.shape}",
                "one return a day is needed",
            )
        if (day % DAY).any() or (day[1:] <= day[:-1]).any():
            raise DataError(f"trial {self.trial_id} has days that do not rise or begin past midnight", "sum them a day")
        object.__setattr__(self, "day", day)
        object.__setattr__(self, "returns", returns)

    def told(self) -> dict[str, Any]:
        """All that the backtest was made from: the shared inputs and the parameters."""
        return {**self.inputs, "parameters": self.parameters}


def address(inputs: Mapping[str, Any]) -> str:
    """The content address of what the trials of a sweep share: all but parameters, revisions, place and machine."""
    return content_hash({name: value for name, value in inputs.items() if name not in ASIDE})


def trial_id(common: str, parameters: Mapping[str, Any]) -> str:
    """The id of the trial of these parameters; `common` is the `address` of the rest."""
    return f"TRL-{content_hash({'common': common, 'parameters': parameters})[:20]}"
