"""A plan in a stream: one compiled step a bar over all its cells, in time that does not grow with the past."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from quorum.domain import DAY, HOUR, Row
from quorum.features.formulas.cells import cell_value
from quorum.features.formulas.codes import CONSTANT, FIRST_RECURSION, FIRST_WINDOW
from quorum.features.formulas.plan import Planner
from quorum.features.formulas.recursions import SLOTS, recur, settling
from quorum.features.formulas.windows import window_value
from quorum.stats import kernel

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
CODE, FIRST, SECOND, THIRD, LENGTH, PLACE, SETTLED, WIDTH = range(8)
FIELDS = ("time", "open", "high", "low", "close", "volume", "funding")


class Machine(NamedTuple):
    """The cells of a plan in the middle of a stream; all but `cells` and `numbers` change in place.

    `cells` (k, 7) is what each does: its code, its inputs, its length, its place in `store`, when a recursion is
    known. `numbers` (k,) are constants and grids, `values` (k, 1) the last bar's values, `store` windows (each
    twice in a row, so that the last values always stand together) and recursions, `seen` (1,) the count of bars.
    """

    cells: Ints
    numbers: Floats
    values: Floats
    store: Floats
    seen: Ints

    def copy(self) -> Machine:
        """A machine that goes on from here by itself."""
        return Machine(self.cells, self.numbers, self.values.copy(), self.store.copy(), self.seen.copy())


def open_machine(planner: Planner, roots: Sequence[int]) -> tuple[Machine, list[int]]:
    """The machine of these steps before the first bar, and where each root stands in its `values`."""
    steps = planner.reached(roots)
    place = {step: k for k, step in enumerate(steps)}
    cells, numbers = np.zeros((len(steps), WIDTH), np.int64), np.zeros(len(steps))
    size = 0
    for k, each in enumerate(steps):
        step = planner.steps[each]
        inputs = ([place[i] for i in step.inputs] * 3)[:3] or [0, 0, 0]
        settled = settling(step.code, step.length) if step.code >= FIRST_RECURSION else 0
        cells[k] = (step.code, *inputs, step.length, size, settled)
        numbers[k] = step.number
        if step.code >= FIRST_WINDOW:
            size += SLOTS if step.code >= FIRST_RECURSION else 2 * step.length
    store = np.full(size, np.nan)
    for at in cells[cells[:, CODE] >= FIRST_RECURSION, PLACE]:
        store[at : at + SLOTS] = 0.0
    return Machine(cells, numbers, np.full((len(steps), 1), np.nan), store, np.zeros(1, np.int64)), [
        place[root] for root in roots
    ]


@kernel
def advance_machine(machine: Machine, row: tuple[float, float, float, float, float, float, float, float]) -> bool:
    """Compute every cell after one more bar; False, with nothing changed, when a column it reads is not finite.

    `row` has a value for each of the grammar's columns.
    """
    cells, numbers, values, store, seen = machine
    for k in range(len(cells)):
        if cells[k, CODE] < CONSTANT and not math.isfinite(row[cells[k, CODE]]):
            return False
    for k in range(len(cells)):
        code, at = cells[k, CODE], cells[k, PLACE]
        if code < CONSTANT:
            value = row[code]
        elif code == CONSTANT:
            value = numbers[k]
        else:
            a, b, c = values[cells[k, FIRST], 0], values[cells[k, SECOND], 0], values[cells[k, THIRD], 0]
            length = cells[k, LENGTH]
            if code < FIRST_WINDOW:
                value = cell_value(code, a, b, c)
            elif code < FIRST_RECURSION:
                slot = at + seen[0] % length
                store[slot], store[slot + length] = a, a
                value = window_value(code, store, slot + 1, slot + 1 + length, numbers[k])
            else:
                value = recur(code, store, at, (a, b, c), (length, cells[k, SETTLED]))
        values[k, 0] = value
    seen[0] += 1
    return True


def columns_of(row: Row) -> tuple[float, float, float, float, float, float, float, float]:
    """A bar's values in the order of the grammar's columns."""
    time, opened, high, low, close, volume, funding = row
    hour, weekday = time % DAY // HOUR, (time // DAY + 3) % 7
    return opened, high, low, close, volume, funding, float(hour), float(weekday)
