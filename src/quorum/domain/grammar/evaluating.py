"""The value of an expression over plain values, as a workflow's condition asks it."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from typing import Any

from quorum.domain.errors import ConfigError, QuorumError
from quorum.domain.grammar.tree import (
    Binary,
    Call,
    Compare,
    Expression,
    Lag,
    Listing,
    Literal,
    Logic,
    Name,
    Node,
    Unary,
    refusal,
)

Function = Callable[..., Any]
ARITHMETIC: Mapping[str, Callable[[Any, Any], Any]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "%": operator.mod,
}
ORDER: Mapping[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def evaluate(expression: Expression, names: Mapping[str, Any], functions: Mapping[str, Function] | None = None) -> Any:
    """The value of `expression`: `names` answers its names, a dotted one by mappings in it, `functions` its calls.

    `and`, `or` and chains stop as soon as they are decided. Only numbers are added and ordered, texts compare with
    == and in; True is no number. `x[2]` is the third item from the end of a list, `x in names` asks a list of that
    name. ConfigError naming the column for a name or a function that is not there, values that do not go together,
    a division by zero, and a function that fails.
    """
    return _Evaluation(expression.text, names, functions or {}).of(expression.tree)


class _Evaluation:
    """One evaluation: what names and functions mean, and the text that errors quote."""

    def __init__(self, text: str, names: Mapping[str, Any], functions: Mapping[str, Function]) -> None:
        self.text, self.names, self.functions = text, names, functions

    def refuse(self, node: Node, found: str, remedy: str = "") -> ConfigError:
        return refusal(self.text, node.column, found, remedy)

    def of(self, node: Node) -> Any:
        match node:
            case Literal(value):
                return value
            case Name():
                return self.name(node)
            case Call():
                return self.call(node)
            case Lag():
                return self.ago(node)
            case Listing(items):
                return [self.of(item) for item in items]
            case Compare():
                return self.compared(node)
            case Logic(sign, operands):
                return self.joined(sign == "and", operands)
            case Unary(sign, operand):
                return not self.truth(operand) if sign == "not" else -self.number(operand)
            case Binary():
                return self.arithmetic(node)

    def name(self, node: Name) -> Any:
        value: Any = self.names
        for k, part in enumerate(node.path):
            if not isinstance(value, Mapping) or part not in value:
                above = ".".join(node.path[:k])
                known = ", ".join(sorted(map(str, value))) if isinstance(value, Mapping) else ""
                place = f" in {above}" if above else ""
                raise self.refuse(node, f"there is no {part!r}{place}", f"there is {known}" if known else "")
            value = value[part]
        return value

    def call(self, node: Call) -> Any:
        if node.function not in self.functions:
            known = ", ".join(sorted(self.functions))
            raise self.refuse(
                node, f"there is no function {node.function!r}", f"there is {known}" if known else "call none"
            )
        arguments = [self.of(a) for a in node.arguments]
        try:
            return self.functions[node.function](*arguments)
        except QuorumError:
            raise
        except Exception as error:
            raise self.refuse(node, f"{node.function} failed: {error}") from error

    def ago(self, node: Lag) -> Any:
        values, bars = self.of(node.of), self.of(node.bars)
        whole = isinstance(bars, int) and not isinstance(bars, bool)
        if not whole or not isinstance(values, list | tuple) or not 0 <= bars < len(values):
            raise self.refuse(node, f"there is no value {bars!r} places before the last", "ask for one that is there")
        return values[-1 - bars]

    def truth(self, node: Node) -> bool:
        value = self.of(node)
        if not isinstance(value, bool):
            raise self.refuse(node, f"{value!r} is neither True nor False", "write a comparison")
        return value

    def joined(self, both: bool, operands: tuple[Node, ...]) -> bool:
        return all(map(self.truth, operands)) if both else any(map(self.truth, operands))

    def number(self, node: Node) -> Any:
        value = self.of(node)
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise self.refuse(node, f"{value!r} is no number", "give a number here")
        return value

    def arithmetic(self, node: Binary) -> Any:
        left, right = self.number(node.left), self.number(node.right)
        try:
            return ARITHMETIC[node.sign](left, right)
        except ZeroDivisionError:
            raise self.refuse(node, f"{left} {node.sign} 0", "ask first whether it is 0") from None
        except OverflowError:
            raise self.refuse(node, "a number beyond all floats", "use smaller ones") from None

    def compared(self, node: Compare) -> bool:
        left = self.of(node.operands[0])
        for sign, each in zip(node.signs, node.operands[1:], strict=True):
            right = self.among(each) if sign.endswith("in") else self.of(each)
            if not self.holds(node, sign, left, right):
                return False
            left = right
        return True

    def among(self, node: Node) -> Any:
        value = self.of(node)
        if not isinstance(value, list | tuple):
            name = node.text if isinstance(node, Name) else "this"
            raise self.refuse(node, f"{name} is no list but {value!r}", "in looks among the items of a list")
        return value

    def holds(self, node: Compare, sign: str, left: Any, right: Any) -> bool:
        match sign:
            case "==":
                return _same(left, right)
            case "!=":
                return not _same(left, right)
            case "in":
                return any(_same(left, item) for item in right)
            case "not in":
                return not any(_same(left, item) for item in right)
        if not all(isinstance(v, int | float) and not isinstance(v, bool) for v in (left, right)):
            raise self.refuse(node, f"{left!r} {sign} {right!r} compares no two numbers", "compare them with ==")
        return ORDER[sign](left, right)


def _same(left: Any, right: Any) -> bool:
    return isinstance(left, bool) == isinstance(right, bool) and bool(left == right)
