"""For authors: a whole strategy from one form of a rule, the step of a bar or the columns of all."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple, cast

import numpy as np
from numpy.typing import NDArray

from quorum.domain import InvalidSignal, QuorumError, Row, iso
from quorum.lake import Bars
from quorum.signals.guests import failure, guard
from quorum.signals.strategy import Exit, Number, Parameter, Params, Strategy, Target, Targets, read_params

Floats = NDArray[np.float64]
WarmUp = int | Callable[[dict[str, Number]], int]
Columns = Callable[[Bars, dict[str, Number]], "Floats | Targets"]
Start = Callable[[dict[str, Number]], Any]
Step = Callable[[Any, Row], "tuple[Any, Target | float]"]

_FLAT = Target(0.0)


def from_batch(
    name: str, rule: Columns, warmup: WarmUp, parameters: tuple[Parameter, ...] = (), summary: str = ""
) -> Strategy:
    """A strategy of one vectorised `rule(bars, params)`, which gives the weights (n,) or Targets.

    Row i of its answer may use bars 0 to i alone. `warmup` is a number of bars, or that of the parameters; before it
    the target is 0 whatever the rule says. Its `step` runs the rule again over all bars so far: right, but each step
    takes longer than the one before; write a step for use on many bars.
    """
    return cast("Strategy", guard(_Batched(name, rule, warmup, parameters, summary or _summary(rule))))


def from_step(
    name: str, step: Step, start: Start, warmup: WarmUp, parameters: tuple[Parameter, ...] = (), summary: str = ""
) -> Strategy:
    """A strategy of `start(params)`, a state, and `step(state, row)`, the next state and a Target or a weight.

    Its `batch` is a loop of the step. Before the warm-up the target is 0 whatever the step says.
    """
    return cast("Strategy", guard(_Stepped(name, step, start, warmup, parameters, summary or _summary(step))))


@dataclass(frozen=True)
class _Batched:
    name: str
    author: Columns
    bars_needed: WarmUp
    parameters: tuple[Parameter, ...]
    summary: str
    kind: str = "rule"
    settings: Mapping[str, object] = field(default_factory=dict)

    def warmup(self, params: Params) -> int:
        return _warmup(self, params)

    def start(self, bars: Bars, params: Params) -> _Past:
        """A past of no bars."""
        same = bars.slice(0, 0)
        return _Past(same, read_params(self, params), self.warmup(params), {})

    def step(self, state: _Past, row: Row) -> tuple[_Past, Target]:
        """The same past, one bar longer, and the last row of the rule over it."""
        state.append(row)
        if state.length < state.first:
            return state, _FLAT
        answer = self._answer(state.bars(), state.params)
        weight, stop, target, trail = (float(column[-1]) for column in answer.full())
        return state, Target(weight, Exit(stop, target, trail))

    def batch(self, bars: Bars, params: Params) -> Targets:
        first = self.warmup(params)
        if len(bars) < first:
            return Targets(np.zeros(len(bars)))
        answer = self._answer(bars, read_params(self, params))
        columns = [None if c is None else np.array(c, dtype=np.float64) for c in answer]
        for column, none in zip(columns, (0.0, np.nan, np.nan, np.nan), strict=True):
            if column is not None:
                column[: first - 1] = none
        return Targets(*cast("list[Floats]", columns))

    def _answer(self, bars: Bars, params: dict[str, Number]) -> Targets:
        answer = self.author(bars, params)
        targets = answer if isinstance(answer, Targets) else Targets(self._numbers(answer, bars))
        if any(c is not None and np.shape(c) != (len(bars),) for c in targets):
            shapes = ", ".join(str(np.shape(c)) for c in targets if c is not None)
            raise InvalidSignal(
                f"{self.name} answers columns of shape {shapes} for {len(bars)} bars of {bars.symbol}",
                "one row a bar is needed",
            )
        return targets

    def _numbers(self, answer: object, bars: Bars) -> Floats:
        try:
            return np.asarray(answer, dtype=np.float64)
        except (TypeError, ValueError) as error:
            found = f"{self.name} answers a {type(answer).__name__} for {len(bars)} bars of {bars.symbol}: {error}"
            raise InvalidSignal(found, "give a weight a bar, or Targets") from error


@dataclass(slots=True)
class _Past:
    """All bars so far in columns that double when they are full; the only state here that is changed in place."""

    like: Bars
    params: dict[str, Number]
    first: int
    columns: dict[str, NDArray[Any]]
    length: int = 0

    def append(self, row: Row) -> None:
        """One more bar."""
        if not self.columns:
            self.columns = {n: np.empty(64, np.int64 if n == "time" else np.float64) for n in self.like.columns()}
        if self.length == len(self.columns["time"]):
            self.columns = {n: np.concatenate([c, np.empty_like(c)]) for n, c in self.columns.items()}
        for name, column in self.columns.items():
            column[self.length] = getattr(row, name)
        self.length += 1

    def bars(self) -> Bars:
        """The bars so far, as views."""
        like = self.like
        cut: dict[str, Any] = {n: c[: self.length] for n, c in self.columns.items()}
        return replace(like, **cut)


class _Walk(NamedTuple):
    inner: Any
    seen: int
    first: int


@dataclass(frozen=True)
class _Stepped:
    name: str
    author: Step
    opening: Start
    bars_needed: WarmUp
    parameters: tuple[Parameter, ...]
    summary: str
    kind: str = "rule"
    settings: Mapping[str, object] = field(default_factory=dict)

    def warmup(self, params: Params) -> int:
        return _warmup(self, params)

    def start(self, bars: Bars, params: Params) -> _Walk:
        """The author's state; of the bars nothing is read."""
        return _Walk(self.opening(read_params(self, params)), 0, self.warmup(params))

    def step(self, state: _Walk, row: Row) -> tuple[_Walk, Target]:
        answer = self.author(state.inner, row)
        if not (isinstance(answer, tuple) and len(answer) == 2):
            found = f"{self.name} answers a {type(answer).__name__} at the bar of {iso(row.time)}"
            raise InvalidSignal(found, "step gives two things: the next state, and a weight or a Target")
        inner, wish = answer
        seen = state.seen + 1
        target = wish if isinstance(wish, Target) else Target(float(wish))
        return _Walk(inner, seen, state.first), target if seen >= state.first else _FLAT

    def batch(self, bars: Bars, params: Params) -> Targets:
        """The steps one after the other; columns of exits that nobody set are None."""
        state, rows = self.start(bars, params), np.empty((len(bars), 4))
        for i, row in enumerate(bars.rows()):
            try:
                state, wish = self.step(state, row)
            except QuorumError:
                raise
            except (Exception, SystemExit) as error:
                raise failure(self.name, params, f"{bars.symbol} at the bar of {iso(row.time)}", error) from error
            rows[i] = wish.weight, *wish.exit
        weight, *exits = (np.ascontiguousarray(column) for column in rows.T)
        return Targets(weight, *(None if np.isnan(column).all() else column for column in exits))


def _warmup(strategy: _Batched | _Stepped, params: Params) -> int:
    needed = strategy.bars_needed
    return max(1, int(needed(read_params(strategy, params)) if callable(needed) else needed))


def _summary(rule: Callable[..., Any]) -> str:
    """The first line of the rule's docstring."""
    return (rule.__doc__ or "a rule of one's own").strip().splitlines()[0].rstrip(".")
