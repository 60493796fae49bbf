"""Writing a new strategy's package from the templates."""

from __future__ import annotations

import keyword
import re
import sys
from importlib.resources import files
from pathlib import Path
from string import Template

from quorum.domain import UsageError, WorkspaceError

TEMPLATES = {
    "README.md": "readme.md.txt",
    "pyproject.toml": "pyproject.toml.txt",
    "src/{name}/__init__.py": "strategy.py.txt",
    "tests/test_{name}.py": "test.py.txt",
}
_NAME = re.compile(r"[a-z][a-z0-9_]{1,39}")


def write_package(name: str, into: Path) -> tuple[Path, list[Path]]:
    """The folder `into`/`name`, made now, and the files in it; UsageError for a bad name or a folder that exists."""
    _refuse_name(name)
    folder = into / name
    if folder.exists():
        raise UsageError(f"{folder} exists", "choose another name or folder; nothing is overwritten")
    written = []
    try:
        for place, template in TEMPLATES.items():
            text = files("quorum.surfaces.scaffold").joinpath("templates", template).read_text(encoding="utf-8")
            file = folder / place.format(name=name)
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(Template(text).substitute(_words(name)), encoding="utf-8")
            written.append(file.relative_to(folder))
    except OSError as error:
        raise WorkspaceError(f"{folder} cannot be written ({error.strerror})", "choose a folder of your own") from error
    return folder, written


def _words(name: str) -> dict[str, str]:
    return {"name": name, "NAME": name.upper(), "package": f"quorum-{name.replace('_', '-')}"}


def _refuse_name(name: str) -> None:
    from quorum.signals.registry import OURS

    if not _NAME.fullmatch(name) or keyword.iskeyword(name):
        raise UsageError(
            f"{name!r} is no name for a strategy", "take 2 to 40 small letters, digits and underscores, a letter first"
        )
    if name in OURS:
        raise UsageError(f"{name!r} is one of our own strategies", "choose another name")
    if name in sys.stdlib_module_names or name in ("quorum", "numpy", "pytest", "tests"):
        raise UsageError(f"{name!r} is a module already", "choose another name")
