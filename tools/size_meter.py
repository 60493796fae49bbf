"""Measures the shape of a package: `python tools/size_meter.py [src/quorum]`.

Prints the medians and a line for each place that is out of shape, `path:line: message`, and ends with 1 if there
is one. Reads the sources, imports none of them.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from faces import out_of_order, public_names
from rings import rings

FILE_LINES = 400
FUNCTION_LINES = 59
PARAMETERS = 6
FILES = 12
DEPTH = 3
FACE_LINES = range(3, 8)

Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True, slots=True)
class Source:
    """A file of the package: its path, the dotted name of its module, its number of lines and its tree."""

    path: Path
    module: str
    lines: int
    tree: ast.Module

    @property
    def is_face(self) -> bool:
        return self.path.name == "__init__.py"


@dataclass(frozen=True, slots=True)
class Flaw:
    """A place that is out of shape."""

    path: Path
    line: int
    message: str

    def __str__(self) -> str:
        return f"{self.path.as_posix()}:{self.line}: {self.message}"


def read(package: Path) -> list[Source]:
    """Every Python file below `package`, in order of its path."""
    sources = []
    for path in sorted(package.rglob("*.py")):
        text = path.read_text(encoding="utf-8")
        parts = path.relative_to(package.parent).with_suffix("").parts
        module = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        sources.append(Source(path, module, len(text.splitlines()), ast.parse(text, str(path))))
    return sources


def parts(node: ast.AST) -> list[ast.AST]:
    """What stands in `node` but for expressions, in which no statement can stand."""
    return [child for child in ast.iter_child_nodes(node) if not isinstance(child, ast.expr)]


def functions(tree: ast.AST, in_class: bool = False) -> Iterator[tuple[Function, int]]:
    """Every function below `tree`, with its number of parameters; `self` and `cls` do not count."""
    for node in parts(tree):
        inside = in_class
        if isinstance(node, Function):
            inside = False
            free = any(isinstance(d, ast.Name) and d.id == "staticmethod" for d in node.decorator_list)
            yield node, _parameters(node) - (in_class and not free)
        yield from functions(node, inside or isinstance(node, ast.ClassDef))


def _parameters(function: Function) -> int:
    a = function.args
    return len([*a.posonlyargs, *a.args, *a.kwonlyargs]) + (a.vararg is not None) + (a.kwarg is not None)


def length(function: Function) -> int:
    """Lines from `def` to the last one of the body."""
    return (function.end_lineno or function.lineno) - function.lineno + 1


def long_files(source: Source) -> Iterator[Flaw]:
    if source.lines > FILE_LINES:
        yield Flaw(source.path, FILE_LINES + 1, f"the file has {source.lines} lines, {FILE_LINES} are allowed")


def large_functions(source: Source) -> Iterator[Flaw]:
    is_facade = source.is_face and "." not in source.module
    for function, count in functions(source.tree):
        if (lines := length(function)) > FUNCTION_LINES:
            yield Flaw(source.path, function.lineno, f"{function.name} has {lines} lines, {FUNCTION_LINES} are allowed")
        if count > PARAMETERS and not is_facade:
            yield Flaw(
                source.path, function.lineno, f"{function.name} has {count} parameters, {PARAMETERS} are allowed"
            )


def globals_(source: Source) -> Iterator[Flaw]:
    waiting = parts(source.tree)
    for node in waiting:
        if isinstance(node, ast.Global):
            yield Flaw(source.path, node.lineno, f"global {', '.join(node.names)}: pass the value instead")
        waiting += parts(node)


def poor_faces(source: Source) -> Iterator[Flaw]:
    """A room's `__init__.py` says what the room promises, and names what is public, in order."""
    if not source.is_face or source.module.count(".") != 1:
        return
    lines = len((ast.get_docstring(source.tree) or "").splitlines())
    if lines not in FACE_LINES:
        allowed = f"{FACE_LINES[0]} to {FACE_LINES[-1]}"
        yield Flaw(source.path, 1, f"the room's docstring has {lines} lines, {allowed} are needed")
    names = public_names(source.tree)
    if names is None:
        yield Flaw(source.path, 1, "the room has no __all__, a list of its public names is needed")
    elif (pair := out_of_order(names)) is not None:
        yield Flaw(source.path, 1, f"__all__ is not sorted: {pair[1]} stands after {pair[0]}")


def crowded_packages(package: Path, sources: list[Source]) -> Iterator[Flaw]:
    for folder in sorted({s.path.parent for s in sources}):
        count = sum(s.path.parent == folder for s in sources)
        if count > FILES:
            yield Flaw(folder, 1, f"the package has {count} files, {FILES} are allowed")
        if len(folder.relative_to(package).parts) > DEPTH:
            yield Flaw(folder, 1, f"the package is more than {DEPTH} deep")
        if not (folder / "__init__.py").is_file():
            yield Flaw(folder, 1, "the folder has no __init__.py, so the walls do not see it")


def import_rings(sources: list[Source]) -> Iterator[Flaw]:
    paths = {s.module: s.path for s in sources}
    packages = {s.module for s in sources if s.is_face}
    for ring, line in rings({s.module: s.tree for s in sources}, packages):
        yield Flaw(paths[ring[0]], line, f"import ring: {' > '.join(ring)}")


def flaws(package: Path, sources: list[Source]) -> list[Flaw]:
    """All that is out of shape, by path and line."""
    found = [f for s in sources for rule in (long_files, large_functions, globals_, poor_faces) for f in rule(s)]
    found += [*crowded_packages(package, sources), *import_rings(sources)]
    return sorted(found, key=lambda f: (f.path, f.line, f.message))


def medians(sources: list[Source]) -> str:
    """One line: how many files and functions, their median length and the longest."""
    files = [(s.lines, s.path.name) for s in sources]
    lengths = [(length(f), f.name) for s in sources for f, _ in functions(s.tree)]
    return f"{_middle(files, 'files')}; {_middle(lengths, 'functions')}"


def _middle(sizes: list[tuple[int, str]], things: str) -> str:
    if not sizes:
        return f"0 {things}"
    most, name = max(sizes)
    return f"{len(sizes)} {things}, median {median(n for n, _ in sizes):g} lines, longest {most} ({name})"


def main(package: Path) -> int:
    sources = read(package)
    if not sources:
        print(f"{package} holds no Python file; name the folder of a package")
        return 2
    found = flaws(package, sources)
    print(medians(sources))
    for flaw in found:
        print(flaw)
    print(f"{len(found)} out of shape" if found else "in shape")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1] if len(sys.argv) > 1 else "src/quorum")))
