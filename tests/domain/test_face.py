"""The face of the room offers its words, all of them and nothing else, and stands on the standard library alone."""

from __future__ import annotations

import ast
import sys
from pathlib import Path
from types import ModuleType

import pytest

from quorum import domain, execution, risk

FACES = [domain, risk, execution]


@pytest.mark.parametrize("face", FACES, ids=lambda face: face.__name__)
def test_a_face_offers_exactly_what_it_lists_in_order(face: ModuleType) -> None:
    assert face.__file__ is not None
    tree = ast.parse(Path(face.__file__).read_text(encoding="utf-8"))
    bound = [alias.asname or alias.name for n in tree.body if isinstance(n, ast.ImportFrom) for alias in n.names]
    assert len(bound) == len(set(bound))
    assert set(face.__all__) == set(bound)
    assert all(not isinstance(getattr(face, name), ModuleType) for name in face.__all__)
    constants, classes, rest = (
        [n for n in face.__all__ if n.isupper()],
        [n for n in face.__all__ if n[0].isupper() and not n.isupper()],
        [n for n in face.__all__ if n[0].islower()],
    )
    assert list(face.__all__) == [*sorted(constants), *sorted(classes), *sorted(rest)]


def test_every_public_word_of_the_domain_is_on_its_face() -> None:
    assert domain.__file__ is not None
    words: set[str] = set()
    for path in Path(domain.__file__).parent.glob("[!_]*.py"):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.ClassDef | ast.FunctionDef) and not node.name.startswith("_"):
                words.add(node.name)
    assert words <= set(domain.__all__)


def test_the_domain_imports_the_standard_library_and_itself() -> None:
    assert domain.__file__ is not None
    modules: set[str] = set()
    for path in Path(domain.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                modules |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                assert node.level == 0
                modules.add(str(node.module))
    own = {m for m in modules if m.startswith("quorum.")}
    assert {m.split(".")[1] for m in own} == {"domain"}
    assert {m.split(".")[0] for m in modules - own} <= set(sys.stdlib_module_names)
