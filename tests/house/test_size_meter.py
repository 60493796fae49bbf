"""The size meter sees each way of being out of shape, and lets what is in shape pass."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

FACE = '"""A room.\n\nPromise.\nNeighbours.\n"""\n\n__all__ = ["LIMIT", "Bars", "cap"]\n'
SEVEN = "a, b, c, d, e, f, g"
IN_SHAPE = {
    "__init__.py": f"def facade({SEVEN}): ...\n",
    "room/__init__.py": FACE,
    "room/b.py": """from typing import TYPE_CHECKING
if TYPE_CHECKING:
    from house.room.a import f
class C:
    if True:
        def method(self, a, b, c, d, e, f): ...
    @classmethod
    def make(cls, a, b, c, d, e, f): ...
""",
}
BACK = {"room/b.py": "def late():\n    from house.room import a\n"}
DEEP = {"room/p/__init__.py": "", "room/p/q/__init__.py": ""}


def face(text: str) -> dict[str, str]:
    """The room with another face."""
    return {"room/__init__.py": text}


def names(*last: str) -> dict[str, str]:
    """The room with `last` as the last of its public names."""
    return face(FACE.replace('"cap"', ", ".join(f'"{name}"' for name in last)))


OUT_OF_SHAPE = {
    "long file": ({"room/a.py": "x = 1\n" * 401}, "a.py:401: the file has 401 lines"),
    "long function": ({"room/a.py": "def f():\n" + " x = 1\n" * 59}, "a.py:1: f has 60 lines"),
    "many parameters": ({"room/a.py": f"def f({SEVEN}): ..."}, "a.py:1: f has 7 parameters"),
    "many of all sorts": ({"room/a.py": "def f(a, /, b, *c, d, e, f, **g): ..."}, "a.py:1: f has 7 parameters"),
    "many, static": (
        {"room/a.py": f"class C:\n @staticmethod\n def f({SEVEN}): ..."},
        "a.py:3: f has 7 parameters",
    ),
    "many, inside": ({"room/a.py": f"class C:\n def m():\n  def f({SEVEN}): ..."}, "a.py:3: f has 7 parameters"),
    "global": ({"room/a.py": "def f():\n    global x\n"}, "a.py:2: global x"),
    "deep package": (DEEP | {"room/p/q/r/__init__.py": ""}, "room/p/q/r:1: the package is more than 3 deep"),
    "folder that is no package": ({"room/p/a.py": ""}, "room/p:1: the folder has no __init__.py"),
    "crowd": ({f"room/m{i}.py": "" for i in range(11)}, "room:1: the package has 13 files"),
    "ring": (
        BACK | {"room/a.py": "x = 1\nimport house.room.b\n"},
        "a.py:2: import ring: house.room.a > house.room.b",
    ),
    "ring by dots": (
        BACK | {"room/a.py": "from . import b\n"},
        "a.py:1: import ring: house.room.a > house.room.b",
    ),
    "face without a docstring": (face('__all__ = ["B"]'), "room/__init__.py:1: the room's docstring has 0 lines"),
    "face with a long docstring": (face(FACE.replace("P", "P\n\n\n\nP")), "the room's docstring has 8 lines"),
    "face without names": (face(FACE.partition("__all__")[0]), "room/__init__.py:1: the room has no __all__"),
    "unsorted face": (names("cap", "Fill"), "Fill stands after cap"),
    "face with constants last": (names("cap", "ZERO"), "ZERO stands after cap"),
    "face with ten before nine": (names("t10", "t9"), "t9 stands after t10"),
}


def build(folder: Path, files: dict[str, str]) -> Path:
    """A package `house` with one room, in shape, and `files` in it."""
    for path, text in {**IN_SHAPE, **files}.items():
        file = folder / "house" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return folder / "house"


def measure(checkout: Path, package: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(checkout / "tools" / "size_meter.py"), str(package)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_a_package_in_shape_passes(checkout: Path, tmp_path: Path) -> None:
    largest = {"room/a.py": "def f():\n" + " x = 1\n" * 58, **{f"room/m{i}.py": "" for i in range(9)}}
    run = measure(checkout, build(tmp_path, DEEP | largest))
    assert (run.returncode, run.stdout.splitlines()[-1]) == (0, "in shape")
    assert "15 files, median 0 lines, longest 59 (a.py); 4 functions, median 1 lines, longest 59 (f)" in run.stdout


@pytest.mark.parametrize("flaw", OUT_OF_SHAPE)
def test_the_meter_sees_a(flaw: str, checkout: Path, tmp_path: Path) -> None:
    files, message = OUT_OF_SHAPE[flaw]
    run = measure(checkout, build(tmp_path, files))
    assert run.returncode == 1
    assert message in run.stdout
    assert run.stdout.endswith("\n1 out of shape\n")


def test_a_folder_without_sources_is_refused(checkout: Path, tmp_path: Path) -> None:
    run = measure(checkout, tmp_path)
    assert run.returncode == 2
    assert "holds no Python file" in run.stdout
