"""What is halted stands for everybody who looks, survives its process, and fails closed."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from adapters.stores import NOW, PROVENANCE, opened
from quorum.adapters.halts import BothHalts, HaltFile
from quorum.adapters.sql.trading.halts import SqlHalts
from quorum.domain import Halt, Scope, Severity, UsageError, VirtualClock, WorkspaceError
from quorum.execution import HaltBook

DESK = Halt(Scope.DESK, "", Severity.BLACK, "the exchange lies", "ann", NOW)
ONE = Halt(Scope.STRATEGY, "STR-001", Severity.RED, "drawdown of 11 %", "risk", NOW + 1)
Opened = Callable[[Path], HaltBook]


def in_a_file(folder: Path) -> HaltBook:
    return HaltFile(folder / "state" / "halts.json")


def in_the_store(folder: Path) -> HaltBook:
    database = opened(folder)
    database.migrate()
    return SqlHalts(database, VirtualClock(NOW), PROVENANCE)


def in_both(folder: Path) -> HaltBook:
    return BothHalts(in_a_file(folder), in_the_store(folder))


@pytest.fixture(params=[in_a_file, in_the_store, in_both])
def book_at(request: pytest.FixtureRequest) -> Opened:
    chosen: Opened = request.param
    return chosen


def test_a_halt_stands_for_every_book_that_is_opened_until_it_is_lifted(book_at: Opened, tmp_path: Path) -> None:
    book, other = book_at(tmp_path), book_at(tmp_path)
    assert list(other.standing()) == []
    for halt in (DESK, ONE, DESK):
        book.raise_(halt)
    assert list(other.standing()) == [DESK, ONE]
    other.lift(DESK, "bob", "the exchange is well again")
    other.lift(DESK, "bob", "twice")
    assert list(book.standing()) == [ONE]
    book.raise_(DESK)
    assert set(other.standing()) == {DESK, ONE}


@pytest.mark.parametrize("text", ["", "{", "[1]", '[{"scope": "desk"}]', '[{"scope": "moon", "of": ""}]', "\x00"])
def test_a_file_that_is_no_list_of_halts_halts_everything_and_takes_another(tmp_path: Path, text: str) -> None:
    book, path = in_a_file(tmp_path), tmp_path / "state" / "halts.json"
    path.parent.mkdir()
    path.write_text(text, encoding="utf-8")
    (found,) = book.standing()
    assert (found.scope, found.severity) == (Scope.DESK, Severity.BLACK)
    assert "halts.json cannot be read" in found.reason
    book.raise_(ONE)
    (kept,) = book.standing()
    assert (kept.scope, kept.severity, kept.reason) == (Scope.DESK, Severity.BLACK, f"strategy STR-001: {ONE.reason}")


def test_a_store_that_cannot_be_read_halts_everything_and_the_file_takes_a_halt_all_the_same(tmp_path: Path) -> None:
    book = in_both(tmp_path)
    (tmp_path / "desk.db").write_bytes(b"no database at all" * 400)
    for name in ("desk.db-wal", "desk.db-shm"):
        (tmp_path / name).unlink(missing_ok=True)
    broken = BothHalts(in_a_file(tmp_path), SqlHalts(opened(tmp_path), VirtualClock(NOW), PROVENANCE))
    assert [halt.severity for halt in broken.standing()] == [Severity.BLACK]
    with pytest.raises(Exception, match=r"desk\.db"):
        broken.raise_(DESK)
    assert DESK in in_a_file(tmp_path).standing()
    del book


def test_a_folder_that_nobody_may_read_halts_everything(tmp_path: Path) -> None:
    path = tmp_path / "state" / "halts.json"
    path.mkdir(parents=True)  # a folder in the place of the file: the superuser could read any file
    assert [halt.severity for halt in HaltFile(path).standing()] == [Severity.BLACK]


def test_a_halt_survives_the_kill_of_the_process_that_raised_it(tmp_path: Path) -> None:
    code = """
import os, signal, sys
from pathlib import Path
from quorum.adapters.halts import HaltFile
from quorum.domain import Halt, Scope, Severity
HaltFile(Path(sys.argv[1])).raise_(Halt(Scope.DESK, "", Severity.BLACK, "now", "ann", 1))
os.kill(os.getpid(), signal.SIGKILL)
"""
    path = tmp_path / "state" / "halts.json"
    subprocess.run([sys.executable, "-c", code, str(path)], check=False, env={**os.environ})
    assert [halt.reason for halt in HaltFile(path).standing()] == ["now"]


def test_a_halt_names_somebody_or_is_of_the_desk() -> None:
    with pytest.raises(UsageError, match="makes no sense"):
        Halt(Scope.STRATEGY, "", Severity.RED, "why", "ann", NOW)
    with pytest.raises(UsageError, match="makes no sense"):
        Halt(Scope.DESK, "STR-001", Severity.RED, "why", "ann", NOW)
    assert (DESK.name, ONE.name) == ("desk", "strategy STR-001")


def test_who_halts_waits_for_what_is_leaving_and_lets_nothing_else_go(tmp_path: Path) -> None:
    book, order = in_a_file(tmp_path), []

    def halts() -> None:
        book.raise_(DESK)
        order.append("halted")

    with book.leaving() as standing:
        assert list(standing) == []
        thread = threading.Thread(target=halts)
        thread.start()
        time.sleep(0.05)
        order.append("left")
    thread.join()
    assert order == ["left", "halted"]
    with book.leaving() as standing:
        assert list(standing) == [DESK]


def test_who_hangs_while_an_order_leaves_keeps_nobody_from_halting(tmp_path: Path) -> None:
    book = HaltFile(tmp_path / "state" / "halts.json")
    with book.leaving():
        began = time.monotonic()
        book.raise_(DESK)
        assert time.monotonic() - began < 2
        assert book.standing() == (DESK,)
        assert not book.settled(time.monotonic())
    assert book.settled(time.monotonic())


def test_where_no_lock_can_be_had_nothing_opens(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("a file in the place of the folder", encoding="utf-8")
    with in_a_file(tmp_path).leaving() as standing:
        assert [halt.severity for halt in standing] == [Severity.BLACK]


def test_a_lift_leaves_a_file_that_cannot_be_read_as_it_is(tmp_path: Path) -> None:
    book, path = in_a_file(tmp_path), tmp_path / "state" / "halts.json"
    book.raise_(DESK)
    path.write_text("[", encoding="utf-8")
    with pytest.raises(WorkspaceError, match="move it away"):
        book.lift(DESK, "bob", "well")
    assert path.read_text(encoding="utf-8") == "["
