"""SpecStrategy: a spec as a Strategy, streamed and at once."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from quorum.domain import DataError, Row, iso
from quorum.features.formulas import Columns, Machine, Planner, advance_machine, columns_of, open_machine
from quorum.features.formulas.codes import COLUMNS
from quorum.features.formulas.columns import source
from quorum.lake import Bars
from quorum.signals.specs.spec import AMOUNTS, CONDITIONS, StrategySpec
from quorum.signals.specs.stance import WEIGHT, Rules, decide, fill_stance, flat
from quorum.signals.strategy import Exit, Parameter, Params, Target, Targets, read_params
from quorum.stats import kernel

Floats = NDArray[np.float64]
Eight = tuple[float, float, float, float, float, float, float, float]
ROLES = (*CONDITIONS, *(key + sign for sign in "+-" for key in AMOUNTS))


class Spoken(NamedTuple):
    """The state of a streamed spec: its machine and stance, both changed in place, and its rules."""

    machine: Machine
    stance: Floats
    rules: Rules
    closes_only: bool

    def copy(self) -> Spoken:
        """A state that goes on from here by itself."""
        return self._replace(machine=self.machine.copy(), stance=self.stance.copy())


@kernel
def advance(machine: Machine, stance: Floats, rules: Rules, row: Eight, closes_only: bool) -> bool:
    """Take one more bar in place; False, with nothing changed, when a value that is read is not finite."""
    opened, high, low, close = row[0], row[1], row[2], row[3]
    if closes_only:
        opened = high = low = close
    if not math.isfinite(opened + high + low + close) or not advance_machine(machine, row):
        return False
    decide(stance, rules, machine.values, 0, (opened, high, low, close))
    return True


@dataclass(frozen=True)
class SpecStrategy:
    """A spec that trades.

    At each close from the warm-up on: a holding whose stop, target or trail the bar has reached, or that is `hold`
    bars old, ends, and nothing is entered at that close. Else it ends when its exit rule holds or the other side's
    entry does. An entry is taken when its rule holds, its exit rule does not, and the other side's entry does not;
    size and exits are fixed then, prices from that close, and without one of them (NaN, 0, below 0) there is no
    entry. The trail counts from the next bar's open. A comparison with NaN, and a division by 0, is undecided, and
    a rule that is undecided does not hold. Bars of closes only reach their closes.
    """

    spec: StrategySpec
    kind = "spec"

    def __repr__(self) -> str:
        return f"SpecStrategy({self.name}, {self.spec.spec_id})"

    @property
    def name(self) -> str:
        return self.spec.name

    @property
    def summary(self) -> str:
        return self.spec.summary

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        return self.spec.parameters

    @property
    def family(self) -> str:
        """Whose trials its backtests are: rules count, names and parameters do not."""
        return f"spec-{self.spec.spec_id}"

    @cached_property
    def settings(self) -> Mapping[str, object]:
        return {"spec": self.spec.plain(), "spec_id": self.spec.spec_id}

    def warmup(self, params: Params) -> int:
        """Bars until every rule is known; UsageError for values that `requires` refuses."""
        return self._planned(Planner(), params)[1].warmup

    def start(self, bars: Bars, params: Params) -> Spoken:
        """The state before the first bar; DataError when the bars have not a column that it reads."""
        planner = Planner(bars.price_decimals)
        roots, rules = self._planned(planner, params)
        for k in planner.reached(roots):
            if planner.steps[k].code < len(COLUMNS):
                source(bars.slice(0, 0), COLUMNS[planner.steps[k].code])
        machine, places = open_machine(planner, roots)
        where = np.array([places[k] if k >= 0 else -1 for k in rules.where.tolist()], dtype=np.int64)
        return Spoken(machine, flat(), rules._replace(where=where), bars.closes_only)

    def step(self, state: Spoken, row: Row) -> tuple[Spoken, Target]:
        """`state`, changed in place, and the target after `row`; DataError leaves the state as it was."""
        machine, stance, rules, closes_only = state
        if not advance(machine, stance, rules, columns_of(row), closes_only):
            raise _unusable(self.name, row)
        weight, stop, target, trail = stance[WEIGHT : WEIGHT + 4].tolist()
        return state, Target(weight, Exit(stop, target, trail))

    def batch(self, bars: Bars, params: Params) -> Targets:
        """The targets of every bar."""
        return self.over(bars)(params)

    def over(self, bars: Bars) -> Callable[[Params], Targets]:
        """`batch` of these bars for many parameters: an indicator that does not change is computed once."""
        planner = Planner(bars.price_decimals)
        columns = Columns(bars, planner)
        names = ("close",) * 4 if bars.closes_only else ("open", "high", "low", "close")
        prices = (source(bars, names[0]), source(bars, names[1]), source(bars, names[2]), source(bars, names[3]))

        def targets(params: Params) -> Targets:
            roots, rules = self._planned(planner, params)
            table = np.array(columns.of(roots)).reshape(len(roots), len(bars))
            out = np.empty((4, len(bars)))
            fill_stance(flat(), rules, table, prices, out)
            exits = [out[k] if key in self.spec.rules else None for k, key in enumerate(AMOUNTS)]
            return Targets(out[0], *exits[1:])

        return targets

    def _planned(self, planner: Planner, params: Params) -> tuple[list[int], Rules]:
        """The steps of the rules in `planner`, and which of them each role is."""
        read = read_params(self, params)
        self.spec.check(read)
        steps = self.spec.steps(planner, read)
        hold = planner.steps[steps.pop("hold")].number if "hold" in steps else math.inf
        roots = sorted(set(steps.values()))
        where = np.array([roots.index(steps[role]) if role in steps else -1 for role in ROLES])
        return roots, Rules(where, max(1, *(planner.steps[k].need for k in roots)), hold)


def _unusable(name: str, row: Row) -> DataError:
    return DataError(
        f"the bar of {iso(row.time)} has {row._asdict()}, {name} needs numbers",
        "run `quorum data check` and leave the bar out",
    )
