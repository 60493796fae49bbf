"""Expressions to a plan: cells in the order of their computing, each of them once, with the bars that each needs."""

from __future__ import annotations

import difflib
import math
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from quorum.domain import ConfigError
from quorum.domain.grammar import Binary, Call, Compare, Expression, Lag, Literal, Logic, Name, Node, Unary
from quorum.domain.grammar.tree import refusal
from quorum.features.formulas import codes
from quorum.features.formulas.cells import cell_value
from quorum.features.formulas.recursions import settling
from quorum.features.formulas.registry import INDICATORS, LONGEST, Argument, Cell, Kind, Recursion, Window, Written

SIGNS = {
    "+": codes.ADD,
    "-": codes.SUBTRACT,
    "*": codes.MULTIPLY,
    "/": codes.DIVIDE,
    "%": codes.REMAINDER,
    "<": codes.BELOW,
    "<=": codes.AT_MOST,
    ">": codes.ABOVE,
    ">=": codes.AT_LEAST,
    "==": codes.EQUAL,
    "!=": codes.UNEQUAL,
}
ON_GRID = (codes.LAG, codes.HIGHEST, codes.LOWEST)


class Step(NamedTuple):
    """One cell: what it does, with which earlier cells, over how many bars, and what is known of it.

    `number` is a constant's value or a mean's grid; `need` is the bars that have to be seen before its first value;
    `condition` whether it is true or false; `grid` whether its values lie on the grid of prices.
    """

    code: int
    inputs: tuple[int, ...]
    length: int
    number: float
    need: int
    condition: bool
    grid: bool


class Planner:
    """Steps that grow as expressions are added; the same step is never made twice.

    `decimals` is the grid of the prices: 10**-decimals, None for prices off any grid.
    """

    def __init__(self, decimals: int | None = None) -> None:
        usable = decimals is not None and abs(decimals) <= 22
        self.scale = 10.0 ** max(decimals or 0, 0) if usable else 0.0
        self.steps: list[Step] = []
        self._known: dict[tuple[int, tuple[int, ...], int, float, bool], int] = {}

    def add(self, expression: Expression, names: Mapping[str, int]) -> int:
        """The step of an expression's value; `names` are steps for names beside the columns of bars.

        ConfigError naming text and column for a name, a function or an argument that does not fit.
        """
        return _Reading(self, expression.text, names).of(expression.tree)

    def constant(self, value: float) -> int:
        return self.step(codes.CONSTANT, (), number=value)

    def column(self, name: str) -> int:
        return self.step(codes.COLUMNS.index(name), ())

    def step(self, code: int, inputs: tuple[int, ...], length: int = 1, number: float = 0.0) -> int:
        """The index of this step, made when it is new; cells of constants become constants."""
        below = [self.steps[k] for k in inputs]
        if codes.ADD <= code < codes.FIRST_WINDOW and all(s.code == codes.CONSTANT for s in below):
            a, b, c = ([s.number for s in below] * 3)[:3]
            return self._made(codes.CONSTANT, (), 1, cell_value(code, a, b, c), _is_condition(code))
        return self._made(code, inputs, length, number, _is_condition(code))

    def _made(self, code: int, inputs: tuple[int, ...], length: int, number: float, condition: bool) -> int:
        key = (code, inputs, length, number, condition)
        if key not in self._known:
            below = [self.steps[k] for k in inputs]
            need = max([s.need for s in below], default=0 if code == codes.CONSTANT else 1)
            if code >= codes.FIRST_RECURSION:
                need += settling(code, length)
            elif code >= codes.FIRST_WINDOW:
                need = max(need, 1) + length - 1
            grid = code <= codes.CLOSE or (code in ON_GRID and below[0].grid)
            self._known[key] = len(self.steps)
            self.steps.append(Step(code, inputs, length, number, need, condition, grid))
        return self._known[key]

    def reached(self, roots: Iterable[int]) -> list[int]:
        """Every step that `roots` need, themselves included, in the order of computing."""
        found, rest = set(), list(roots)
        while rest:
            step = rest.pop()
            if step not in found:
                found.add(step)
                rest.extend(self.steps[step].inputs)
        return sorted(found)


class _Reading:
    """One expression being planned."""

    def __init__(self, planner: Planner, text: str, names: Mapping[str, int]) -> None:
        self.planner, self.text, self.names = planner, text, names

    def refuse(self, node: Node, found: str, remedy: str) -> ConfigError:
        return refusal(self.text, node.column, found, remedy)

    def of(self, node: Node) -> int:
        match node:
            case Literal():
                return self.literal(node)
            case Name():
                return self.name(node)
            case Call():
                return self.call(node)
            case Lag(of, bars):
                length = self.bars(bars, 0) + 1
                return self.planner.step(codes.LAG, (self.of(of),), length) if length > 1 else self.of(of)
            case Compare():
                return self.compared(node)
            case Binary(sign, left, right):
                return self.planner.step(SIGNS[sign], (self.number(left), self.number(right)))
            case _:
                return self.logic(node)

    def literal(self, node: Literal) -> int:
        value = node.value
        if value is None or isinstance(value, str):
            raise self.refuse(node, f"{value!r} is no number", "write numbers and conditions")
        if isinstance(value, bool):
            one = self.planner.constant(1.0)
            return self.planner.step(codes.EQUAL if value else codes.UNEQUAL, (one, one))
        return self.planner.constant(float(value))

    def name(self, node: Name) -> int:
        if node.text in self.names:
            return self.names[node.text]
        if node.text in codes.COLUMNS:
            return self.planner.column(node.text)
        known = (*self.names, *codes.COLUMNS)
        near = difflib.get_close_matches(node.text, known, 1)
        raise self.refuse(
            node, f"there is no {node.text!r}", f"did you mean {near[0]}?" if near else f"there are {', '.join(known)}"
        )

    def number(self, node: Node) -> int:
        step = self.of(node)
        if self.planner.steps[step].condition:
            raise self.refuse(node, "a condition stands where a number is needed", "count(condition, n) makes it one")
        return step

    def condition(self, node: Node) -> int:
        step = self.of(node)
        if not self.planner.steps[step].condition:
            raise self.refuse(node, "a number stands where a condition is needed", "compare it, as in x > 0")
        return step

    def logic(self, node: Node) -> int:
        match node:
            case Unary("not", operand):
                return self.planner.step(codes.NOT, (self.condition(operand),))
            case Unary(_, operand):
                return self.planner.step(codes.NEGATE, (self.number(operand),))
            case Logic(sign, operands):
                return self.joined(codes.BOTH if sign == "and" else codes.EITHER, [*map(self.condition, operands)])
        raise self.refuse(node, "a list stands where a value is needed", "lists stand after in")

    def joined(self, code: int, steps: list[int]) -> int:
        whole = steps[0]
        for each in steps[1:]:
            whole = self.planner.step(code, (whole, each))
        return whole

    def compared(self, node: Compare) -> int:
        pairs = []
        for sign, left, right in zip(node.signs, node.operands, node.operands[1:], strict=False):
            if sign in SIGNS:
                pairs.append(self.planner.step(SIGNS[sign], (self.number(left), self.number(right))))
            else:
                pairs.append(self.among(left, right, sign == "in"))
        return self.joined(codes.BOTH, pairs)

    def among(self, left: Node, right: Node, inside: bool) -> int:
        items = right.items if not isinstance(right, Literal | Name) and hasattr(right, "items") else ()
        if not items:
            raise self.refuse(right, "there is nothing to look among", "write in [first, second]")
        value = self.number(left)
        equal = [self.planner.step(codes.EQUAL, (value, self.number(item))) for item in items]
        found = self.joined(codes.EITHER, equal)
        return found if inside else self.planner.step(codes.NOT, (found,))

    def call(self, node: Call) -> int:
        indicator = INDICATORS.get(node.function)
        if indicator is None:
            near = difflib.get_close_matches(node.function, INDICATORS, 1)
            listed = f"did you mean {near[0]}?" if near else f"there are {', '.join(INDICATORS)}"
            raise self.refuse(node, f"there is no function {node.function!r}", listed)
        if len(node.arguments) != len(indicator.arguments):
            found = f"{node.function} has {len(node.arguments)} arguments, it takes {len(indicator.arguments)}"
            raise self.refuse(node, found, f"write {indicator.signature}")
        values: dict[str, int] = {}
        bars = 1
        for argument, given in zip(indicator.arguments, node.arguments, strict=True):
            values[argument.name] = step = self.argument(argument, given)
            if argument.kind is Kind.BARS:
                bars = int(self.planner.steps[step].number)
        inputs = tuple(values[a.name] for a in indicator.arguments if a.kind in (Kind.SERIES, Kind.CONDITION))
        match indicator.rule:
            case Written(formula):
                return self.planner.add(formula, values)
            case Cell(code):
                return self.planner.step(code, inputs)
            case Window(code):
                return self.window(code, inputs, bars)
            case Recursion(code, columns):
                return self.planner.step(code, inputs + tuple(map(self.planner.column, columns)), bars)

    def window(self, code: int, inputs: tuple[int, ...], bars: int) -> int:
        on_grid = code == codes.MEAN and self.planner.steps[inputs[0]].grid
        return self.planner.step(code, inputs, bars, self.planner.scale if on_grid else 0.0)

    def argument(self, argument: Argument, given: Node) -> int:
        match argument.kind:
            case Kind.CONDITION:
                return self.condition(given)
            case Kind.BARS:
                return self.planner.constant(float(self.bars(given, argument.least)))
            case Kind.NUMBER if self.planner.steps[self.number(given)].code != codes.CONSTANT:
                raise self.refuse(given, f"{argument.name} changes from bar to bar", "give a number or a parameter")
        return self.number(given)

    def bars(self, given: Node, least: int) -> int:
        step = self.planner.steps[self.number(given)]
        if step.code != codes.CONSTANT:
            raise self.refuse(
                given, "a count of bars that changes from bar to bar", "give a whole number or a parameter"
            )
        value = step.number
        if value < 0:
            raise self.refuse(given, f"{value:g} bars ago looks ahead", "a bar knows itself, [0], and earlier ones")
        if not math.isfinite(value) or value != int(value) or not least <= value <= LONGEST:
            raise self.refuse(given, f"{value:g} is no count of bars", f"give a whole number in {least}..{LONGEST}")
        return int(value)


def _is_condition(code: int) -> bool:
    return codes.BELOW <= code < codes.MAGNITUDE
