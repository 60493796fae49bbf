"""What is asked of the ladder: a strategy, its parameters, the series that it is to trade."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, Self

from quorum.domain import DataError, QuorumError, Timeframe, UsageError
from quorum.signals import AnyStrategy, Number, Parameter, guard, read_params
from quorum.validation.ladder.verdict import Failed
from quorum.validation.life.candidate import Idea
from quorum.validation.walkforward.searching import neighbours

Combination = Mapping[str, Number]
FEWEST_DAYS = 20


@dataclass(frozen=True, slots=True)
class Asked:
    """A strategy to be checked on `symbols`, the first of them its primary one; `params` replace its defaults.

    With `days` no more than that many are looked at, and what passes is provisional, as it is on a `borrowed` source.
    UsageError for a window of less than 20 days.
    """

    strategy: AnyStrategy
    symbols: tuple[str, ...]
    timeframe: Timeframe
    venue: str | None = None
    params: Mapping[str, Any] = field(default_factory=dict)
    days: int | None = None
    borrowed: bool = False

    def __post_init__(self) -> None:
        if self.days is not None and not (isinstance(self.days, int) and self.days >= FEWEST_DAYS):
            raise UsageError(f"a window of {self.days} days says nothing", f"give {FEWEST_DAYS} or more")

    @classmethod
    def of(
        cls,
        idea: Idea,
        strategy: AnyStrategy,
        params: Mapping[str, Any] | None = None,
        data: Mapping[str, Any] | None = None,
    ) -> Self:
        """An idea's question; `params` come before its own, `data` may ask for fewer `days` or another `venue`."""
        changed = data or {}
        venue = changed.get("venue")
        return cls(
            strategy,
            tuple(idea.symbols),
            Timeframe.parse(idea.timeframe),
            venue or idea.venue,
            {**idea.params, **(params or {})},
            changed.get("days"),
            venue is not None and venue != idea.venue,
        )


def read_idea(values: Mapping[str, Any]) -> Idea:
    """The idea that was told in plain values; DataError naming what is missing or unknown."""
    known = {f.name for f in fields(Idea)}
    missing, extra = sorted({"strategy", "symbols", "timeframe"} - set(values)), sorted(set(values) - known)
    if missing or extra:
        found = f"an idea without {missing[0]!r}" if missing else f"an idea with {extra[0]!r}, which it does not have"
        raise DataError(found, f"it has {', '.join(sorted(known))}")
    return Idea(**{**values, "symbols": tuple(values["symbols"])})


def read_given(strategy: AnyStrategy, given: Mapping[str, Any]) -> dict[str, Number] | Failed:
    """All parameters of the strategy, or why they are none: out of bounds, or against its requirements."""
    known = {p.name: p for p in strategy.parameters}
    whole = {n: int(v) if _is_whole(known.get(n), v) else v for n, v in given.items()}
    try:
        params = read_params(strategy, whole)
        guard(strategy).warmup(params)
    except UsageError as error:
        return _out_of_bounds(known, whole, error)
    except QuorumError as error:
        return Failed("fundamental_strategy_flaw", "answers", None, None, False, str(error))
    return params


def default_of(strategy: AnyStrategy) -> dict[str, Number]:
    """The strategy's own parameters."""
    return {p.name: p.default for p in strategy.parameters}


def variants(strategy: AnyStrategy, params: Combination, count: int) -> Iterator[Combination]:
    """The first `count` neighbours of the parameters that the strategy takes."""
    taken = 0
    for near in neighbours(strategy, params):
        if taken == count:
            return
        if not isinstance(read_given(strategy, near), Failed):
            taken += 1
            yield near


def axes(strategy: AnyStrategy, params: Combination, most: int) -> dict[str, tuple[Number, ...]]:
    """The values that a sweep tries for each parameter: its search values and the one given.

    A value outside of the search range moves the range along in proportion, within the parameter's bounds. Of more
    than `most` combinations the longest axes lose every other value, the one given never.
    """
    found = {p.name: list(_axis(p, params[p.name])) for p in strategy.parameters}
    while _size(found.values()) > most:
        name = max(found, key=lambda n: len(found[n]))
        at = found[name].index(params[name])
        found[name] = found[name][at % 2 :: 2]
    return {name: tuple(values) for name, values in found.items()}


def _size(values: Any) -> int:
    size = 1
    for each in values:
        size *= len(each)
    return size


def _axis(parameter: Parameter, given: Number) -> Sequence[Number]:
    search = parameter.search
    if not search:
        return (given,)
    if not search[0] <= given <= search[-1] and parameter.default and given:
        ratio = given / parameter.default
        search = tuple(_within(parameter, value * ratio) for value in search)
    return sorted({*search, given})


def _within(parameter: Parameter, value: float) -> Number:
    held = min(max(value, parameter.low), parameter.high)
    return round(held) if isinstance(parameter.default, int) else held


def _is_whole(parameter: Parameter | None, value: Any) -> bool:
    whole = parameter is not None and isinstance(parameter.default, int)
    return whole and isinstance(value, float) and value.is_integer()


def _out_of_bounds(known: Mapping[str, Parameter], given: Mapping[str, Any], error: UsageError) -> Failed:
    """The first value that its own parameter refuses, and the bound that it is beyond."""
    value = threshold = None
    for name, parameter in known.items():
        number = given.get(name)
        if isinstance(number, int | float) and not parameter.low <= number <= parameter.high:
            value, threshold = float(number), float(parameter.low if number < parameter.low else parameter.high)
            break
    return Failed("parameter_out_of_bounds", "parameters", value, threshold, True, str(error))
