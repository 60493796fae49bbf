"""A fingerprint of an idea: what it trades by, on what, how far it looks, and which way it goes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from quorum.discovery.families import family_of_name, family_of_rules, rules_of, sides_of_name
from quorum.discovery.rules import reach, traits, words, written_out
from quorum.discovery.space import Cell, horizon_of, universe_of
from quorum.domain import Timeframe
from quorum.signals import AnyStrategy, StrategySpec, family_of, read_params


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """What makes two ideas the same or alike.

    `rule` is the canonical id of the rule: the same for the same rule whatever it is called and whatever its
    parameters are. `words` are the functions and columns of its entries, `traits` the parts of all its rules.
    """

    rule: str
    family: str
    symbols: tuple[str, ...]
    timeframe: str
    horizon: str
    direction: str
    words: frozenset[str]
    traits: frozenset[str]

    @property
    def cell(self) -> Cell:
        return Cell(self.family, universe_of(self.symbols), self.horizon, self.direction)


def fingerprint(
    strategy: AnyStrategy, symbols: Sequence[str], timeframe: Timeframe, params: Mapping[str, object] | None = None
) -> Fingerprint:
    """The fingerprint of an idea; `params` replace the strategy's defaults, UsageError for those that do not fit."""
    read = read_params(strategy, params or {})
    spec = rules_of(strategy, read)
    if spec is None:
        bars = strategy.warmup(read)
        own_word = frozenset({strategy.name})
        told = family_of_name(strategy.name), sides_of_name(strategy.name, read), own_word, own_word
    else:
        own = {p.name: read[p.name] for p in spec.parameters}
        bars, trees = reach(spec, own).bars, written_out(spec)
        parts = traits(trees, list(own))
        told = family_of_name(strategy.name), direction_of(spec), words(trees), parts
        if strategy.kind == "spec":
            told = family_of_rules(spec, own), *told[1:]
    family, direction, said, parts = told
    return Fingerprint(
        family_of(strategy),
        family,
        tuple(sorted(set(symbols))),
        str(timeframe),
        horizon_of(bars * timeframe.nanoseconds),
        direction,
        said,
        parts,
    )


def direction_of(spec: StrategySpec) -> str:
    """Which sides a spec takes."""
    return "both" if spec.long is not None and spec.short is not None else "long" if spec.long else "short"
