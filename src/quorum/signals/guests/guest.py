"""A strategy from outside, watched: what it raises or answers amiss becomes one error that says where."""

from __future__ import annotations

import copy
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple, cast

from quorum.domain import InvalidSignal, QuorumError, UsageError, iso
from quorum.signals.strategy import Allocations, AnyStrategy, Parameter, Params, Target, Targets

KINDS = ("rule", "spec", "consensus", "portfolio")
_NEEDED = ("name", "kind", "summary", "parameters", "settings", "warmup", "start", "step", "batch")


class Stay(NamedTuple):
    """The state of a streamed guest: its own, and what an error has to name."""

    inner: Any
    symbol: str
    params: Params


class Guest:
    """A strategy with a guard around every call; `place` is where `find_strategy` finds it again.

    Errors of our own family pass as they are. Any other exception, and an answer of the wrong type, is an
    InvalidSignal that names strategy, parameters, symbol and bar, with the exception as its cause.
    """

    __slots__ = ("inner", "kind", "name", "parameters", "place", "settings", "summary")

    def __init__(self, inner: Any, place: str) -> None:
        self.inner: Any = inner
        self.place = place
        self.name: str = inner.name
        self.kind: str = inner.kind
        self.summary: str = inner.summary
        self.parameters: tuple[Parameter, ...] = tuple(inner.parameters)
        self.settings: Mapping[str, object] = inner.settings

    def warmup(self, params: Params) -> int:
        with self._watched(params, lambda: "its warm-up"):
            return int(self.inner.warmup(params))

    def start(self, bars: Any, params: Params) -> Stay:
        with self._watched(params, lambda: f"{bars.symbol} before the first bar"):
            return Stay(self.inner.start(bars, params), bars.symbol, params)

    def step(self, state: Stay, row: Any) -> tuple[Stay, Any]:
        # not `_watched`: a step is called once a bar, and a context costs more than a cheap rule
        try:
            answer = self.inner.step(state.inner, row)
        except QuorumError:
            raise
        except (Exception, SystemExit) as error:
            raise self._failed(state.params, _bar(state, row), error) from error
        if not (isinstance(answer, tuple) and len(answer) == 2 and self._answers(answer[1])):
            raise self._amiss(state.params, _bar(state, row), answer, "step gives the state and a Target")
        inner, wish = answer
        return (state if inner is state.inner else state._replace(inner=inner)), wish

    def batch(self, bars: Any, params: Params) -> Any:
        with self._watched(params, lambda: _span(bars)):
            return self._read(self.inner.batch(bars, params), bars, params)

    def _read(self, answer: Any, bars: Any, params: Params) -> Any:
        if not isinstance(answer, Targets):
            raise self._amiss(params, _span(bars), answer, "batch gives Targets")
        return answer

    def _answers(self, wish: Any) -> bool:
        return isinstance(wish, Target)

    @contextmanager
    def _watched(self, params: Params, where: Callable[[], str]) -> Iterator[None]:
        try:
            yield
        except QuorumError:
            raise
        except (Exception, SystemExit) as error:
            raise self._failed(params, where(), error) from error

    def _failed(self, params: Params, where: str, error: BaseException) -> InvalidSignal:
        return failure(self.name, params, where, error)

    def _amiss(self, params: Params, where: str, answer: Any, needed: str) -> InvalidSignal:
        found = f"{_named(self.name, params)} answers a {type(answer).__name__} on {where}"
        return InvalidSignal(found, f"{needed}, see quorum.signals")

    def __deepcopy__(self, memo: dict[int, Any]) -> Any:
        return type(self)(copy.deepcopy(self.inner, memo), self.place)

    def __repr__(self) -> str:
        return f"Guest({self.name}, {self.place})"


class SharingGuest(Guest):
    """A guest whose parameters share work."""

    __slots__ = ()

    def over(self, bars: Any) -> Callable[[Params], Targets | Allocations]:
        with self._watched({}, lambda: _span(bars)):
            inner = self.inner.over(bars)

        def answer(params: Params) -> Targets | Allocations:
            with self._watched(params, lambda: _span(bars)):
                given = inner(params)
            if not isinstance(given, Targets | Allocations):
                raise self._amiss(params, _span(bars), given, "over gives Targets or Allocations")
            return given

        return answer


class GuestPortfolio(Guest):
    """A guest on many symbols."""

    __slots__ = ("symbols",)

    def __init__(self, inner: Any, place: str) -> None:
        super().__init__(inner, place)
        self.symbols: tuple[int, int | None] = inner.symbols

    def _read(self, answer: Any, bars: Any, params: Params) -> Any:
        if not isinstance(answer, Allocations):
            raise self._amiss(params, _span(bars), answer, "a portfolio's batch gives Allocations")
        return answer

    def _answers(self, wish: Any) -> bool:
        return wish is None or hasattr(wish, "shape")


def guard(strategy: Any, place: str = "") -> AnyStrategy:
    """`strategy` as a Guest, itself when it is one; UsageError when it is no Strategy and no Portfolio."""
    if isinstance(strategy, Guest):
        return cast("AnyStrategy", strategy)
    _refuse_unfinished(strategy, place)
    if strategy.kind == "portfolio":
        return cast("AnyStrategy", GuestPortfolio(strategy, place))
    return cast("AnyStrategy", (SharingGuest if hasattr(strategy, "over") else Guest)(strategy, place))


def failure(name: str, params: Params, where: str, error: BaseException) -> InvalidSignal:
    """The one error for what a strategy raised: its name and parameters, where in the bars, and the line."""
    said = " ".join(f"{type(error).__name__}: {error}".split()).removesuffix(": ")
    return InvalidSignal(f"{_named(name, params)} failed on {where}: {said}", f"mend it at {_line(error)}")


def is_ours(strategy: AnyStrategy) -> bool:
    """Whether a strategy's code is Quorum's own: a built-in one, the vote, or a spec."""
    return type(strategy).__module__.startswith("quorum.") and not isinstance(strategy, Guest)


def _refuse_unfinished(strategy: Any, place: str) -> None:
    """UsageError that names the first thing that a strategy needs and `strategy` lacks."""
    what = f"{place or type(strategy).__name__} is no strategy"
    lacks = [name for name in _NEEDED if not hasattr(strategy, name)]
    if not lacks and strategy.kind == "portfolio" and not hasattr(strategy, "symbols"):
        lacks = ["symbols"]
    if lacks:
        raise UsageError(f"{what}: it has no {', '.join(lacks)}", "see Strategy in quorum.signals, or use from_batch")
    if strategy.kind not in KINDS:
        raise UsageError(f"{what}: its kind is {strategy.kind!r}", f"say one of {', '.join(KINDS)}")
    if not isinstance(strategy.name, str) or not strategy.name:
        raise UsageError(f"{what}: its name is {strategy.name!r}", "give it a text")
    wrong = [p for p in strategy.parameters if not isinstance(p, Parameter)]
    if wrong:
        raise UsageError(f"{what}: {wrong[0]!r} is no Parameter", "declare each as quorum.signals.Parameter")


def _named(name: str, params: Params) -> str:
    given = ", ".join(f"{k} = {v}" for k, v in params.items())
    return f"{name} with {given}" if given else name


def _bar(state: Stay, row: Any) -> str:
    return f"{state.symbol} at the bar of {iso(int(row.time))}"


def _span(bars: Any) -> str:
    if len(bars) == 0:
        return f"{bars.symbol} without a bar"
    return f"{bars.symbol} at the bars of {iso(int(bars.time[0]))} to {iso(int(bars.time[-1]))}"


def _line(error: BaseException) -> str:
    """File and line of the innermost place that the exception came from."""
    frames = traceback.extract_tb(error.__traceback__)
    return f"{Path(frames[-1].filename).name}, line {frames[-1].lineno}" if frames else "its source"
