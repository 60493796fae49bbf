"""A strategy's answer for all bars as named columns, and where two answers differ."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from quorum.domain import InvalidSignal, iso
from quorum.lake import Bars, Panel
from quorum.signals import Allocations, AnyStrategy, Params, Sharing, Targets
from quorum.validation.lookahead.verdict import Check, Finding

Floats = NDArray[np.float64]
Data = Bars | Panel
TOLERANCE, NOUGHT = 1e-9, 1e-12


@dataclass(frozen=True, slots=True, eq=False)
class Answers:
    """Columns of shape (n,) by name: weight, stop, target and trail; of a portfolio the weight of each symbol, NaN on
    the rows on which it leaves its holdings as they are.
    """

    columns: Mapping[str, Floats]

    def __len__(self) -> int:
        return len(next(iter(self.columns.values())))

    def weights(self) -> Floats:
        """What is wanted at each close, shape (n, m): the last allocation until the next one."""
        if "weight" in self.columns:
            return self.columns["weight"][:, None]
        wide = np.stack(list(self.columns.values()), axis=1)
        given = ~np.isnan(wide).all(axis=1)
        last = np.maximum.accumulate(np.where(given, np.arange(len(wide)), -1))
        return np.where(last[:, None] >= 0, np.nan_to_num(wide[np.maximum(last, 0)]), 0.0)

    def changes(self) -> NDArray[np.int64]:
        """Rows from the second on whose wanted weights are not those of the row before."""
        wide = self.weights()
        return np.flatnonzero((wide[1:] != wide[:-1]).any(axis=1)) + 1


class Difference(NamedTuple):
    """The first row on which two answers differ in a column, the two values there, and how many rows differ."""

    column: str
    row: int
    one: float
    other: float
    rows: int


class Subject(NamedTuple):
    """A strategy with parameters on one market: what every check looks at."""

    strategy: AnyStrategy
    params: Params
    data: Data
    market: str
    warmup: int

    def finding(self, check: Check, detail: str, column: str, row: int) -> Finding:
        """Something found on this market, at a row of a column."""
        return Finding(check, self.market, detail, column, row, int(self.data.time[row]))

    def answer(self, data: Data | None = None) -> Answers:
        """The answer for all rows, of other data if given; InvalidSignal for one that is no answer."""
        return answer(self.strategy, self.data if data is None else data, self.params)


def answer(strategy: AnyStrategy, data: Data, params: Params) -> Answers:
    """What `batch` says, a row a bar; InvalidSignal for a wrong length, NaN, or a target beyond [-1, 1]."""
    given: Any = strategy.batch(data, params)  # type: ignore[arg-type]
    if isinstance(data, Panel):
        return _allocated(strategy.name, data, given)
    return _targeted(strategy.name, data, given)


def shared_answer(strategy: AnyStrategy, bars: Bars, params: Params) -> Answers | None:
    """What `over` says where a strategy has it, Allocations as the weights held until the next; else None."""
    if not isinstance(strategy, Sharing):
        return None
    given = strategy.over(bars)(params)
    if isinstance(given, Targets):
        return _targeted(strategy.name, bars, given)
    row, weight = np.asarray(given.row), np.asarray(given.weight, dtype=np.float64)
    _refuse_beyond(strategy.name, bars, weight, row)
    held = np.searchsorted(row, np.arange(len(bars)), "right")
    return _targeted(strategy.name, bars, Targets(np.concatenate([[0.0], weight[:, 0]])[held]))


def _targeted(name: str, bars: Bars, given: Targets) -> Answers:
    columns = {
        n: np.asarray(c, dtype=np.float64) for n, c in zip(Targets._fields, given.full(), strict=True) if c is not None
    }
    for column, values in columns.items():
        if values.shape != (len(bars),):
            raise InvalidSignal(
                f"{name} answers {column} of shape {values.shape} for {len(bars)} bars of {bars.symbol}",
                "one row a bar is needed",
            )
    _refuse_beyond(name, bars, columns["weight"])
    return Answers(columns)


def _allocated(name: str, panel: Panel, given: Allocations) -> Answers:
    row, weight = np.asarray(given.row), np.asarray(given.weight, dtype=np.float64)
    if weight.shape != (len(row), len(panel.symbols)):
        raise InvalidSignal(
            f"{name} answers weights of shape {weight.shape} on {len(row)} rows for {len(panel.symbols)} symbols",
            "one row an allocation and one column a symbol are needed",
        )
    if len(row) and (row[0] < 0 or row[-1] >= len(panel) or (np.diff(row) <= 0).any()):
        raise InvalidSignal(f"{name} answers rows that do not rise within {len(panel)} bars", "give each row once")
    _refuse_beyond(name, panel, weight, row)
    wide = np.full((len(panel), len(panel.symbols)), np.nan)
    wide[row] = weight
    return Answers({f"weight[{symbol}]": wide[:, j] for j, symbol in enumerate(panel.symbols)})


def _refuse_beyond(name: str, data: Data, weight: Floats, rows: NDArray[np.int64] | None = None) -> None:
    """InvalidSignal for the first weight that is no number within -1..1."""
    good = np.abs(weight) <= 1.0
    if not good.all():
        place = tuple(int(i) for i in np.unravel_index(int(np.argmin(good)), weight.shape))
        row = place[0] if rows is None else int(rows[place[0]])
        raise InvalidSignal(
            f"{name} wants {weight[place]} of {data.symbol} at the close of row {row}, "
            f"the bar of {iso(int(data.time[row]))}",
            "a target is a number within -1..1",
        )


def differences(one: Answers, other: Answers, until: int) -> list[Difference]:
    """Where two answers differ before row `until`, a column each: 1e-9 of the larger apart, or only one is NaN."""
    found = []
    for name, whole in one.columns.items():
        a, b = whole[:until], other.columns[name][:until]
        if a.tobytes() == b.tobytes():
            continue
        rows = np.flatnonzero(far_apart(a, b))
        if len(rows):
            i = int(rows[0])
            found.append(Difference(name, i, float(a[i]), float(b[i]), len(rows)))
    return found


def far_apart(a: Floats, b: Floats) -> NDArray[np.bool_]:
    """Where two columns differ by more than 1e-9 of the larger, or one is NaN alone."""
    with np.errstate(invalid="ignore", over="ignore"):
        near = np.abs(a - b) <= TOLERANCE * np.maximum(np.abs(a), np.abs(b)) + NOUGHT
    same: NDArray[np.bool_] = (near & np.isfinite(a) & np.isfinite(b)) | (a == b) | (np.isnan(a) & np.isnan(b))
    return ~same


def moved(data: Data, nanoseconds: int) -> Data:
    """The same bars at other times."""
    return replace(data, time=data.time + nanoseconds)
