"""Things that happen, for the tests of notices."""

from __future__ import annotations

import atexit
import shutil
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

from quorum.adapters.sql import Database
from quorum.desk.notices import EVENTS, Delivery, Event, Notice, Occurrence
from quorum.domain import Severity, parse_instant

NOON = parse_instant("2024-06-03T12:00:00Z")
BY_SEVERITY = {
    Severity.INFO: Event.RISK_VETO,
    Severity.YELLOW: Event.AGENT_FAILED,
    Severity.RED: Event.DRAWDOWN_WARNING,
    Severity.BLACK: Event.HALTED,
}


def database_in(folder: Path) -> Database:
    """A database with the newest schema and nothing in it; the schema is made once for all tests."""
    shutil.copy(_template(), folder / "desk.db")
    return Database(folder / "desk.db")


@cache
def _template() -> Path:
    made = Path(tempfile.mkdtemp()) / "template.db"
    atexit.register(shutil.rmtree, made.parent)
    database = Database(made)
    database.migrate()
    database.close()
    return made


def happened(event: Event = Event.DRAWDOWN_WARNING, key: str = "1", **changed: Any) -> Occurrence:
    return Occurrence(event, key, changed.pop("summary", f"{EVENTS[event].meaning} ({key})"), **changed)


def noticed(event: Event = Event.DRAWDOWN_WARNING, number: int = 1, at: int = NOON, **changed: Any) -> Notice:
    return Notice.of(f"NOT-20240603-{number:03d}", at, happened(event, str(number), **changed))


def on_its_way(notice: Notice, channel: str = "email", number: int = 0, next_at: int = NOON) -> Delivery:
    return Delivery(notice, channel, number, "waiting", 0, next_at)
