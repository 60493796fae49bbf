"""A plan over whole series: every step as one column, in the same bits that a stream has bar by bar."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from quorum.domain import DAY, HOUR, DataError, iso
from quorum.features.formulas import codes
from quorum.features.formulas.cells import fill_cells
from quorum.features.formulas.plan import Planner, Step
from quorum.features.formulas.recursions import fill_recursion, settling
from quorum.features.formulas.windows import fill_window
from quorum.features.indicators import column
from quorum.lake import Bars

Floats = NDArray[np.float64]
KEPT_BYTES = 2**28


class Columns:
    """The columns of one series' steps; what takes long to compute is kept for the next plan, up to 256 MB.

    Inside they are writeable, as a stream's store is, so that the kernels are compiled for one type only.
    """

    def __init__(self, bars: Bars, planner: Planner) -> None:
        self.bars, self.planner = bars, planner
        self._kept: dict[int, Floats] = {}

    def of(self, roots: Sequence[int]) -> list[Floats]:
        """The column (n,) of each root, read-only; NaN where it is not known.

        DataError for a column that the bars have not, or a value in it that is no finite number.
        """
        steps = self.planner.reached(roots)
        uses = Counter(k for step in steps for k in self.planner.steps[step].inputs)
        uses.update(roots)
        made: dict[int, Floats] = {}
        for k in steps:
            step = self.planner.steps[k]
            made[k] = self._kept[k] if k in self._kept else self._keep(k, step, self._column(step, made))
            for below in step.inputs:
                uses[below] -= 1
                if uses[below] == 0:
                    del made[below]
        found = [made[k].view() for k in roots]
        for values in found:
            values.flags.writeable = False
        return found

    def _keep(self, k: int, step: Step, values: Floats) -> Floats:
        if step.code >= codes.FIRST_WINDOW and step.code != codes.LAG:
            self._kept[k] = values
            while len(self._kept) > 1 and len(self._kept) * values.nbytes > KEPT_BYTES:
                del self._kept[next(iter(self._kept))]
        return values

    def _column(self, step: Step, made: dict[int, Floats]) -> Floats:
        if step.code < codes.CONSTANT:
            return np.array(source(self.bars, codes.COLUMNS[step.code]))
        n = len(self.bars)
        if step.code == codes.CONSTANT:
            return np.full(n, step.number)
        out = np.empty(n)
        a, b, c = ([made[k] for k in step.inputs] * 3)[:3]
        if step.code < codes.FIRST_WINDOW:
            fill_cells(step.code, a, b, c, out)
        elif step.code < codes.FIRST_RECURSION:
            fill_window(step.code, a, step.length, step.number, out)
        else:
            fill_recursion(step.code, (a, b, c), (step.length, settling(step.code, step.length)), out)
        return out


def source(bars: Bars, name: str) -> Floats:
    """A column of bars by its name in the grammar, as (n,) floats; `hour` and `weekday` (0 is Monday) in UTC.

    DataError when the bars have it not, or at its first value that is no finite number.
    """
    if name == "hour":
        return column(bars.time % DAY // HOUR)
    if name == "weekday":
        return column((bars.time // DAY + 3) % 7)
    held = getattr(bars, name)
    if held is None and name == "funding":
        return column(np.zeros(len(bars)))
    if held is None:
        raise DataError(f"{bars.symbol} has no column {name}", "load bars that have it")
    finite = np.isfinite(held)
    if not finite.all():
        k = int(finite.argmin())
        raise DataError(
            f"{bars.symbol}: {name} of the bar of {iso(int(bars.time[k]))} is {held[k]}, a number is needed",
            "run `quorum data check` and leave the bar out",
        )
    return column(held)
