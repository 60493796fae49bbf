"""Other processes that work while a backup is made: `python -m desk.upkeep.writing_apart COUNT HOME SECONDS`.

Each does what a worker does for every step: it commits an effect, tells the venue, and notes that the step is done.
"""

from __future__ import annotations

import os
import sqlite3
import sys
import time
from pathlib import Path

from adapters.processes import all_at_once
from quorum.adapters.sql import Database
from quorum.adapters.sql.coordination.tables import effect


def work(home: Path, seconds: float) -> None:
    """Take steps one after the other, numbered, until the time is up; say how many."""
    database, me, step = Database(home / "desk.db"), os.getpid(), 0
    engine = sqlite3.connect(home / "workflows.db", isolation_level=None, timeout=30)
    journal = os.open(home / "venue" / f"apart-{me}.jsonl", os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        step += 1
        with database.write() as connection:
            connection.execute(effect.insert().values(key=f"{me}/{step}", answer="{}", at=step))
        os.write(journal, b'{"step": %d}\n' % step)
        engine.execute("insert into step values (?, ?)", (me, step))
    os.write(1, f"{me} {step}\n".encode())


if __name__ == "__main__":
    count, folder, length = sys.argv[1:]
    sys.exit(all_at_once([lambda: work(Path(folder), float(length))] * int(count)))
