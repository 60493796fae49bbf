"""Which skills are switched on: the block `active_skills` of BOOTSTRAP.md, which a person writes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from quorum.desk.workspace import Workspace
from quorum.domain import ConfigError, WorkspaceError

BLOCK = re.compile(r"^active_skills:[ \t]*(?:#.*)?$")
_LINE = re.compile(r"^[ \t]+(?P<name>[A-Za-z0-9_-]+)[ \t]*:[ \t]*(?P<value>[^#]*?)[ \t]*(?:#.*)?$")
_YES, _NO = ("true", "yes", "on"), ("false", "no", "off")


def briefing_path(workspace: Workspace) -> Path:
    """Where BOOTSTRAP.md is."""
    return workspace.home / "BOOTSTRAP.md"


def skill_is_on(workspace: Workspace, name: str) -> bool:
    """Whether a skill is switched on; one that the block does not name is, and so is each where there is no block.

    `auto-retry`, `auto_retry` and `trading-auto-retry` are one. ConfigError for a block that makes no sense.
    """
    return active_skills(workspace).get(_known(name), True)


def active_skills(workspace: Workspace) -> Mapping[str, bool]:
    """What the block says, by names without `trading-`; ConfigError at the line of what makes no sense."""
    path = briefing_path(workspace)
    if not path.exists():
        return {}
    found: dict[str, bool] = {}
    inside = False
    for number, line in enumerate(read_text(path).splitlines(), 1):
        if BLOCK.match(line):
            inside = True
        elif inside and line.strip() and not line.strip().startswith("#"):
            if not line[:1].isspace():
                inside = False
            else:
                name, on = _switch(path, number, line)
                found[name] = on
    return found


def read_text(path: Path) -> str:
    """The text of a file; WorkspaceError for one that cannot be read."""
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise WorkspaceError(f"{path}: {error.strerror or error}", "make it a text file that you may read") from error
    except ValueError as error:
        raise WorkspaceError(f"{path}: {error}", "make it a text file in UTF-8") from error


def _switch(path: Path, number: int, line: str) -> tuple[str, bool]:
    found = _LINE.match(line)
    value = found["value"].lower() if found else ""
    if found is None or value not in (*_YES, *_NO):
        raise ConfigError(f"{path}:{number}: active_skills: {line.strip()!r} is no switch", "write NAME: true or false")
    return _known(found["name"]), value in _YES


def _known(name: str) -> str:
    return name.strip().lower().replace("_", "-").removeprefix("trading-")
