"""What is wrong and how to mend it: a list of checks that each capability adds to."""

from __future__ import annotations

import importlib
import os
import shutil
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from quorum.desk.settings import RiskFile, read_settings
from quorum.desk.settings.host import read_host_risk
from quorum.desk.settings.life import check_life
from quorum.desk.workspace import FOLDERS, Workspace
from quorum.domain import QuorumError

ROOMS = (
    *("domain", "stats", "lake", "features", "signals", "risk", "execution", "engine", "validation", "desk"),
    *("discovery", "execution.stopping"),
    *("desk.agents", "desk.approvals", "desk.cycle", "desk.notices", "desk.running", "desk.schedule", "desk.settings"),
    *("desk.meeting", "desk.system", "desk.team", "desk.upkeep", "desk.work", "desk.workflows"),
    *("desk.deploying", "desk.guarding", "desk.life", "desk.mending", "desk.proving", "desk.trading"),
    *("adapters", "adapters.sql", "adapters.sql.coordination", "adapters.sql.life", "adapters.dbos"),
    *(
        "adapters.halts",
        "adapters.keys",
        "adapters.logs",
        "adapters.notify",
        "adapters.process",
        "adapters.process.pool",
        "adapters.process.roles",
    ),
    *("simulator", "bootstrap", "surfaces", "surfaces.bench", "surfaces.cli", "surfaces.report"),
)
LIBRARIES = (
    *("numpy", "numba", "polars", "sqlalchemy", "alembic", "pydantic", "typer", "jinja2"),
    *("dbos", "apprise", "croniter", "structlog", "psutil"),
)
TOP = tuple(dict.fromkeys(folder.split("/")[0] for folder in FOLDERS))
LEAST_FREE = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at: `ok`, what was found, and how to mend it when it is not ok."""

    name: str
    ok: bool
    found: str
    remedy: str = ""


Check = Callable[[Workspace], Iterable[Finding]]


def diagnose(home: Path | None, schema: Callable[[Path], str], *checks: Check) -> tuple[Finding, ...]:
    """Look at imports, versions, workspace, configuration, database and disk, then by `checks`; every one runs.

    `schema` answers with the revision of a database file, or raises a QuorumError.
    """
    found = [*_imports(), *_versions()]
    if home is None or not home.is_dir():
        return (*found, Finding("workspace", False, "none here or above", "make one with `quorum init`"))
    workspace = Workspace(home)
    found += [
        _attempt("workspace", lambda: _workspace(workspace)),
        _attempt("configuration", lambda: _configuration(workspace)),
        _attempt("database", lambda: _database(workspace, schema)),
        _attempt("lake", lambda: _lake(workspace)),
        _disk(workspace),
    ]
    return (*found, *(finding for check in checks for finding in check(workspace)))


def _attempt(name: str, look: Callable[[], str]) -> Finding:
    try:
        return Finding(name, True, look())
    except QuorumError as error:
        return Finding(name, False, error.found, error.remedy)


def _imports() -> Iterator[Finding]:
    broken = []
    for room in ROOMS:
        try:
            importlib.import_module(f"quorum.{room}")
        except ImportError as error:
            broken.append(f"{room}: {error}")
    yield Finding(
        "imports",
        not broken,
        "; ".join(broken) or f"all {len(ROOMS)} rooms",
        "install the locked dependencies again" if broken else "",
    )


def _versions() -> Iterator[Finding]:
    python = sys.version.split()[0]
    yield Finding("python", sys.version_info >= (3, 11), python, "use Python 3.11 or newer")
    try:
        yield Finding("libraries", True, ", ".join(f"{name} {metadata.version(name)}" for name in LIBRARIES))
    except metadata.PackageNotFoundError as error:
        yield Finding("libraries", False, f"{error.name} is missing", "install the locked dependencies again")


def _workspace(workspace: Workspace) -> str:
    blocked = [name for name in TOP if (workspace.home / name).exists() and not (workspace.home / name).is_dir()]
    if blocked:
        raise QuorumError(f"{workspace.home / blocked[0]} is no folder", "move it away; `quorum init` makes the folder")
    workspace.must_be()
    if not os.access(workspace.home, os.W_OK):
        raise QuorumError(f"{workspace.home} is read-only", "make it writable for you")
    return str(workspace.home)


def _configuration(workspace: Workspace) -> str:
    settings = workspace.settings()
    check_life(workspace.config)
    section = settings.consensus.consensus
    theirs = read_host_risk(workspace.home).stricter(read_settings(workspace.config / "risk.yaml", RiskFile))
    found = f"{len(settings.accounts.accounts)} accounts; required: {', '.join(section.required_participants)}"
    return "; ".join([found, *theirs])


def _database(workspace: Workspace, schema: Callable[[Path], str]) -> str:
    if not workspace.database.exists():
        return "none yet: it is made when it is first needed"
    return f"{workspace.database.name}, schema {schema(workspace.database)}"


def _lake(workspace: Workspace) -> str:
    series = sum(1 for _ in workspace.lake.rglob("manifest.json"))
    return f"{series} series" if series else "empty: `quorum data import PATH` fills it"


def _disk(workspace: Workspace) -> Finding:
    free = shutil.disk_usage(workspace.home).free
    return Finding("disk", free >= LEAST_FREE, f"{free / 1e9:.1f} GB free", "free some space")
