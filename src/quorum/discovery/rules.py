"""Reading a spec's rules: their trees with every name written out, the words in them, and how far they look."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from quorum.domain.grammar import Binary, Call, Compare, Lag, Literal, Logic, Name, Node, Unary, walk, written
from quorum.domain.grammar.tree import children, rewritten
from quorum.features.formulas import Planner
from quorum.features.formulas.codes import COLUMNS, CONSTANT, FIRST_WINDOW, LAG
from quorum.signals import Number, StrategySpec
from quorum.signals.specs.spec import CONDITIONS

ENTRIES = ("long", "short")
_TURNED = {">": "<", ">=": "<", "<=": "<"}


class Reach(NamedTuple):
    """How many bars a rule looks back at, and how many a holding lasts where that is fixed.

    `shortest` is the shortest window of its entries, the longest lag where they have no window; `longest` is that of
    all conditions.
    """

    shortest: int
    longest: int
    hold: int | None

    @property
    def bars(self) -> int:
        """What the rule's horizon is counted by."""
        return self.hold if self.hold is not None else self.longest


def written_out(spec: StrategySpec) -> dict[str, Node]:
    """The tree of each rule by its key, the spec's indicators written out."""
    known: dict[str, Node] = {}
    for name, expression in spec.indicators:
        known[name] = rewritten(expression.tree, known)
    return {key: rewritten(rule.tree, known) for key, rule in spec.rules.items()}


def words(trees: Mapping[str, Node]) -> frozenset[str]:
    """The functions and columns that the entry rules have in them."""
    nodes = [node for key in ENTRIES if key in trees for node in walk(trees[key])]
    called = {node.function for node in nodes if isinstance(node, Call)}
    return frozenset(called | {node.text for node in nodes if isinstance(node, Name) and node.text in COLUMNS})


def reach(spec: StrategySpec, params: Mapping[str, Number]) -> Reach:
    """How far the rules look with these parameters, all of them; at least one bar."""
    planner = Planner()
    steps = spec.steps(planner, params)
    hold = planner.steps[steps["hold"]] if "hold" in steps else None
    asked = [steps[key] for key in ENTRIES if key in steps]
    lags, windows = _lengths(planner, asked)
    held, spans = _lengths(planner, [steps[key] for key in CONDITIONS if key in steps])
    longest = max([1, *held, *spans])
    shortest = min(windows) if windows else max(lags, default=1)
    return Reach(shortest, longest, int(hold.number) if hold is not None and hold.code == CONSTANT else None)


def traits(trees: Mapping[str, Node], parameters: Sequence[str]) -> frozenset[str]:
    """What makes two rules alike: every part of every rule, numbers and parameters as #, turned to one order."""
    unknown = dict.fromkeys(parameters, Literal(0))
    found = set()
    for key, tree in trees.items():
        for node in walk(_ordered(rewritten(tree, unknown))):
            if not isinstance(node, Literal | Name):
                found.add(f"{key}: {written(node)}")
    return frozenset(found)


def _lengths(planner: Planner, roots: Sequence[int]) -> tuple[list[int], list[int]]:
    """The lags, and the lengths of everything else that looks back, below these roots."""
    reached = [planner.steps[k] for k in planner.reached(roots)]
    lags = [step.length - 1 for step in reached if step.code == LAG]
    return lags, [step.length for step in reached if step.code >= FIRST_WINDOW and step.code != LAG]


def _ordered(node: Node) -> Node:
    """The tree with numbers as 0, `a > b` as `b < a`, and the parts of and, or, + and * in order."""
    match node:
        case Literal(value):
            return Literal(0) if isinstance(value, int | float) and not isinstance(value, bool) else node
        case Unary("-", Literal()):
            return Literal(0)
        case Compare((sign,), (left, right)) if sign in _TURNED:
            parts = (_ordered(left), _ordered(right))
            return Compare(("<",), parts if sign == "<=" else parts[::-1])
        case Logic(sign, operands):
            return Logic(sign, tuple(sorted(map(_ordered, operands), key=written)))
        case Binary(sign, left, right) if sign in "+*":
            first, second = sorted((_ordered(left), _ordered(right)), key=written)
            return Binary(sign, first, second)
    return _with(node, tuple(map(_ordered, children(node))))


def _with(node: Node, below: tuple[Node, ...]) -> Node:
    match node:
        case Call():
            return replace(node, arguments=below)
        case Lag():
            return replace(node, of=below[0], bars=below[1])
        case Unary():
            return replace(node, operand=below[0])
        case Binary():
            return replace(node, left=below[0], right=below[1])
        case Compare() | Logic():
            return replace(node, operands=below)
    return node
