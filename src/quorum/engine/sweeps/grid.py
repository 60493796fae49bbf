"""Which combinations of parameters are tried."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from itertools import product

from quorum.domain import QuorumError, UsageError
from quorum.engine.backtest import checked
from quorum.lake import Bars, Panel
from quorum.signals import AnyStrategy, Number

Combination = Mapping[str, Number]
MOST = 100_000


def grid(
    strategy: AnyStrategy, given: Mapping[str, object] | None = None, most: int = MOST
) -> tuple[dict[str, Number], ...]:
    """Every combination of the `given` values (several, or one alone), the other parameters at their defaults; without
    any given, of the strategy's own search values.

    UsageError for an unknown parameter, a value out of bounds, no combination, or more than `most`.
    """
    known = {p.name: p for p in strategy.parameters}
    axes = {p.name: p.search or (p.default,) for p in strategy.parameters} if given is None else _axes(given)
    for name in axes:
        if name not in known:
            raise UsageError(f"{strategy.name} has no parameter {name!r}", f"it has {', '.join(known) or 'none'}")
    count = math.prod(len(values) for values in axes.values())
    if not 0 < count <= most:
        sizes = ", ".join(f"{name}: {len(values):,}" for name, values in axes.items())
        raise UsageError(
            f"{strategy.name}: {count:,} combinations ({sizes})",
            f"give each parameter a value, {most:,} combinations at most; a search tries fewer of them",
        )
    read = {name: list(dict.fromkeys(known[name].read(v) for v in values)) for name, values in axes.items()}
    defaults = {p.name: p.default for p in strategy.parameters}
    return tuple({**defaults, **dict(zip(read, chosen, strict=True))} for chosen in product(*read.values()))


def _axes(given: Mapping[str, object]) -> dict[str, Sequence[object]]:
    """The values of each parameter; one that stands alone is the only one."""
    return {
        name: tuple(values) if isinstance(values, Iterable) and not isinstance(values, str) else (values,)
        for name, values in given.items()
    }


def fitting(
    bars: Bars | Panel, strategy: AnyStrategy, combinations: Iterable[Combination]
) -> tuple[tuple[Combination, ...], int]:
    """Those combinations that the strategy takes on these bars, and how many it does not."""
    kept, left_out = [], 0
    for combination in combinations:
        try:
            kept.append(checked(bars, strategy, combination))
        except QuorumError:
            left_out += 1
    return tuple(kept), left_out


def named(bars: Bars | Panel, strategy: AnyStrategy, combination: Combination) -> dict[str, Number]:
    """All parameters of a combination; an error that names it when the strategy does not take it."""
    try:
        return checked(bars, strategy, combination)
    except QuorumError as error:
        named = ", ".join(f"{name}={value}" for name, value in combination.items())
        raise type(error)(f"combination {named}: {error.found}", error.remedy or "leave it out") from error
