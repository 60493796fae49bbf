"""Cases: the strategies of the benchmark, each with its market, the same for a seed however many are asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Any

import numpy as np

from quorum.lake import Bars
from quorum.surfaces.bench.planted import leaky, slow
from quorum.surfaces.bench.planted.faults import Fault, Values, damaged, plan
from quorum.surfaces.bench.planted.kinds import KINDS, SHAPES, Kind, shape_of
from quorum.surfaces.bench.planted.moves import BARS, Shape, bars_of, quiet
from quorum.surfaces.bench.planted.noise import bounced, illusion, random_rule, stale
from quorum.surfaces.bench.planted.strengths import STRENGTHS
from quorum.validation.life import Idea

DEVELOPMENT = 20_260_101
TEST = 20_261_121
"""Fixes are made by looking at the first alone; what is promised is measured on the second."""

SOUND, NOISE, LEAKS = 60, 200, 200
VENUE, OTHER_VENUE = "first_feed", "second_feed"
LATE = 0.6
SLOW_NEEDS = 1.045
"""The slow rule measures volatility otherwise than its kind: it takes so much more strength for the same ratio."""


class Group(StrEnum):
    """Sound strategies with a fault; ones without an edge; ones that only look as if they had one."""

    SOUND = "sound"
    NOISE = "noise"
    LEAK = "leak"


@dataclass(frozen=True, slots=True)
class Case:
    """One strategy: `idea` as it is queued, on the market that `draw` gives, every venue's bars of its symbol.

    A sound one has a `twin` without the fault and the `fault` itself. `late` is the share of the twin's own seconds
    that it is given, None for time enough. `kind` says what stands in the market, or what sort of illusion it is.
    """

    group: Group
    number: int
    kind: str
    idea: Idea
    draw: Callable[[], tuple[Bars, ...]]
    twin: Idea | None = None
    fault: Fault | None = None
    late: float | None = None

    @property
    def name(self) -> str:
        return f"{self.group.value}-{self.number:03d}-{self.kind}"

    @property
    def tier(self) -> str:
        """The tier at which it is decided."""
        return "L2" if self.fault is None else self.fault.tier


def planted(seed: int, sound: int = SOUND, noise: int = NOISE, leaks: int = LEAKS) -> tuple[Case, ...]:
    """So many cases of each group."""
    return (
        *(_sound(seed, k) for k in range(sound)),
        *(_noise(seed, k) for k in range(noise)),
        *(_leak(seed, k) for k in range(leaks)),
    )


def _rng(seed: int, group: Group, number: int, what: int) -> np.random.Generator:
    return np.random.default_rng([seed, *group.value.encode(), number, what])


def _symbol(group: Group, number: int) -> str:
    return f"{group.value.upper()}{number:03d}USDT"


def _idea(strategy: str | Mapping[str, Any], symbol: str, **params: float) -> Idea:
    return Idea(strategy, (symbol,), "4h", VENUE, params, origin="planted")


def _sound(seed: int, number: int) -> Case:
    faults = plan()
    fault = faults[number % len(faults)]
    rng = _rng(seed, Group.SOUND, number, 0)
    kind = KINDS[fault.kinds[int(rng.integers(len(fault.kinds)))]]
    index = 2 * int(rng.integers(SHAPES // 2)) + (seed == TEST)
    shape = shape_of(kind, index)
    strength = STRENGTHS[kind.name][index] * (SLOW_NEEDS if fault.late else 1.0)
    symbol = _symbol(Group.SOUND, number)
    twin = _slow(shape, symbol) if fault.late else _idea(kind.sound(shape, number), symbol)
    idea = _faulty(rng, fault, kind, shape, twin)

    def draw() -> tuple[Bars, ...]:
        market = _rng(seed, Group.SOUND, number, 1)
        bars = bars_of(market, kind.draw(market, BARS, shape, strength), symbol, VENUE)
        if not fault.dirty:
            return (bars,)
        return damaged(market, bars, VENUE), replace(bars, venue=OTHER_VENUE)

    clean = replace(twin, venue=OTHER_VENUE if fault.dirty else VENUE)
    return Case(Group.SOUND, number, kind.name, idea, draw, clean, fault, LATE if fault.late else None)


def _slow(shape: Shape, symbol: str) -> Idea:
    return _idea(f"{Path(slow.__file__)}:RULE", symbol, **{p.name: shape[p.name] for p in slow.PARAMETERS})


def _faulty(rng: np.random.Generator, fault: Fault, kind: Kind, shape: Shape, twin: Idea) -> Idea:
    wrong = fault.change(rng, kind, shape)
    in_defaults = rng.random() < 0.5 if fault.in_defaults is None else fault.in_defaults
    if not wrong or isinstance(twin.strategy, str):
        return twin
    if not in_defaults:
        return replace(twin, params=wrong)
    return replace(twin, strategy=_respecified(kind, twin.strategy, wrong, fault.search))


def _respecified(kind: Kind, spec: Mapping[str, Any], wrong: Values, search: bool) -> dict[str, Any]:
    """The spec with wrong defaults; the values that it searches are around them, or as they were without them."""
    parameters = {name: dict(form) for name, form in spec["parameters"].items()}
    for name, value in wrong.items():
        values = parameters[name].get("search")
        parameters[name]["default"] = value
        if values is not None and search:
            around = (kind.fitting(name, value * factor) for factor in (0.8, 0.9, 1.1, 1.2, 1.4))
            parameters[name]["search"] = sorted({*around, value})
    return {**spec, "parameters": parameters}


def _noise(seed: int, number: int) -> Case:
    rng = _rng(seed, Group.NOISE, number, 0)
    symbol = _symbol(Group.NOISE, number)
    if number % 2:
        return _walk(seed, number, random_rule(rng, number), symbol)
    kind = tuple(KINDS.values())[number // 2 % len(KINDS)]
    shape = shape_of(kind, int(rng.integers(SHAPES)))

    def draw() -> tuple[Bars, ...]:
        market = _rng(seed, Group.NOISE, number, 1)
        return (bars_of(market, kind.draw(market, BARS, shape, 0.0), symbol, VENUE),)

    return Case(Group.NOISE, number, f"no_{kind.name}", _idea(kind.sound(shape, 500 + number), symbol), draw)


def _walk(seed: int, number: int, spec: Mapping[str, Any], symbol: str) -> Case:
    def draw() -> tuple[Bars, ...]:
        market = _rng(seed, Group.NOISE, number, 1)
        shape = {"volatility": float(market.uniform(0.5, 1.1))}
        return (bars_of(market, quiet(market, BARS, shape), symbol, VENUE),)

    return Case(Group.NOISE, number, "random_rule", _idea(spec, symbol), draw)


def _leak(seed: int, number: int) -> Case:
    rng = _rng(seed, Group.LEAK, number, 0)
    symbol = _symbol(Group.LEAK, number)
    if number % 5 < 2:
        return _illusion(seed, number, bounce=number % 5 == 0)
    names = tuple(leaky.LEAKS)
    name = names[(number // 5 * 3 + number % 5 - 2) % len(names)]
    idea = _idea(f"{Path(leaky.__file__)}:{name}", symbol, n=int(rng.integers(2, 13)))

    def draw() -> tuple[Bars, ...]:
        market = _rng(seed, Group.LEAK, number, 1)
        shape = {"volatility": float(market.uniform(0.5, 1.1))}
        return (bars_of(market, quiet(market, BARS, shape), symbol, VENUE),)

    return Case(Group.LEAK, number, name, idea, draw)


def _illusion(seed: int, number: int, bounce: bool) -> Case:
    rng = _rng(seed, Group.LEAK, number, 0)
    symbol = _symbol(Group.LEAK, number)
    spec = illusion(bounce, number, int(rng.integers(1, 4)))
    width = float(rng.uniform(0.0005, 0.0008) if bounce else rng.uniform(0.08, 0.15))

    def draw() -> tuple[Bars, ...]:
        market = _rng(seed, Group.LEAK, number, 1)
        moves = bounced(market, BARS, width) if bounce else stale(market, BARS, width)
        return (bars_of(market, moves, symbol, VENUE),)

    return Case(Group.LEAK, number, "bounce" if bounce else "stale", _idea(spec, symbol), draw)
