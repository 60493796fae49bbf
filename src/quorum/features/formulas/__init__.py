"""Formulas: registered indicators and the expressions over them, bar by bar and over whole series alike.

Promise: the two forms agree bit for bit; a finite window does not depend on where the series starts.
In: expressions of the grammar, bars. Out: columns with NaN before they are known; a machine that takes a bar a step.
Neighbours: the grammar is `domain.grammar`; `signals.specs` decides by such values.
"""

from quorum.features.formulas.asking import Running, bars_needed, compute
from quorum.features.formulas.columns import Columns
from quorum.features.formulas.machine import Machine, advance_machine, columns_of, open_machine
from quorum.features.formulas.plan import Planner, Step
from quorum.features.formulas.registry import INDICATORS, Argument, Indicator, Kind

__all__ = [
    "INDICATORS",
    "Argument",
    "Columns",
    "Indicator",
    "Kind",
    "Machine",
    "Planner",
    "Running",
    "Step",
    "advance_machine",
    "bars_needed",
    "columns_of",
    "compute",
    "open_machine",
]
