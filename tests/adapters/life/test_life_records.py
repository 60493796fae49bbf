"""The books of the strategy's life: one contract over the memory and the store."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, fields
from pathlib import Path

import pytest

from adapters import stores
from adapters.stores import NOW
from quorum.adapters.sql import Database
from quorum.adapters.sql.life import sql_books
from quorum.desk.life import Books
from quorum.desk.life.fakes import memory_books
from quorum.desk.life.shelf import ATTEMPTS, CELLS, DEPLOYMENTS, FAILURES, LEARNINGS, MEETINGS, RUNS
from quorum.domain import DAY, MINUTE, NotFound, UsageError, VirtualClock

SHELVES = (RUNS, ATTEMPTS, LEARNINGS, FAILURES, MEETINGS, CELLS, DEPLOYMENTS)


@dataclass(frozen=True)
class Kept:
    books: Books
    clock: VirtualClock
    database: Database | None = None


def opened(place: Path | str) -> Kept:
    database, clock = stores.opened(place), VirtualClock(NOW)
    database.migrate()
    return Kept(sql_books(database, clock), clock, database)


@pytest.fixture(params=["memory", "store", pytest.param("server", marks=pytest.mark.slow)])
def kept(request: pytest.FixtureRequest) -> Kept:
    if request.param == "memory":
        clock = VirtualClock(NOW)
        return Kept(memory_books(clock), clock)
    made: Kept = request.getfixturevalue(request.param)
    return made


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Kept]:
    made = opened(tmp_path)
    yield made
    assert made.database is not None
    made.database.close()


@pytest.fixture
def server(postgres: str) -> Iterator[Kept]:
    made = opened(postgres)
    yield made
    assert made.database is not None
    made.database.close()


def test_a_run_gets_the_next_id_of_its_day_and_comes_back_whole(kept: Kept) -> None:
    made = kept.books.runs.open({"tier": "L0", "status": "running", "workers": [{"pid": 7, "seconds": 1.5}]})
    assert made == {
        "run_id": "VAL-20240603-001",
        "at": NOW,
        "tier": "L0",
        "status": "running",
        "workers": [{"pid": 7, "seconds": 1.5}],
    }
    assert kept.books.runs.get("VAL-20240603-001") == made
    kept.clock.advance_to(NOW + DAY)
    assert kept.books.runs.open({"tier": "L1"})["run_id"] == "VAL-20240604-001"
    assert kept.books.meetings.open({})["meeting_id"] == "MTG-20240604-001"


def test_a_record_is_changed_in_its_place(kept: Kept) -> None:
    identity = kept.books.runs.open({"tier": "L0", "status": "running", "done": 0})["run_id"]
    for _ in range(2):
        changed = kept.books.runs.change((identity,), lambda run: {**run, "done": run["done"] + 1, "status": "done"})
    assert changed == kept.books.runs.get(identity)
    assert (changed["done"], changed["status"], changed["at"]) == (2, "done", NOW)
    assert kept.books.runs.put({"run_id": identity, "at": 5, "status": "over"}) == {
        "run_id": identity,
        "at": 5,
        "tier": "",
        "status": "over",
    }
    assert len(kept.books.runs.listed()) == 1


def test_a_learning_is_known_by_its_key(kept: Kept) -> None:
    learnt = {"key": "low_trades/demo_ma", "keywords": ["threshold", "trades"], "title": "Widen", "seen_in": ["STR-1"]}
    first = kept.books.learnings.open(learnt)
    assert (first["learning_id"], first["frequency"], first["keywords"]) == ("L-001", 1, ["threshold", "trades"])
    assert kept.books.learnings.open({**learnt, "title": "Another"}) == first
    assert kept.books.learnings.open({"key": "other"})["learning_id"] == "L-002"
    kept.books.learnings.put({"learning_id": "L-007", "key": "theirs", "title": "of a host"})
    kept.books.learnings.put({"learning_id": "L-OLD", "key": "odd", "title": "of a host"})
    kept.books.learnings.put({"learning_id": "L-99999999999", "key": "odder", "title": "of a host"})
    assert kept.books.learnings.open({"key": "eighth"})["learning_id"] == "L-008"
    with pytest.raises(UsageError, match="without key"):
        kept.books.learnings.open({"title": "of nothing"})


def test_what_has_no_numbers_is_put_under_its_key(kept: Kept) -> None:
    for number in (2, 1):
        kept.books.attempts.put({"strategy_id": "STR-001", "tier": "L1", "number": number, "agent": "ml-engineer"})
    assert kept.books.attempts.get("STR-001", "L1", 2)["agent"] == "ml-engineer"
    assert [a["number"] for a in kept.books.attempts.listed(strategy_id="STR-001")] == [1, 2]
    kept.books.cells.put({"key": "momentum/1h", "tested": 3, "survived": 1, "note": "thin"})
    assert kept.books.cells.get("momentum/1h") == {
        "key": "momentum/1h",
        "tested": 3,
        "survived": 1,
        "updated_at": NOW,
        "note": "thin",
    }
    kept.books.failures.put({"key": "STR-001/L1/0", "strategy_id": "STR-001", "root": "overfit", "reason": "pbo"})
    assert kept.books.failures.listed(root="overfit")[0]["reason"] == "pbo"
    with pytest.raises(UsageError, match="no numbers"):
        kept.books.cells.open({"key": "momentum/1h"})
    with pytest.raises(UsageError, match="without tier"):
        kept.books.attempts.put({"strategy_id": "STR-001"})


def test_a_deployment_keeps_its_baseline(kept: Kept) -> None:
    band = {"mean": 0.001, "low": -0.01, "high": 0.012}
    made = kept.books.deployments.open(
        {"strategy_id": "STR-001", "stage": "PAPER", "account": "paper", "allocation": 0.05, "baseline": band}
    )
    assert made["deployment_id"] == "DEP-20240603-001"
    assert (made["baseline"], made["allocation"], made["approval_id"]) == (band, 0.05, "")
    assert kept.books.deployments.listed(stage="PAPER", strategy_id="STR-001") == [made]
    assert kept.books.deployments.listed(stage="ACTIVE") == []


def test_they_are_listed_oldest_first_and_a_limit_takes_the_newest(kept: Kept) -> None:
    for number in range(3):
        kept.clock.advance_to(NOW + number * MINUTE)
        kept.books.runs.open({"n": number})
    assert [run["n"] for run in kept.books.runs.listed()] == [0, 1, 2]
    assert [run["n"] for run in kept.books.runs.listed(2)] == [1, 2]
    assert [run["n"] for run in kept.books.runs.listed(9)] == [0, 1, 2]
    with pytest.raises(UsageError, match="no column 'n'"):
        kept.books.runs.listed(n=1)


def test_the_thousandth_of_a_day_comes_after_the_one_before(kept: Kept) -> None:
    for number in (999, 1000, 1001):
        kept.books.meetings.put({"meeting_id": f"MTG-20240603-{number}", "at": NOW})
    listed = [m["meeting_id"].rpartition("-")[2] for m in kept.books.meetings.listed(2)]
    assert listed == ["1000", "1001"]


def test_what_is_not_there_is_not_found(kept: Kept) -> None:
    with pytest.raises(NotFound, match="no 'VAL-1' in validation_run"):
        kept.books.runs.get("VAL-1")
    with pytest.raises(NotFound):
        kept.books.attempts.change(("STR-001", "L0", 1), dict)


def test_every_book_has_a_shelf_with_the_columns_of_its_table(store: Kept) -> None:
    assert store.database is not None
    assert len(fields(Books)) == len(SHELVES)
    for shelf in SHELVES:
        with store.database.read() as connection:
            row = connection.exec_driver_sql(f"select * from {shelf.table}").keys()
        assert set(row) == {*shelf.key, *shelf.columns, shelf.at, "document"}


@pytest.mark.parametrize("place", ["sqlite", pytest.param("postgres", marks=pytest.mark.slow)], indirect=True)
def test_of_desks_that_learn_the_same_each_counts_once(place: Path | str) -> None:
    desks = [opened(place) for _ in range(4)]

    def learn(desk: Kept) -> str:
        found = desk.books.learnings.open({"key": "same", "frequency": 0})
        desk.books.learnings.change((found["learning_id"],), lambda it: {**it, "frequency": it["frequency"] + 1})
        return str(found["learning_id"])

    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(learn, desks)) == ["L-001"] * 4
    assert desks[0].books.learnings.get("L-001")["frequency"] == 4
    for desk in desks:
        assert desk.database is not None
        desk.database.close()
