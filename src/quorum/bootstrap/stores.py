"""Where a workspace keeps what it knows: its own files, or the PostgreSQL that the environment names."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from quorum.adapters.sql import Database
from quorum.desk import Workspace

VARIABLE = "QUORUM_DATABASE_URL"


def database_url() -> str | None:
    """$QUORUM_DATABASE_URL, the PostgreSQL that several machines share; None for the workspace's own files."""
    return os.environ.get(VARIABLE) or None


@contextmanager
def sharing(url: str) -> Iterator[None]:
    """For the time of a block, this process and what it starts keep everything in the PostgreSQL at `url`."""
    before = os.environ.get(VARIABLE)
    os.environ[VARIABLE] = url
    try:
        yield
    finally:
        os.environ.pop(VARIABLE)
        if before is not None:
            os.environ[VARIABLE] = before


def open_database(workspace: Workspace, *, migrate: bool = True) -> Database:
    """The desk's database, brought up to date."""
    database = Database(database_url() or workspace.database)
    if migrate:
        database.migrate()
    return database


def engine_place(workspace: Workspace) -> Path | str:
    """Where the durable engine keeps its checkpoints."""
    return database_url() or workspace.home / "workflows.db"
