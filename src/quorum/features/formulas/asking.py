"""One expression at a time: its column, its warm-up, and its value bar by bar."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from quorum.domain import DataError, Row, iso
from quorum.domain.grammar import Expression, parse
from quorum.features.formulas.columns import Columns
from quorum.features.formulas.machine import advance_machine, columns_of, open_machine
from quorum.features.formulas.plan import Planner
from quorum.lake import Bars

NONE: Mapping[str, float] = MappingProxyType({})


def compute(text: str | Expression, bars: Bars, parameters: Mapping[str, float] = NONE) -> NDArray[np.float64]:
    """The values of an expression on every bar, shape (n,), NaN where unknown; a condition is 1, 0 or NaN.

    ConfigError naming the column of the text, DataError for a column of bars that is not there or not finite.
    """
    planner = Planner(bars.price_decimals)
    return Columns(bars, planner).of([_planned(planner, text, parameters)])[0]


def bars_needed(text: str | Expression, parameters: Mapping[str, float] = NONE) -> int:
    """How many bars have to be seen before an expression has a value; 0 for a constant."""
    planner = Planner()
    return planner.steps[_planned(planner, text, parameters)].need


class Running:
    """An expression in a stream: its value after each bar has the bits that `compute` gives.

    `decimals` is the grid of the prices, as `Bars.price_decimals`.
    """

    def __init__(self, text: str | Expression, parameters: Mapping[str, float] = NONE, decimals: int | None = None):
        planner = Planner(decimals)
        self._machine, (self._place,) = open_machine(planner, [_planned(planner, text, parameters)])

    def step(self, row: Row) -> float:
        """The value after one more closed bar; DataError, with nothing changed, when a value it reads is not finite."""
        if not advance_machine(self._machine, columns_of(row)):
            raise DataError(
                f"the bar of {iso(row.time)} has {row._asdict()}, numbers are needed",
                "run `quorum data check` and leave the bar out",
            )
        return float(self._machine.values[self._place, 0])


def _planned(planner: Planner, text: str | Expression, parameters: Mapping[str, float]) -> int:
    expression = parse(text) if isinstance(text, str) else text
    return planner.add(expression, {name: planner.constant(float(value)) for name, value in parameters.items()})
