"""The maverick: changes ideas that there are, and crosses those of different families."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from quorum.discovery.briefing import Briefing
from quorum.discovery.fingerprint import fingerprint
from quorum.discovery.forms import FORMS, fits, make
from quorum.discovery.market import by_timeframe, can_read, choose_symbols, universes
from quorum.discovery.proposal import Offer, Proposal
from quorum.discovery.rules import words, written_out
from quorum.discovery.space import DIRECTIONS, HORIZONS, Cell
from quorum.domain import QuorumError, Timeframe
from quorum.domain.grammar import Compare, Name, walk, written
from quorum.domain.grammar.tree import rewritten
from quorum.signals import SpecStrategy, StrategySpec, read_spec

MAVERICK = "maverick"
TRIES = 12


class Parent(NamedTuple):
    """Rules that something new is made from: their id where they are a known idea's, their family."""

    spec: StrategySpec
    family: str
    strategy_id: str | None


class Child(NamedTuple):
    """What became of one or two parents: plain values of a spec, what was done, and why that may pay."""

    spec: Mapping[str, Any]
    done: str
    why: str


def maverick(briefing: Briefing) -> tuple[Proposal, ...]:
    """Changed and crossed specs, on symbols by chance, within the theme; fewer where chance finds none that fit.

    Parents are the known ideas that are data and, by chance, one form of each family; a cross has parents of two
    families.
    """
    rng = briefing.chance(MAVERICK)
    places = [
        (timeframe, universe, group)
        for timeframe, offers in by_timeframe(briefing.offers).items()
        for universe, group in universes(offers).items()
    ]
    made: dict[str, Proposal] = {}
    parents = {timeframe: tuple(_parents(briefing, timeframe, rng)) for timeframe, _, _ in places}
    for _ in range(TRIES * briefing.most if places else 0):
        if len(made) == briefing.most:
            break
        timeframe, universe, group = places[int(rng.integers(len(places)))]
        proposal = _attempt(briefing, parents[timeframe], (timeframe, choose_symbols(group, universe, rng)), rng)
        if proposal is not None:
            made.setdefault(proposal.key, proposal)
    return tuple(made.values())


def _parents(briefing: Briefing, timeframe: Timeframe, rng: np.random.Generator) -> Iterator[Parent]:
    for known in briefing.known:
        if known.spec is not None:
            yield Parent(known.spec, known.fingerprint.family, known.strategy_id)
    cells = [Cell(form.family, "crypto_one", h, d) for form in FORMS for h in HORIZONS for d in DIRECTIONS]
    order = rng.permutation(len(cells))
    seen: set[str] = set()
    for cell in (cells[k] for k in order):
        fitting = [form for form in FORMS if fits(form, cell, timeframe)]
        if fitting and cell.family not in seen:
            seen.add(cell.family)
            form = fitting[int(rng.integers(len(fitting)))]
            yield Parent(read_spec(make(form, cell, timeframe, rng)), cell.family, None)


def _attempt(
    briefing: Briefing, parents: Sequence[Parent], place: tuple[Timeframe, tuple[Offer, ...]], rng: np.random.Generator
) -> Proposal | None:
    """A child of parents by chance, None when it can not be traded there or lies outside of the theme."""
    timeframe, chosen = place
    one = parents[int(rng.integers(len(parents)))]
    others = [parent for parent in parents if parent.family != one.family]
    if others and rng.random() < 0.6:
        other = others[int(rng.integers(len(others)))]
        child = CROSSINGS[int(rng.integers(len(CROSSINGS)))](one.spec, other.spec)
        told = f"a {other.family} rule put to a {one.family} one: {child.done}"
    else:
        child = MUTATIONS[int(rng.integers(len(MUTATIONS)))](one.spec)
        told = f"a {one.family} rule, {child.done}"
    try:
        spec = read_spec(child.spec)
        found = fingerprint(SpecStrategy(spec), [offer.symbol for offer in chosen], timeframe)
    except QuorumError:  # the child looks back too far, or its parameters do not go together
        return None
    reads = words(written_out(spec))
    if not all(can_read(reads, offer) for offer in chosen) or not briefing.takes(found.cell):
        return None
    source = f" (made from {one.strategy_id})" if one.strategy_id else ""
    return Proposal(
        strategy=spec.plain(),
        symbols=tuple(offer.symbol for offer in chosen),
        timeframe=str(timeframe),
        venue=chosen[0].venue,
        hypothesis=f"{told[:1].upper()}{told[1:]}{source}. {child.why[:1].upper()}{child.why[1:]}.",
        by=MAVERICK,
        parent=one.strategy_id,
    )


def mirrored(spec: StrategySpec) -> Child:
    """Its longs are shorts and its shorts longs."""
    turned = replace(spec, long=spec.short, exit_long=spec.exit_short, short=spec.long, exit_short=spec.exit_long)
    why = f"many trade by this: {_why(spec)}; where too many do, the other side is paid"
    return Child(_renamed(turned, f"{spec.name}_turned"), "turned against itself", why)


def trailed(spec: StrategySpec) -> Child:
    """Its exits give way to a trail of average true ranges."""
    bare = replace(spec, exit_long=None, exit_short=None, hold=None)
    plain = _renamed(bare, f"{spec.name}_trailed")
    plain["parameters"] = {**plain.get("parameters", {}), "trailing": _number(4.0, 1.0, 12.0, (2.0, 3.0, 4.0, 6.0))}
    why = f"{_why(spec)}; how such a move ends is told better by its own range than by the rule that found it"
    return Child({**plain, "trail": "trailing * atr(14)"}, "left by a trail of true ranges", why)


def sized(spec: StrategySpec) -> Child:
    """It holds less while the market is wild."""
    plain = _renamed(replace(spec, weight=None), f"{spec.name}_sized")
    plain["parameters"] = {**plain.get("parameters", {}), "budget": _number(0.01, 0.001, 0.1, (0.005, 0.01, 0.02))}
    why = f"{_why(spec)}; what that earns grows more slowly than the risk when the market is wild"
    return Child({**plain, "weight": "min(1, budget / volatility(close, 50))"}, "held small in wild markets", why)


def doubled(spec: StrategySpec) -> Child:
    """Its whole-number parameters are twice as large, with bounds and searches; hours and weekdays stay."""
    clock = _clock(spec)
    longer = [
        replace(p, default=2 * p.default, low=2 * p.low, high=2 * p.high, search=tuple(2 * v for v in p.search))
        if isinstance(p.default, int) and p.default > 1 and p.name not in clock
        else p
        for p in spec.parameters
    ]
    why = f"{_why(spec)}; over twice the time the move is larger and its cost the same"
    return Child(_renamed(replace(spec, parameters=tuple(longer)), f"{spec.name}_slow"), "twice as slow", why)


def _clock(spec: StrategySpec) -> set[str]:
    """The parameters that an hour or a weekday is held against."""
    found: set[str] = set()
    for node in (node for tree in written_out(spec).values() for node in walk(tree) if isinstance(node, Compare)):
        names = {part.text for part in node.operands if isinstance(part, Name)}
        if names & {"hour", "weekday"}:
            found |= names
    return found


def filtered(spec: StrategySpec, other: StrategySpec) -> Child:
    """It enters only where the other rule would hold the same side, and leaves by its own exit."""
    one, two, plain = _side_by_side(spec, other, "filtered")
    for side in ("long", "short"):
        if side in one:
            allow = two.get(side) or f"not ({two['short' if side == 'long' else 'long']})"
            plain[side] = f"({one[side]}) and ({allow})"
    why = f"{_why(spec)}; entries that a second cause speaks for as well are less often chance: {_why(other)}"
    return Child(plain, "entered only where the second rule allows it", why)


def handed_over(spec: StrategySpec, other: StrategySpec) -> Child:
    """It enters by its own rule and leaves by the other's."""
    one, two, plain = _side_by_side(spec, other, "handed_over")
    plain.pop("hold", None)
    for side, against in (("long", "short"), ("short", "long")):
        if side in one:
            over = two.get(f"exit_{side}") or two.get(against) or f"not ({two[side]})"
            plain[f"exit_{side}"] = over
    why = f"{_why(spec)}; it lasts as long as the second cause lets it: {_why(other)}"
    return Child(plain, "entered by the first rule and left by the second", why)


MUTATIONS: tuple[Callable[[StrategySpec], Child], ...] = (mirrored, trailed, sized, doubled)
CROSSINGS: tuple[Callable[[StrategySpec, StrategySpec], Child], ...] = (filtered, handed_over)


def _why(spec: StrategySpec) -> str:
    """What a rule lives on, in the words of its author."""
    return (spec.summary or f"what {spec.name} lives on").rstrip(".")


def _renamed(spec: StrategySpec, name: str) -> dict[str, Any]:
    return {**spec.plain(), "name": name[:64], "summary": spec.summary}


def _number(default: float, low: float, high: float, search: Sequence[float]) -> dict[str, Any]:
    return {"default": default, "low": low, "high": high, "search": list(search)}


def _side_by_side(
    spec: StrategySpec, other: StrategySpec, name: str
) -> tuple[dict[str, str], dict[str, str], dict[str, Any]]:
    """The rules of both as texts, the other's parameters under names of their own, and the first as plain values."""
    taken = {p.name for p in spec.parameters}
    names = {p.name: Name((_free(f"{p.name}_2", taken),)) for p in other.parameters}
    one = {key: written(tree) for key, tree in written_out(spec).items()}
    two = {key: written(rewritten(tree, names)) for key, tree in written_out(other).items()}
    form = other.plain().get("parameters", {})
    plain: dict[str, Any] = {
        **one,
        "name": f"{spec.name}_{name}"[:64],
        "summary": spec.summary,
        "parameters": {**spec.plain().get("parameters", {}), **{names[p].text: v for p, v in form.items()}},
    }
    required = [str(condition) for condition in spec.requires]
    required += [written(rewritten(condition.tree, names)) for condition in other.requires]
    return one, two, {**plain, "requires": required} if required else plain


def _free(name: str, taken: set[str]) -> str:
    """The name, or it with more behind it where it is taken; it is taken afterwards."""
    free = name if len(name) <= 60 else name[:60]
    while free in taken:
        free += "x"
    taken.add(free)
    return free
