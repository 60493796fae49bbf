"""One expression grammar: the conditions of workflows and the rules of strategies are written in it.

Promise: text becomes a frozen tree or one error that names the column; nothing is ever executed, hostile text ends.
In: text of at most 2,000 characters. Out: an Expression with its tree, its names and its calls; a value.
Neighbours: `features.formulas` computes columns of such trees; `desk` asks a workflow's conditions with `evaluate`.
"""

from quorum.domain.grammar.evaluating import evaluate
from quorum.domain.grammar.parsing import parse
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
    walk,
    written,
)

__all__ = [
    "Binary",
    "Call",
    "Compare",
    "Expression",
    "Lag",
    "Listing",
    "Literal",
    "Logic",
    "Name",
    "Node",
    "Unary",
    "evaluate",
    "parse",
    "walk",
    "written",
]
