"""The house is in shape, its lock is whole, and no file of it knows a machine, a registry, a mock or a pickle."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
LEFT_BEHIND = {"build", "dist", "demo", "__pycache__"}
BANNED = ("unittest.mock", "mock", "pickle", "cloudpickle", "dill", "shelve")
SKIPS = ("pytest.skip", "pytest.xfail", "pytest.mark.skip")
MARKS = ("pytest.mark.skipif", "pytest.mark.xfail")


def kept() -> list[Path]:
    """The files that git keeps, or would; all but what runs leave behind where the checkout is no git repository."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False).stdout.split("\0")
    if "pyproject.toml" in names:
        return [file for name in names if name and (file := ROOT / name).is_file()]
    return [Path(top) / file for top, _, files in os.walk(ROOT) if _is_source(Path(top)) for file in files]


def _is_source(folder: Path) -> bool:
    parts = folder.relative_to(ROOT).parts
    return not any(part in LEFT_BEHIND or (part[0] == "." and part != ".ci") for part in parts)


@cache
def texts() -> dict[str, str]:
    """The text files that are kept, by their path from the root of the checkout."""
    files = {f.relative_to(ROOT).as_posix(): f.read_bytes() for f in kept()}
    return {name: data.decode(errors="replace") for name, data in files.items() if b"\0" not in data}


def trees(words: tuple[str, ...]) -> dict[str, ast.Module]:
    """The Python files in which one of `words` stands, by their path from the root of the checkout."""
    sources = {name: text for name, text in texts().items() if name.endswith(".py")}
    return {name: ast.parse(text) for name, text in sources.items() if any(word in text for word in words)}


def imported(tree: ast.Module) -> set[str]:
    """Every module that `tree` imports, and every name that it imports from one, dotted."""
    nodes = list(ast.walk(tree))
    plain = {alias.name for n in nodes if isinstance(n, ast.Import) for alias in n.names}
    return plain | {f"{n.module}.{a.name}" for n in nodes if isinstance(n, ast.ImportFrom) for a in n.names}


def dotted(node: ast.AST) -> str:
    """The dotted name that `node` is, empty for what is none."""
    if isinstance(node, ast.Attribute):
        return f"{dotted(node.value)}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else ""


def mute_skips(tree: ast.Module) -> Iterator[int]:
    """Lines of the skips and the expected failures that do not say why."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name, named = dotted(node.func), {k.arg for k in node.keywords}
            if ((name in SKIPS and not node.args) or name in MARKS) and "reason" not in named:
                yield node.lineno
        for mark in getattr(node, "decorator_list", []):
            if dotted(mark) in (*SKIPS, *MARKS):
                yield mark.lineno


def test_the_package_is_in_shape() -> None:
    command = [sys.executable, "tools/size_meter.py", "src/quorum"]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout + run.stderr


def test_the_lock_pins_every_package_by_hash_and_names_no_registry() -> None:
    lines = (ROOT / "requirements.lock").read_text(encoding="utf-8").splitlines()
    pin = re.compile(r"[a-z0-9][a-z0-9._-]*==[^ ]+( ; .+)? \\")
    digest = re.compile(r"    --hash=sha256:[0-9a-f]{64}( \\)?")
    assert [line for line in lines if not (pin.fullmatch(line) or digest.fullmatch(line))] == []
    below = [after for line, after in zip(lines, [*lines[1:], ""], strict=True) if pin.fullmatch(line)]
    assert below
    assert [line for line in below if not digest.fullmatch(line)] == []


def test_the_lock_holds_every_package_that_is_asked_for() -> None:
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    pinned: dict[str, set[str]] = {}
    for name, version in re.findall(r"^([^ =]+)==([^ ]+)", lock, re.MULTILINE):
        pinned.setdefault(canonicalize_name(name), set()).add(version)
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    asked = [Requirement(text) for text in project["project"]["dependencies"] + project["dependency-groups"]["dev"]]
    assert asked
    lost = [str(r) for r in asked if not any(v in r.specifier for v in pinned.get(canonicalize_name(r.name), ()))]
    assert lost == []


def test_no_file_knows_the_machine_it_was_written_on() -> None:
    personal = re.compile(r"(?<![\w./])/(?:home/\w|Users/\w|root/|work/)")
    scratch = re.compile(r"""["']/tmp\b""")
    found = [
        f"{name}:{number}: {line.strip()[:80]}"
        for name, text in texts().items()
        for number, line in enumerate(text.splitlines(), 1)
        if personal.search(line) or (name.startswith("src/") and scratch.search(line))
    ]
    assert found == []


def test_no_file_names_a_registry_or_a_folder_of_packages() -> None:
    options = re.compile(r"--(?:extra-)?index-url[ =]|--find-links[ =]|PIP_(?:FIND_LINKS|INDEX_URL)=")
    assert [name for name, text in texts().items() if options.search(text)] == []


def test_no_mock_and_no_pickle_anywhere() -> None:
    found = [(name, module) for name, tree in trees(BANNED).items() for module in imported(tree)]
    assert [f for f in found if f[1] in BANNED or f[1].startswith(tuple(f"{b}." for b in BANNED))] == []


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("pytest.skip()", [1]),
        ("pytest.skip('no data')", []),
        ("pytest.mark.skipif(True)", [1]),
        ("pytest.mark.skipif(True, reason='no data')", []),
        ("\n@pytest.mark.xfail\ndef test(): ...", [2]),
        ("@pytest.mark.skip\ndef test(): ...", [1]),
        ("@pytest.mark.skip('no data')\ndef test(): ...", []),
    ],
)
def test_a_skip_without_a_reason_is_seen(text: str, lines: list[int]) -> None:
    assert list(mute_skips(ast.parse(text))) == lines


def test_every_skip_says_why() -> None:
    suspects = trees((*SKIPS, *MARKS))
    assert len(suspects) > 3
    assert [f"{name}:{line}" for name, tree in suspects.items() for line in mute_skips(tree)] == []
