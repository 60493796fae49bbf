"""Finds rings of imports between the modules of a package, from their sources."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Set
from graphlib import CycleError, TopologicalSorter


def rings(trees: Mapping[str, ast.Module], packages: Set[str]) -> Iterator[tuple[list[str], int]]:
    """Each ring as the modules along it, the first one again at the end, and the line of its first import.

    `trees` holds the modules by dotted name, `packages` the names of those that are packages. An import inside a
    function counts, one under `if TYPE_CHECKING` does not. Rings that share an import are told once.
    """
    lines = {name: _imported(name, trees, packages) for name in sorted(trees)}
    graph = {name: sorted(found) for name, found in lines.items()}
    while (ring := _ring(graph)) is not None:
        yield ring, lines[ring[0]][ring[1]]
        graph[ring[0]].remove(ring[1])


def _ring(graph: Mapping[str, list[str]]) -> list[str] | None:
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        ring: list[str] = error.args[1][-2::-1]
        first = ring.index(min(ring))
        return [*ring[first:], *ring[: first + 1]]
    return None


def _imported(name: str, trees: Mapping[str, ast.Module], packages: Set[str]) -> dict[str, int]:
    """The modules of `trees` that module `name` imports, each with the line of its first import."""
    found: dict[str, int] = {}
    for node in _run(trees[name]):
        for target in _targets(node, name if name in packages else name.rpartition(".")[0]):
            known = target if target in trees else target.rpartition(".")[0]
            if known in trees and known != name:
                found.setdefault(known, node.lineno)
    return found


def _targets(node: ast.stmt, package: str) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom):
        above = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
        base = ".".join([*above, *([node.module] if node.module else [])])
        return [f"{base}.{alias.name}" for alias in node.names]
    return []


def _run(node: ast.AST) -> Iterator[ast.stmt]:
    """Every statement below `node` but those under `if TYPE_CHECKING`."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.expr):  # no statement stands in one
            continue
        if isinstance(child, ast.If) and ast.unparse(child.test).rpartition(".")[2] == "TYPE_CHECKING":
            yield from _run(ast.Module(child.orelse, []))
            continue
        if isinstance(child, ast.stmt):
            yield child
        yield from _run(child)
