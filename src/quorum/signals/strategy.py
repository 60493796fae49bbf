"""What a strategy is: declared parameters, a warm-up, and one rule that answers bar by bar or all at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from quorum.domain import Row, UsageError
from quorum.lake import Bars

Number = int | float
Params = Mapping[str, Number]
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Parameter:
    """A knob of a strategy: an integer when its default is one, bounded by `low` and `high`, both allowed."""

    name: str
    default: Number
    low: Number
    high: Number
    summary: str

    def read(self, value: object) -> Number:
        """`value` as this parameter's type; UsageError when it is no number or out of bounds."""
        kind: type[Number] = int if isinstance(self.default, int) else float
        try:
            number = kind(str(value))
        except ValueError:
            word = "a whole number" if kind is int else "a number"
            raise UsageError(f"{self.name} = {value!r} is not {word}", f"give one in {self.bounds}") from None
        if not self.low <= number <= self.high:
            raise UsageError(f"{self.name} = {number} is out of bounds", f"give one in {self.bounds}")
        return number

    @property
    def bounds(self) -> str:
        return f"{self.low}..{self.high}"


class Exit(NamedTuple):
    """Prices beside a target at which the position is left inside a bar; NaN means none.

    After such an exit the target counts as 0 until the strategy's own target changes.
    """

    stop: float
    target: float
    trail: float


NO_EXIT = Exit(float("nan"), float("nan"), float("nan"))


class Target(NamedTuple):
    """What the strategy wants to hold after a bar's close: `weight` in [-1, 1], 1 the full size of the sizing."""

    weight: float
    exit: Exit = NO_EXIT


class Targets(NamedTuple):
    """A strategy's answer for n bars: row i is known at the close of bar i. Shapes (n,); NaN is no such price."""

    weight: Floats
    stop: Floats
    target: Floats
    trail: Floats


class Strategy(Protocol):
    """One rule in two forms that agree bit for bit; `kind` is rule or consensus."""

    @property
    def name(self) -> str: ...

    @property
    def kind(self) -> str: ...

    @property
    def summary(self) -> str: ...

    @property
    def parameters(self) -> tuple[Parameter, ...]: ...

    @property
    def settings(self) -> Mapping[str, object]:
        """What shapes the rule beside its parameters, as plain values; part of a backtest's identity."""
        ...

    def warmup(self, params: Params) -> int:
        """Bars that have to be seen before the first decision; before that the target is 0."""
        ...

    def start(self, bars: Bars, params: Params) -> Any:
        """The state before the first bar of a series with `bars`' symbol, timeframe and price grid."""
        ...

    def step(self, state: Any, row: Row) -> tuple[Any, Target]:
        """The state and the target after one more closed bar, in time that does not grow with the past."""
        ...

    def batch(self, bars: Bars, params: Params) -> Targets:
        """The targets of every bar, equal to `step` over `bars.rows()`."""
        ...


def read_params(strategy: Strategy, given: Mapping[str, object]) -> dict[str, Number]:
    """All parameters of `strategy`, `given` ones checked, the rest defaults; UsageError for an unknown name."""
    known = {p.name: p for p in strategy.parameters}
    unknown = sorted(set(given) - set(known))
    if unknown:
        raise UsageError(
            f"{strategy.name} has no parameter {unknown[0]!r}",
            f"it has {', '.join(known) or 'none'}",
        )
    return {name: p.read(given[name]) if name in given else p.default for name, p in known.items()}
