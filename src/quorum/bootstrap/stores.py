"""Where a workspace keeps what it knows: its own files, or the PostgreSQL that the environment names."""

from __future__ import annotations

import os
from pathlib import Path

from quorum.adapters.sql import Database
from quorum.desk import Workspace


def database_url() -> str | None:
    """$QUORUM_DATABASE_URL, the PostgreSQL that several machines share; None for the workspace's own files."""
    return os.environ.get("QUORUM_DATABASE_URL") or None


def open_database(workspace: Workspace, *, migrate: bool = True) -> Database:
    """The desk's database, brought up to date."""
    database = Database(database_url() or workspace.database)
    if migrate:
        database.migrate()
    return database


def engine_place(workspace: Workspace) -> Path | str:
    """Where the durable engine keeps its checkpoints."""
    return database_url() or workspace.home / "workflows.db"
