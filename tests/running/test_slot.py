"""A slot that is kept through an outage: it is told of when it begins and when it is over, not at every beat."""

from __future__ import annotations

import logging
import threading
from pathlib import Path

import pytest

from quorum.adapters.sql import Database
from quorum.bootstrap.leases import SlotRight
from quorum.domain import StoreError


class Engine:
    """An engine whose database is away for some looks."""

    def __init__(self, refusals: int) -> None:
        self._left, self.seen = refusals, threading.Event()

    def executors(self) -> set[str]:
        self._left -= 1
        if self._left >= 0:
            raise StoreError(f"the server is gone, look {self._left}", "start it")
        if self._left < -2:
            self.seen.set()
        return set()

    def take_over(self, executor: str) -> int:
        raise AssertionError


def test_an_outage_is_logged_once_and_its_end(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "desk.db"
    database = Database(path)
    database.migrate()
    right = SlotRight(str(path), database, 0.1, lambda event, executor: None)
    engine = Engine(5)
    with caplog.at_level(logging.WARNING, "quorum.worker"):
        end = right.watch(engine)
        assert engine.seen.wait(20.0)
        end()
    right.release()
    begun, over = (record.getMessage() for record in caplog.records)
    assert begun == "nobody looks after the other workers: StoreError: the server is gone, look 4; start it"
    assert over.startswith("nobody looks after the other workers: over after ")
    database.close()
