"""Backup and restore: the databases as at one instant, with the files that no database can give back.

The order is what makes a copy safe. An effect is committed to desk.db before the engine notes in workflows.db that its
step is done, and an order's intent is committed before the venue hears of it. So no copy of workflows.db may be newer
than that of desk.db, and no copy of a simulated venue's journal either: a step would count as done whose effect is
lost, or the venue would hold an order that nobody meant. `Copies.take` holds both databases for the moment in which
their snapshots are fixed, and the lengths of the journals are taken in that moment: what is copied afterwards, at
leisure, is what a kill at that instant would have left, and everything that survives a kill survives a restore.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from quorum.desk.books import BookReport, books, tell_difference
from quorum.desk.desk import Desk
from quorum.desk.upkeep.archive import Writing, clear_away, unpack, writing
from quorum.desk.upkeep.ports import Copies
from quorum.desk.workspace import VERSION, Workspace
from quorum.domain import Clock, StoreError, UsageError, WorkspaceError, iso

FILES = ("workspace.yaml", "BOOTSTRAP.md")
FOLDERS = (
    *("config", "knowledge", "models", "pipeline", "discovery", "live-monitoring", "portfolio-rebalance"),
    *("state", "backtests", "outputs"),
)
DATA = ("lake", "data")
SECRETS = (".env", ".key", ".pem")
DATABASES, WORKSPACE, MANIFESTS, VENUE = "databases", "workspace", "lake-manifests", "venue"


@dataclass(frozen=True, slots=True)
class Backup:
    """A backup that was written: where, when (ns UTC), its schema, how many files and bytes, links that led outside."""

    path: Path
    made_at: int
    schema: str
    files: int
    bytes: int
    with_data: bool
    left_out: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Restored:
    """A workspace that was made from a backup: `lacks` are series whose bars have to be brought in again."""

    home: Path
    made_at: str
    schema: str
    files: int
    with_data: bool
    lacks: tuple[str, ...]


def back_up(workspace: Workspace, copies: Copies, to: Path, clock: Clock, *, with_data: bool = False) -> Backup:
    """Write a backup of the workspace to the file `to`, while others go on working in it.

    Databases, configuration, models, knowledge, results, the lake's manifests, and with `with_data` its bars. Never
    logs, nor files that hold keys. UsageError when `to` exists, StoreError when a database or the disk refuses.
    """
    now, sizes = clock.now(), {}
    with tempfile.TemporaryDirectory(prefix=".backup-", dir=workspace.home) as scratch:
        folder = Path(scratch)
        copies.take(folder, lambda: sizes.update(_journals(workspace.home)))
        schema = copies.schema(folder)
        facts = {
            "made_at": iso(now),
            "workspace_version": VERSION,
            "kind": copies.kind,
            "schema": schema,
            "with_data": with_data,
        }
        left_out: list[str] = []
        with writing(to, facts) as archive:
            for path in sorted(folder.iterdir()):
                archive.add(f"{DATABASES}/{path.name}", path)
            for path, size in sorted(sizes.items()):
                archive.add(f"{WORKSPACE}/{VENUE}/{path.name}", path, size)
            _add_files(archive, workspace.home, left_out)
            _add_data(archive, workspace.home, with_data)
            files = archive.files
    size = sum(int(found.get("bytes", 0)) for found in files.values())
    return Backup(to, now, schema, len(files), size, with_data, tuple(left_out))


def restore(path: Path, home: Path, copies: Copies) -> Restored:
    """Make a workspace at `home` from the backup at `path`: whole, or not at all.

    UsageError when there is something at `home`, or the backup is for another kind of database. StoreError when it is
    damaged or was altered; WorkspaceError when a newer Quorum made it.
    """
    if home.exists() and (not home.is_dir() or any(home.iterdir())):
        raise UsageError(f"{home} is not empty", "restore into a new folder: nothing is written over")
    home.parent.mkdir(parents=True, exist_ok=True)
    scratch = Path(tempfile.mkdtemp(prefix=f".{home.name}.restoring-", dir=home.parent))
    try:
        manifest = unpack(path, scratch)
        _check(path, manifest, copies)
        schema = copies.schema(scratch / DATABASES)
        made = scratch / WORKSPACE
        made.mkdir(exist_ok=True)
        lacks = _lacking(scratch / MANIFESTS)
        copies.put_back(scratch / DATABASES, made)
        if home.exists():
            home.rmdir()
        os.rename(made, home)
    except OSError as error:
        raise StoreError(f"restore to {home}: {error.strerror or error}", "choose another place") from error
    finally:
        clear_away(scratch)
    return Restored(home, manifest["made_at"], schema, len(manifest["files"]), manifest["with_data"], lacks)


def audited(desk: Desk) -> tuple[BookReport, ...]:
    """The books of every account, by themselves and against their venues: what a restored workspace is judged by.

    People are told of those that do not balance.
    """
    reports = tuple(books(desk, row["account"]) for row in desk.accounts.listed())
    for report in reports:
        tell_difference(desk, report)
    return reports


def _check(path: Path, manifest: Any, copies: Copies) -> None:
    if manifest.get("workspace_version", 0) > VERSION:
        raise WorkspaceError(f"{path} was made by a newer quorum", "upgrade quorum")
    if manifest.get("kind") != copies.kind:
        raise UsageError(
            f"{path} holds a copy for {manifest.get('kind')}, the desk keeps {copies.kind}",
            "set QUORUM_DATABASE_URL to an empty PostgreSQL database for the one, unset it for the other",
        )


def _journals(home: Path) -> dict[Path, int]:
    """The simulated venues' journals and how long each is now."""
    return {path: path.stat().st_size for path in (home / VENUE).glob("*.jsonl")}


def _add_files(archive: Writing, home: Path, left_out: list[str]) -> None:
    for name in FILES:
        archive.add(f"{WORKSPACE}/{name}", home / name)
    for folder in FOLDERS:
        for path in _below(home / folder):
            name = path.relative_to(home).as_posix()
            if not path.is_symlink():
                archive.add(f"{WORKSPACE}/{name}", path)
            elif path.resolve().is_relative_to(home.resolve()):
                archive.link(f"{WORKSPACE}/{name}", os.path.relpath(path.resolve(), path.parent.resolve()))
            else:
                left_out.append(name)


def _add_data(archive: Writing, home: Path, with_data: bool) -> None:
    """The lake; a manifest goes before what it names, which is there for as long as the manifest says so."""
    manifests = sorted((home / "lake").rglob("manifest.json"))
    prefix = WORKSPACE if with_data else MANIFESTS
    for path in manifests:
        archive.add(f"{prefix}/{path.relative_to(home).as_posix()}", path)
    for folder in DATA if with_data else ():
        for path in _below(home / folder):
            if path not in manifests and not path.is_symlink():
                archive.add(f"{WORKSPACE}/{path.relative_to(home).as_posix()}", path)


def _below(folder: Path) -> Iterator[Path]:
    """Every file and link below a folder but hidden ones and those that hold keys, in order."""
    for root, folders, names in os.walk(folder):
        linked = [name for name in folders if (Path(root) / name).is_symlink()]
        folders[:] = sorted(name for name in folders if name not in linked and not name.startswith("."))
        for name in sorted((*names, *linked)):
            path = Path(root) / name
            if not name.startswith(".") and path.suffix not in SECRETS and (path.is_symlink() or path.is_file()):
                yield path


def _lacking(manifests: Path) -> tuple[str, ...]:
    found: Sequence[Path] = sorted(manifests.rglob("manifest.json")) if manifests.is_dir() else ()
    return tuple(path.parent.relative_to(manifests / "lake").as_posix() for path in found)
