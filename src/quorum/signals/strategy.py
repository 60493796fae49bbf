"""What a strategy is: declared parameters, a warm-up, and one rule that answers bar by bar or all at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from quorum.domain import Row, UsageError
from quorum.lake import Bars, Panel, PanelRow

if TYPE_CHECKING:
    from typing_extensions import TypeIs

Number = int | float
Params = Mapping[str, Number]
Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Parameter:
    """A knob of a strategy: an integer when its default is one, bounded by `low` and `high`, both allowed.

    `search` lists, in increasing order, the values that a search tries; without any it tries the default alone.
    """

    name: str
    default: Number
    low: Number
    high: Number
    summary: str
    search: tuple[Number, ...] = ()

    def __post_init__(self) -> None:
        for value in (self.default, *self.search):
            self.read(value)

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
    """A strategy's answer for n bars: row i is known at the close of bar i. Shapes (n,).

    NaN is no such price; None in the place of a column is one of NaN alone.
    """

    weight: Floats
    stop: Floats | None = None
    target: Floats | None = None
    trail: Floats | None = None

    def full(self) -> tuple[Floats, Floats, Floats, Floats]:
        """All four columns, one of NaN where there is None."""
        none = np.full(len(self.weight), np.nan)
        stop, target, trail = (none if column is None else column for column in self[1:])
        return self.weight, stop, target, trail


class Allocations(NamedTuple):
    """A portfolio's answer: what it wants to hold from the close of bar `row[q]` on, k times in n bars.

    `row` has shape (k,) and increases, `weight` (k, m): a target in [-1, 1] for each symbol. Between two of them
    quantities stay as they are; each of them trades every symbol to its target, also one that has not changed. NaN
    leaves a symbol and its order as they are.
    """

    row: Ints
    weight: Floats


class Strategy(Protocol):
    """One rule on one symbol in two forms that agree bit for bit; `kind` is rule, spec or consensus."""

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


@runtime_checkable
class Sharing(Protocol):
    """A strategy whose parameters share work on the same bars, so that trying many of them is cheap."""

    def over(self, bars: Bars) -> Callable[[Params], Targets | Allocations]:
        """`batch` of these bars as a function of the parameters; without exits, Allocations of its changes will do."""
        ...


class Portfolio(Protocol):
    """One rule on many symbols in two forms that agree bit for bit; `kind` is portfolio."""

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
        """As of a Strategy."""
        ...

    @property
    def symbols(self) -> tuple[int, int | None]:
        """How many symbols it takes, at least and at most; None for any number."""
        ...

    def warmup(self, params: Params) -> int:
        """Bars that have to be seen before the first decision."""
        ...

    def start(self, panel: Panel, params: Params) -> Any:
        """The state before the first bar of a panel with `panel`'s symbols, timeframe and price grids."""
        ...

    def step(self, state: Any, row: PanelRow) -> tuple[Any, Floats | None]:
        """The state and the targets (m,) after one more closed bar; None leaves the holdings as they are."""
        ...

    def batch(self, panel: Panel, params: Params) -> Allocations:
        """Every answer of `step` over `panel.rows()` that is not None."""
        ...


AnyStrategy = Strategy | Portfolio


def is_portfolio(strategy: AnyStrategy) -> TypeIs[Portfolio]:
    """Whether a strategy trades many symbols at once."""
    return strategy.kind == "portfolio"


def family_of(strategy: AnyStrategy) -> str:
    """The family that a strategy's trials are counted in: its name, or for one that is data its canonical id."""
    return str(getattr(strategy, "family", strategy.name))


def read_params(strategy: AnyStrategy, given: Mapping[str, object]) -> dict[str, Number]:
    """All parameters of `strategy`, `given` ones checked, the rest defaults; UsageError for an unknown name."""
    known = {p.name: p for p in strategy.parameters}
    unknown = sorted(set(given) - set(known))
    if unknown:
        raise UsageError(
            f"{strategy.name} has no parameter {unknown[0]!r}",
            f"it has {', '.join(known) or 'none'}",
        )
    return {name: p.read(given[name]) if name in given else p.default for name, p in known.items()}
