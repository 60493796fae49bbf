"""Files of a workspace, changed as a person would."""

from __future__ import annotations

from pathlib import Path

from quorum.domain import UsageError


def edit(path: Path, before: str, after: str) -> None:
    """Put `after` where `before` stands first; UsageError where it does not stand."""
    text = path.read_text(encoding="utf-8")
    if before not in text:
        raise UsageError(f"{path} has no {before.strip()!r}", "choose a new folder with --home")
    path.write_text(text.replace(before, after, 1), encoding="utf-8")
