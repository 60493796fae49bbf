"""What each parameter of a strategy is for: a window, a threshold, a size, a holding time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import StrEnum

from quorum.domain.grammar import Call, Compare, Lag, Name, Node, walk
from quorum.domain.grammar.tree import children, rewritten
from quorum.signals import AnyStrategy, Parameter, SpecStrategy, StrategySpec


class Role(StrEnum):
    """What a parameter does to a rule, in the order in which a search takes them."""

    WINDOW = "window"
    THRESHOLD = "threshold"
    HOLD = "hold"
    OTHER = "other"
    SIZE = "size"


_NAMES: tuple[tuple[Role, tuple[str, ...]], ...] = (
    (Role.THRESHOLD, ("threshold",)),
    (Role.HOLD, ("hold",)),
    (Role.SIZE, ("size", "leverage", "weight", "exposure", "target_vol")),
    (Role.WINDOW, ("window", "lookback", "look", "period", "length", "fast", "slow", "span", "skip", "days", "bars")),
    (
        Role.THRESHOLD,
        ("entry", "multiple", "buffer", "zscore", "score", "lower", "upper", "band", "level", "cut"),
    ),
)
_EXITS = ("stop", "target", "trail")
_EQUALS = {"==", "!=", "in", "not in"}


def roles_of(strategy: AnyStrategy) -> Mapping[str, Role]:
    """The role of each parameter: of a spec by where it stands in the rules, else by its name and its type.

    A parameter of a spec that is an argument of an indicator, or counts bars back, is a window; one that a value is
    compared with, a threshold; one of its weight, a size.
    """
    if isinstance(strategy, SpecStrategy):
        placed = _placed(strategy.spec)
        return {p.name: placed.get(p.name, Role.OTHER) for p in strategy.parameters}
    return {p.name: _named(p) for p in strategy.parameters}


def of_role(strategy: AnyStrategy, *roles: Role) -> tuple[Parameter, ...]:
    """The parameters with one of these roles that can be moved at all, in the order of the roles given."""
    found = roles_of(strategy)
    movable = [p for p in strategy.parameters if p.low < p.high and not _is_switch(p)]
    return tuple(p for role in roles for p in movable if found[p.name] is role)


def _is_switch(parameter: Parameter) -> bool:
    return isinstance(parameter.default, int) and (parameter.low, parameter.high) == (0, 1)


def _named(parameter: Parameter) -> Role:
    for role, words in _NAMES:
        if any(word in parameter.name for word in words):
            return role
    if _is_switch(parameter):
        return Role.OTHER
    return Role.WINDOW if isinstance(parameter.default, int) and parameter.low >= 1 else Role.THRESHOLD


def _placed(spec: StrategySpec) -> dict[str, Role]:
    """Roles by place; where a parameter stands in several places, the first of the order of roles."""
    parameters = {p.name for p in spec.parameters}
    found: dict[str, set[Role]] = {}
    for key, tree in _written_out(spec):
        for name, role in _uses(key, tree):
            if name in parameters:
                found.setdefault(name, set()).add(role)
    return {name: next(role for role in Role if role in roles) for name, roles in found.items()}


def _written_out(spec: StrategySpec) -> Iterator[tuple[str, Node]]:
    """The trees of the rules with every indicator in its place."""
    known: dict[str, Node] = {}
    for name, expression in spec.indicators:
        known[name] = rewritten(expression.tree, known)
    for key, rule in spec.rules.items():
        yield key, rewritten(rule.tree, known)


def _uses(key: str, tree: Node) -> Iterator[tuple[str, Role]]:
    if key in ("hold", "weight"):
        role = Role.HOLD if key == "hold" else Role.SIZE
        yield from ((name, role) for name in _names(tree))
    elif key in _EXITS:
        yield from ((name, Role.OTHER) for name in _names(tree))
    else:
        yield from _within(tree, None)


def _within(node: Node, role: Role | None) -> Iterator[tuple[str, Role]]:
    """The names below a node, each with what it is there; `role` is that of a name which stands by itself."""
    if isinstance(node, Name):
        if role is not None:
            yield node.text, role
        return
    for child in children(node):
        counts = isinstance(node, Call) and isinstance(child, Name)
        if counts or (isinstance(node, Lag) and child is node.bars):
            yield from ((name, Role.WINDOW) for name in _names(child))
        else:
            yield from _within(child, _compared(node) if isinstance(node, Compare) else role)


def _compared(node: Compare) -> Role:
    """What a value is compared with by order is a threshold; what it has to equal is none."""
    return Role.OTHER if set(node.signs) <= _EQUALS else Role.THRESHOLD


def _names(tree: Node) -> Iterator[str]:
    return (node.text for node in walk(tree) if isinstance(node, Name))
