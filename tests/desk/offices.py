"""Desks for tests: a workspace with the drawn markets in its lake, made once a run and copied for each test."""

from __future__ import annotations

import hashlib
import json
import shutil
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

from desk.markets import BEFORE, CALM, ENTRY, RISE, closes, crash, falling, flat, surge, write_bars
from quorum.adapters.process import InlineExecutor
from quorum.bootstrap import open_desk, open_lake, open_workspace
from quorum.desk import CycleRecord, Desk, Question, convene, make_workspace, recompute
from quorum.domain import HOUR, Clock, Timeframe

PARTICIPANTS = ("momentum",)
FOUR_HOURS = 200


@cache
def template(folder: Path) -> Path:
    """A workspace below `folder` whose lake has FLAT, CRASH, SURGE and THIN; FLAT falls for who looks at 4h bars."""
    home, files = folder / "template", folder / "files"
    make_workspace(home, PARTICIPANTS)
    for name, after in {"FLAT": flat, "CRASH": crash, "SURGE": surge}.items():
        write_bars(files / f"{name}USDT.sim_1h.csv", closes(after))
    write_bars(files / "THINUSDT.sim_1h.csv", closes(flat), volume=500)
    write_bars(files / "FLATUSD.sim_1h.csv", closes(flat))
    down = [BEFORE * falling(4 * (k - FOUR_HOURS)) for k in range(FOUR_HOURS + (CALM + RISE) // 4)]
    write_bars(files / "FLATUSDT.sim_4h.csv", down, hours=4, start=ENTRY - 4 * FOUR_HOURS * HOUR)
    open_desk(home).lake.import_path(files)
    return home


def copied(home: Path, to: Path) -> Path:
    """A workspace of its own, with everything that is in `home`, its database in one whole file."""
    shutil.copytree(home, to, ignore=shutil.ignore_patterns("desk.db*"))
    if (home / "desk.db").exists():
        source, target = sqlite3.connect(home / "desk.db"), sqlite3.connect(to / "desk.db")
        source.backup(target)
        source.close()
        target.close()
    return to


def at_work(home: Path, clock: Clock | None = None) -> Desk:
    """The desk of a workspace; what it asks of a fresh process is answered here, from nothing but the payload."""
    desk = open_desk(home, clock)
    return replace(desk, executor=InlineExecutor({"replay": fresh_task}))


def fresh_task(payload: Mapping[str, Any], beat: object) -> Mapping[str, Any]:
    """The answer to a task, from its payload alone."""
    told = json.loads(json.dumps(payload))
    answer: Mapping[str, Any] = json.loads(json.dumps(recompute(open_lake(open_workspace(Path(told["home"]))), told)))
    return answer


def ask(desk: Desk, symbol: str, hours: int = 0, *, paper: bool = True, timeframe: str = "1h") -> CycleRecord:
    """One cycle `hours` after `ENTRY`."""
    return convene(desk, Question(symbol, Timeframe.parse(timeframe), ENTRY + hours * HOUR, paper=paper))


def contents(folder: Path) -> dict[str, str]:
    """Every file below a folder, by a hash of its bytes; folders too. SQLite's own files are left to `stored`."""
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""
        for path in sorted(folder.rglob("*"))
        if not path.name.startswith("desk.db")
    }


def stored(home: Path) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table of a workspace's database."""
    with sqlite3.connect(home / "desk.db") as database:
        names = [row[0] for row in database.execute("select name from sqlite_master where type = 'table'")]
        found = {name: database.execute(f"select * from {name} order by rowid").fetchall() for name in names}
    database.close()
    return found


def change(home: Path, statement: str, values: Sequence[Any] = ()) -> None:
    """Alter what the database holds, behind the desk's back."""
    database = sqlite3.connect(home / "desk.db")
    with database:
        assert database.execute(statement, values).rowcount > 0
    database.close()
