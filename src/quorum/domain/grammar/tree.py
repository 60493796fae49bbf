"""The tree of an expression: frozen nodes that are equal when they say the same, wherever they stand."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from quorum.domain.errors import ConfigError

Plain = float | int | str | bool | None


@dataclass(frozen=True, slots=True)
class Literal:
    """A number, a text, True, False or None."""

    value: Plain
    column: int = field(default=1, compare=False)


@dataclass(frozen=True, slots=True)
class Name:
    """A name, dotted or not: `close` or `steps.regime.name`."""

    path: tuple[str, ...]
    column: int = field(default=1, compare=False)

    @property
    def text(self) -> str:
        return ".".join(self.path)


@dataclass(frozen=True, slots=True)
class Call:
    """A function of its arguments."""

    function: str
    arguments: tuple[Node, ...]
    column: int = field(default=1, compare=False)


@dataclass(frozen=True, slots=True)
class Lag:
    """`of[bars]`: the value so many bars ago."""

    of: Node
    bars: Node
    column: int = field(default=1, compare=False)


@dataclass(frozen=True, slots=True)
class Unary:
    """`-x` or `not x`."""

    sign: str
    operand: Node
    column: int = field(default=1, compare=False)


@dataclass(frozen=True, slots=True)
class Binary:
    """Arithmetic of two numbers: + - * / %."""

    sign: str
    left: Node
    right: Node
    column: int = field(default=1, compare=False)


@dataclass(frozen=True, slots=True)
class Compare:
    """A chain `a < b <= c`: each sign stands between two neighbours of `operands`."""

    signs: tuple[str, ...]
    operands: tuple[Node, ...]
    column: int = field(default=1, compare=False)


@dataclass(frozen=True, slots=True)
class Logic:
    """`and` or `or` of two or more conditions."""

    sign: str
    operands: tuple[Node, ...]
    column: int = field(default=1, compare=False)


@dataclass(frozen=True, slots=True)
class Listing:
    """The values that `in` looks among, where they are written out: `["bull", "bear"]`."""

    items: tuple[Node, ...]
    column: int = field(default=1, compare=False)


Node = Literal | Name | Call | Lag | Unary | Binary | Compare | Logic | Listing


@dataclass(frozen=True, slots=True)
class Expression:
    """A parsed text; equal to every other that says the same, whatever its spaces."""

    text: str = field(compare=False)
    tree: Node

    @property
    def names(self) -> tuple[str, ...]:
        """Every name in it, dotted, sorted."""
        return tuple(sorted({n.text for n in walk(self.tree) if isinstance(n, Name)}))

    @property
    def calls(self) -> tuple[str, ...]:
        """Every function that it calls, sorted."""
        return tuple(sorted({n.function for n in walk(self.tree) if isinstance(n, Call)}))

    def __str__(self) -> str:
        return written(self.tree)


def children(node: Node) -> tuple[Node, ...]:
    """The nodes right below `node`, in the order in which they are written."""
    match node:
        case Call(_, below) | Logic(_, below) | Compare(_, below) | Listing(below):
            return below
        case Binary(_, left, right) | Lag(left, right):
            return left, right
        case Unary(_, operand):
            return (operand,)
        case _:
            return ()


def walk(node: Node) -> Iterator[Node]:
    """`node` and all below it, a node before those below it."""
    yield node
    for child in children(node):
        yield from walk(child)


def written(node: Node) -> str:
    """The one text of a tree, every group in parentheses; parsing it gives an equal tree."""
    match node:
        case Literal(value):
            return _literal(value)
        case Name():
            return node.text
        case Call(function, arguments):
            return f"{function}({', '.join(map(written, arguments))})"
        case Lag(of, bars):
            return f"{written(of)}[{written(bars)}]"
        case Unary(sign, operand):
            return f"(not {written(operand)})" if sign == "not" else f"(-{written(operand)})"
        case Binary(sign, left, right):
            return f"({written(left)} {sign} {written(right)})"
        case Logic(sign, operands):
            return f"({f' {sign} '.join(map(written, operands))})"
        case Compare(signs, operands):
            rest = (f" {sign} {written(each)}" for sign, each in zip(signs, operands[1:], strict=True))
            return f"({written(operands[0])}{''.join(rest)})"
        case Listing(items):
            return f"[{', '.join(map(written, items))}]"


def refusal(text: str, column: int, found: str, remedy: str = "") -> ConfigError:
    """The error for a place of an expression; columns count from 1."""
    return ConfigError(f"{text!r}, column {column}: {found}", remedy)


def rewritten(node: Node, known: Mapping[str, Node]) -> Node:
    """The tree with every name of `known` replaced by what it stands for."""

    def all_of(nodes: tuple[Node, ...]) -> tuple[Node, ...]:
        return tuple(rewritten(each, known) for each in nodes)

    match node:
        case Name():
            return known.get(node.text, node)
        case Call():
            return replace(node, arguments=all_of(node.arguments))
        case Lag():
            return replace(node, of=rewritten(node.of, known), bars=rewritten(node.bars, known))
        case Unary():
            return replace(node, operand=rewritten(node.operand, known))
        case Binary():
            return replace(node, left=rewritten(node.left, known), right=rewritten(node.right, known))
        case Compare() | Logic():
            return replace(node, operands=all_of(node.operands))
        case Listing():
            return replace(node, items=all_of(node.items))
        case Literal():
            return node


def _literal(value: Plain) -> str:
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return repr(int(value))
    return f'"{value}"' if isinstance(value, str) and '"' not in value else repr(value)
