"""Gates: what evidence has to show, as one table of rows, and the pure function that reads evidence against it."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Literal

from quorum.domain import plain
from quorum.validation.outcomes import Failed, Inconclusive, Outcome, Passed

Comparison = Literal[">=", ">", "<=", "<"]

_COMPARE: Mapping[str, Callable[[float, float], bool]] = {
    ">=": operator.ge,
    ">": operator.gt,
    "<=": operator.le,
    "<": operator.lt,
}
_WORDS = {">=": "at least", ">": "above", "<=": "at most", "<": "below"}


class Weight(StrEnum):
    """What a row that does not hold does: it ends the tier, it asks the critic, or it is only told."""

    GATE = "gate"
    CRITIC = "critic"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Gate:
    """One cell: `metric` compared with `threshold`, and where the number comes from.

    Between `threshold` and `reject`, where given, a failure is marginal.
    """

    metric: str
    comparison: Comparison
    threshold: float
    weight: Weight
    source: str
    reject: float | None = None

    def judge(self, value: float) -> Outcome:
        """Whether `value` holds; a NaN is inconclusive."""
        if math.isnan(value):
            return Inconclusive(self.metric, self.threshold, value)
        if _COMPARE[self.comparison](value, self.threshold):
            return Passed()
        marginal = self.reject is not None and _COMPARE[self.comparison](value, self.reject)
        asked = f"{_WORDS[self.comparison]} {self.threshold:g} is asked for"
        return Failed((f"{self.metric} is {value:.4g}, {asked}",), marginal)


@dataclass(frozen=True, slots=True)
class Judged:
    """A gate, the value that it met, and how that ended."""

    gate: Gate
    value: float
    outcome: Outcome

    def told(self) -> dict[str, Any]:
        """The row as plain values."""
        gate = self.gate
        return {
            "metric": gate.metric,
            "value": plain(self.value),
            "comparison": gate.comparison,
            "threshold": gate.threshold,
            "kind": gate.weight.value,
            "outcome": type(self.outcome).__name__.lower(),
            "marginal": isinstance(self.outcome, Failed) and self.outcome.marginal,
            "source": gate.source,
        }


@dataclass(frozen=True, slots=True)
class Judgement:
    """All rows of a tier, read against the same evidence."""

    rows: tuple[Judged, ...]

    @property
    def verdict(self) -> Outcome:
        """Failed when a gate fails, else Inconclusive with the first that cannot be read, else Passed.

        A failure is marginal when each of its gates is.
        """
        gates = [row.outcome for row in self.rows if row.gate.weight is Weight.GATE]
        failed = [outcome for outcome in gates if isinstance(outcome, Failed)]
        if failed:
            return Failed(tuple(r for f in failed for r in f.reasons), all(f.marginal for f in failed))
        unread = [outcome for outcome in gates if isinstance(outcome, Inconclusive)]
        return unread[0] if unread else Passed()

    @property
    def passed(self) -> bool:
        return isinstance(self.verdict, Passed)

    @property
    def for_the_critic(self) -> tuple[Judged, ...]:
        """Rows that do not fail the tier and ask for another look: failed ones, and ones that cannot be read."""
        return self._open(Weight.CRITIC)

    @property
    def warnings(self) -> tuple[Judged, ...]:
        return self._open(Weight.WARNING)

    def told(self) -> list[dict[str, Any]]:
        """Every row as plain values."""
        return [row.told() for row in self.rows]

    def _open(self, weight: Weight) -> tuple[Judged, ...]:
        rows = (row for row in self.rows if row.gate.weight is weight)
        return tuple(row for row in rows if not isinstance(row.outcome, Passed))


def judge(metrics: Mapping[str, float], gates: Sequence[Gate]) -> Judgement:
    """Read `metrics` by name against every gate; one that is not there is inconclusive."""
    values = [metrics.get(gate.metric, math.nan) for gate in gates]
    return Judgement(tuple(Judged(gate, v, gate.judge(v)) for gate, v in zip(gates, values, strict=True)))


_PIPELINE, _APPROVAL, _METHODS = "pipeline thresholds", "strategy approval rule", "validation methods"

L2 = (
    Gate("oos_sharpe", ">=", 1.0, Weight.GATE, _PIPELINE, reject=0.5),
    Gate("pbo", "<", 0.5, Weight.GATE, _APPROVAL),
    Gate("stability", ">", 0.7, Weight.GATE, _APPROVAL),
    Gate("deflated_sharpe", ">=", 0.95, Weight.GATE, "Bailey and Lopez de Prado (2014)"),
    Gate("spa_p", "<", 0.10, Weight.GATE, "Hansen (2005)"),
    Gate("return_at_twice_costs", ">", 0.0, Weight.GATE, _PIPELINE),
    Gate("max_drawdown", "<=", 0.25, Weight.GATE, _PIPELINE, reject=0.40),
    Gate("trades", ">=", 100, Weight.GATE, _PIPELINE, reject=30),
    Gate("profit_factor", ">=", 1.3, Weight.GATE, _PIPELINE, reject=1.0),
    Gate("oos_is", ">=", 0.70, Weight.CRITIC, _PIPELINE),
    Gate("oos_sharpe", "<=", 3.0, Weight.CRITIC, _PIPELINE),
    Gate("calmar", ">=", 0.5, Weight.CRITIC, _PIPELINE),
    Gate("sharpe_low", ">", 0.0, Weight.CRITIC, _PIPELINE),
    Gate("kept_at_20_percent", ">=", 0.5, Weight.CRITIC, _PIPELINE),
    Gate("regimes", ">=", 3, Weight.CRITIC, _PIPELINE),
    Gate("spa_p_hold", "<", 0.10, Weight.CRITIC, "Hansen (2005), against buying and holding"),
    Gate("pbo", "<=", 0.2, Weight.WARNING, _METHODS),
    Gate("oos_is", ">=", 0.5, Weight.WARNING, _METHODS),
    Gate("positive_windows", ">=", 7 / 12, Weight.WARNING, _METHODS),
)
"""The evidence of tier L2. Drawdown is the size of the fall; windows count as a share."""
