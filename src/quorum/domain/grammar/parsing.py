"""Text to tree: Python's own parser reads it, and a whitelist lets pass what the grammar has."""

from __future__ import annotations

import ast
import math
import re

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

LONGEST = 2_000
DEEPEST = 30
LARGEST = 400
ALLOWED = (
    "numbers, texts, true, false, null, names, dotted names, + - * / %, comparisons, in [..], in a name, and, or, "
    "not, name(..), value[bars ago] and parentheses are allowed"
)
ARITHMETIC: dict[type[ast.operator], str] = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.Mod: "%"}
ORDER: dict[type[ast.cmpop], str] = {
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
    ast.Eq: "==",
    ast.NotEq: "!=",
    ast.In: "in",
    ast.NotIn: "not in",
}
CONSTANTS = {"true": True, "false": False, "null": None, "none": None}  # in small letters, as YAML and JSON write them
PLAIN_WORDS: dict[type[ast.AST], str] = {
    ast.Pow: "a power",
    ast.Lambda: "a lambda",
    ast.IfExp: "an if",
    ast.Dict: "a dictionary",
    ast.Tuple: "a tuple",
    ast.Slice: "a slice",
    ast.JoinedStr: "a formatted text",
    ast.NamedExpr: "an assignment",
    ast.ListComp: "a comprehension",
    ast.GeneratorExp: "a comprehension",
    ast.Starred: "a star",
    ast.FloorDiv: "//",
    ast.Attribute: "a dot after something that is no name",
    ast.List: "a list that does not stand after in",
    ast.Is: "the word is",
    ast.IsNot: "the word is",
    ast.UAdd: "a plus sign before a value",
    ast.Invert: "~",
}
_RUN_ON = re.compile(r"(?<![\w.)\]])(?>[\d.][\d_.]*(?:[eE][+-]?\d+)?)([A-Za-z_])")
_QUOTED = re.compile(r"'[^']*'|\"[^\"]*\"")
_ONE_LINE = str.maketrans("\t\n\r", "   ")
_OPENING, _CLOSING = "([", ")]"


def parse(text: str) -> Expression:
    """The expression that `text` writes; ConfigError naming text and column for anything the grammar has not.

    At most 2,000 characters, 400 nodes and 30 levels; there are no powers, so that no text makes a long number.
    """
    if not isinstance(text, str) or not text.strip():
        raise refusal(str(text), 1, "there is no expression", ALLOWED)
    if len(text) > LONGEST:
        raise refusal(text[:40] + "…", LONGEST + 1, f"it has {len(text)} characters", f"write at most {LONGEST}")
    line = text.translate(_ONE_LINE).strip()
    _refuse_early(line)
    try:
        body = ast.parse(line, mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        column = getattr(error, "offset", None) or len(line) + 1
        raise refusal(line, column, "this cannot be read", ALLOWED) from None
    if sum(1 for _ in ast.walk(body)) > 3 * LARGEST:
        raise refusal(line, 1, "it has too many parts", f"write at most {LARGEST}")
    return Expression(line, _Reader(line).node(body, 1))


def _refuse_early(line: str) -> None:
    """What Python's parser would warn of or choke on."""
    blank = _QUOTED.sub(lambda quoted: "_" * len(quoted.group()), line)
    depth = 0
    for column, letter in enumerate(blank, 1):
        depth += (letter in _OPENING) - (letter in _CLOSING)
        if depth > DEEPEST:
            raise refusal(line, column, f"more than {DEEPEST} levels deep", "name a part of it")
    for column, letter in enumerate(line, 1):
        if letter in "\\\0":
            raise refusal(line, column, f"{letter!r} is not allowed", ALLOWED)
    if run_on := _RUN_ON.search(blank):
        raise refusal(line, run_on.start(1) + 1, "a number runs into a word", "put a space between them")


class _Reader:
    """One reading: counts the nodes, and knows the text that errors quote."""

    def __init__(self, line: str) -> None:
        self.line, self.count = line, 0

    def refuse(self, place: ast.AST, what: str, remedy: str = ALLOWED) -> Exception:
        return refusal(self.line, self.column(place), what, remedy)

    def column(self, place: ast.AST) -> int:
        offset = getattr(place, "col_offset", 0)
        return len(self.line.encode()[:offset].decode(errors="ignore")) + 1

    def node(self, found: ast.expr, depth: int) -> Node:
        self.count += 1
        if depth > DEEPEST:
            raise self.refuse(found, f"more than {DEEPEST} levels deep", "name a part of it")
        if self.count > LARGEST:
            raise self.refuse(found, f"more than {LARGEST} parts", "name a part of it")
        match found:
            case ast.Constant():
                return self.literal(found)
            case ast.Name() | ast.Attribute():
                return self.name(found)
            case ast.Call() | ast.Subscript():
                return self.applied(found, depth)
            case ast.UnaryOp() | ast.BinOp() | ast.BoolOp() | ast.Compare():
                return self.combined(found, depth)
            case _:
                raise self.refuse(found, f"{_word(found)} is not allowed")

    def literal(self, found: ast.Constant) -> Literal:
        value = found.value
        if value is not None and not isinstance(value, bool | int | float | str):
            raise self.refuse(found, f"{value!r} is not allowed")
        if isinstance(value, int | float) and not (abs(value) < 2**53 or isinstance(value, float)):
            raise self.refuse(found, "a whole number of 2**53 or more", "write a smaller one, or one with a point")
        if isinstance(value, float) and not math.isfinite(value):
            raise self.refuse(found, "a number beyond all floats", "write a smaller one")
        return Literal(value, self.column(found))

    def name(self, found: ast.expr) -> Name | Literal:
        path, part = [], found
        while isinstance(part, ast.Attribute):
            path.append(part.attr)
            part = part.value
        if not isinstance(part, ast.Name):
            raise self.refuse(found, f"{_word(found)} is not allowed")
        if part.id not in CONSTANTS:
            return Name((part.id, *reversed(path)), self.column(found))
        if path:
            raise self.refuse(found, f"a dot after {part.id}", "a value has no parts")
        return Literal(CONSTANTS[part.id], self.column(found))

    def applied(self, found: ast.Call | ast.Subscript, depth: int) -> Node:
        at = self.column(found)
        if isinstance(found, ast.Subscript):
            return Lag(self.node(found.value, depth + 1), self.node(found.slice, depth + 1), at)
        if not isinstance(found.func, ast.Name):
            raise self.refuse(found, "a call of something that is no plain name", "write name(..)")
        if found.keywords:
            raise self.refuse(found.keywords[0], "an argument with a name", "give arguments in their order")
        return Call(found.func.id, tuple(self.node(a, depth + 1) for a in found.args), at)

    def combined(self, found: ast.UnaryOp | ast.BinOp | ast.BoolOp | ast.Compare, depth: int) -> Node:
        at = self.column(found)
        match found:
            case ast.UnaryOp(ast.Not(), operand):
                return Unary("not", self.node(operand, depth + 1), at)
            case ast.UnaryOp(ast.USub(), operand):
                return Unary("-", self.node(operand, depth + 1), at)
            case ast.BinOp(left, sign, right) if type(sign) in ARITHMETIC:
                return Binary(ARITHMETIC[type(sign)], self.node(left, depth + 1), self.node(right, depth + 1), at)
            case ast.BoolOp(sign, operands):
                word = "and" if isinstance(sign, ast.And) else "or"
                return Logic(word, tuple(self.node(o, depth + 1) for o in operands), at)
            case ast.Compare():
                return self.compared(found, depth)
        raise self.refuse(found, f"{_word(found.op)} is not allowed")

    def compared(self, found: ast.Compare, depth: int) -> Compare:
        signs, operands = [], [self.node(found.left, depth + 1)]
        for sign, right in zip(found.ops, found.comparators, strict=True):
            if type(sign) not in ORDER:
                raise self.refuse(right, f"{_word(sign)} is not allowed", "compare with == or !=")
            signs.append(ORDER[type(sign)])
            operands.append(self.choice(right, depth + 1) if signs[-1].endswith("in") else self.node(right, depth + 1))
        return Compare(tuple(signs), tuple(operands), self.column(found))

    def choice(self, found: ast.expr, depth: int) -> Listing | Name:
        if isinstance(found, ast.List):
            return Listing(tuple(self.node(item, depth + 1) for item in found.elts), self.column(found))
        read = self.node(found, depth) if isinstance(found, ast.Name | ast.Attribute) else None
        if not isinstance(read, Name):
            raise self.refuse(found, "after in there is no list", "write in [first, second], or the name of a list")
        return read


def _word(found: ast.AST) -> str:
    return PLAIN_WORDS.get(type(found), type(found).__name__.lower())
