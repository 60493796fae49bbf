"""The model artefacts of a workspace: which there are, and which of them nobody could load."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from quorum.desk.desk import Desk
from quorum.desk.work.assignment import Assignment
from quorum.desk.work.concerns import model_concern
from quorum.domain import iso

LINKS = ("candidate_model", "production")
PICKLES = frozenset({".pkl", ".pickle", ".joblib"})
LARGEST = 256 * 1024 * 1024
MOST_FILES, MOST_TOLD = 500, 20


def validate_models(desk: Desk, assignment: Assignment) -> dict[str, Any]:
    """Every file below `models/` with its size in bytes and SHA-256, and what is wrong with it.

    Broken is an empty file or version, a link that leads nowhere or out of the workspace, and a pickle, which is
    refused everywhere. Whether a model predicts is for the room learning, which is not built; a workspace without
    models is in order.
    """
    folder = desk.workspace.home / "models"
    files = [path for path in sorted(folder.rglob("*")) if path.is_file() or path.is_symlink()]
    listed = [_told(folder, path) for path in files[:MOST_FILES] if not _document(folder, path)]
    empty = [{"path": p.relative_to(folder).as_posix(), "fault": "an empty version"} for p in _empty(folder)]
    broken = [*({"path": f["path"], "fault": f["fault"]} for f in listed if f["fault"]), *empty]
    return {
        "as_of": iso(assignment.as_of),
        "models": listed,
        "broken": broken,
        "valid": not broken,
        "links": {name: _target(folder, name) for name in LINKS},
        "unlisted": max(0, len(files) - MOST_FILES),
        "note": "there are no models yet" if not listed else "not loaded: the room learning is not built",
        "concerns": [model_concern(found["path"], found["fault"]) for found in broken][:MOST_TOLD],
    }


def _document(folder: Path, path: Path) -> bool:
    """Whether that is a document of a workflow, which lies directly in models/."""
    return path.parent == folder and path.suffix == ".json"


def _told(folder: Path, path: Path) -> dict[str, Any]:
    head: dict[str, Any] = {"path": path.relative_to(folder).as_posix(), "bytes": None, "sha256": None}
    fault = _fault(folder, path)
    if path.is_file():
        size = path.stat().st_size
        head |= {"bytes": size, "sha256": _digest(path) if size <= LARGEST else None}
    return {**head, "fault": fault}


def _fault(folder: Path, path: Path) -> str | None:
    if path.is_symlink() and not path.exists():
        return "a link that leads nowhere"
    if not path.resolve().is_relative_to(folder.resolve()):
        return "a link out of the workspace"
    if path.suffix.lower() in PICKLES:
        return "a pickle, which is never loaded"
    return "an empty file" if path.is_file() and path.stat().st_size == 0 else None


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _empty(folder: Path) -> Iterator[Path]:
    """Folders two levels down, models/NAME/VERSION, without anything in them."""
    return (path for path in sorted(folder.glob("*/*")) if path.is_dir() and not any(path.iterdir()))


def _target(folder: Path, name: str) -> str | None:
    """Where a link to a version leads, from models/; None when there is none."""
    path = folder / name
    if not path.exists():
        return None
    target = path.resolve()
    return target.relative_to(folder.resolve()).as_posix() if target.is_relative_to(folder.resolve()) else str(target)
