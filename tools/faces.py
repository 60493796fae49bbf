"""Reads a package's face: the public names in `__all__`, and whether they stand in order."""

from __future__ import annotations

import ast
import re
from itertools import pairwise


def public_names(tree: ast.Module) -> list[str] | None:
    """The strings of `__all__`, or None where it is missing or not written out."""
    for node in tree.body:
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        if any(isinstance(t, ast.Name) and t.id == "__all__" for t in targets):
            value = getattr(node, "value", None)
            if isinstance(value, ast.List | ast.Tuple):
                return [str(e.value) for e in value.elts if isinstance(e, ast.Constant)]
    return None


def out_of_order(names: list[str]) -> tuple[str, str] | None:
    """The first two neighbours that are in the wrong order, constants before classes before functions (RUF022)."""
    return next(((a, b) for a, b in pairwise(names) if _rank(a) > _rank(b)), None)


def _rank(name: str) -> tuple[int, list[tuple[int, int | str]]]:
    kind = 0 if name.isupper() and len(name) > 1 else 1 if name[:1].isupper() else 2
    parts = [p for p in re.split(r"(\d+)", name) if p]
    return kind, [(0, int(p)) if p.isdigit() else (1, p) for p in parts]
