"""Where a workspace keeps what it knows: its own files, or the PostgreSQL that the environment names; and its log."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from quorum.adapters.sql import Database
from quorum.bootstrap.workspaces import open_workspace
from quorum.desk import Settings, Workspace
from quorum.desk.settings import SourcesFile, read_settings
from quorum.domain import QuorumError

if TYPE_CHECKING:
    from quorum.adapters.sql.coordination.leavings import SqlLeavings
    from quorum.desk.upkeep import Copies

VARIABLE = "QUORUM_DATABASE_URL"
SHORTEST = 8  # of the parts of an address: a shorter word stands in many a line that is none of them
Log = Callable[[str, Mapping[str, Any]], None]


def database_url() -> str | None:
    """$QUORUM_DATABASE_URL, the PostgreSQL that several machines share; None for the workspace's own files."""
    return os.environ.get(VARIABLE) or None


@contextmanager
def sharing(url: str | None) -> Iterator[None]:
    """For the time of a block, this process and what it starts keep everything in the PostgreSQL at `url`.

    With None they keep it in each workspace's own files, whatever the environment says.
    """
    before = os.environ.pop(VARIABLE, None)
    if url is not None:
        os.environ[VARIABLE] = url
    try:
        yield
    finally:
        os.environ.pop(VARIABLE, None)
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


def open_copies(home: Path) -> Copies:
    """What copies the databases of the workspace at `home`, which need not be there yet."""
    from quorum.adapters.sql.copies import PostgresCopies, SqliteCopies

    url = database_url()
    if url is not None:
        return PostgresCopies(url)
    workspace = Workspace(home)
    return SqliteCopies(workspace.database, workspace.home / "workflows.db")


def open_leavings(workspace: Workspace) -> SqlLeavings:
    """What runs that are over left in the desk's database."""
    from quorum.adapters.sql.coordination.leavings import SqlLeavings

    return SqlLeavings(open_database(workspace))


def set_up_logs(given: Path | None, role: str) -> Log:
    """Send what this process logs to the workspace's logs/quorum.jsonl, each line with `role` and process id.

    How: `log(event, facts)`; one with a fact `error` is a warning. The level is config/coordinator.yaml's. No line
    shows the value of a key that config/ names, a channel's address, or the database's password.
    """
    import structlog

    from quorum.adapters.logs import set_up_logs as set_up

    workspace = open_workspace(given)
    settings = workspace.settings()
    always = {"role": role, "pid": os.getpid()}
    set_up(workspace.home, settings.coordinator.log_level, _secrets(workspace, settings), always=always)
    logger = structlog.get_logger(f"quorum.{role}")

    def log(event: str, facts: Mapping[str, Any]) -> None:
        logger.bind(**facts).log(logging.WARNING if "error" in facts else logging.INFO, event)

    return log


def _secrets(workspace: Workspace, settings: Settings) -> set[str]:
    """Every value that no log may show, as far as it can be found: a key that is missing shows nowhere."""
    from quorum.adapters.keys import Keys

    addresses = settings.notifications.addresses().values()
    sources = read_settings(workspace.config / "sources.yaml", SourcesFile)
    named = {place for address in addresses for place in (address.url_from, *address.secrets.values()) if place}
    keys, found = Keys(os.environ, workspace.home), set()
    for reference in named | {sources.alpaca.key, sources.alpaca.secret}:
        with suppress(QuorumError):
            secret = keys.find(reference)
            if secret is not None:
                found |= {secret.reveal(), *_told_in(secret.reveal())}
    found |= {address.url for address in addresses if address.url}
    password = urlsplit(database_url() or "").password or ""
    return (found | {password, unquote(password)}) - {""}


def _told_in(key: str) -> set[str]:
    """What of a key that is a channel's address may be secret by itself."""
    from quorum.adapters.notify.redaction import secret_parts

    return {part for part in secret_parts(key) if len(part) >= SHORTEST} if "://" in key else set()
