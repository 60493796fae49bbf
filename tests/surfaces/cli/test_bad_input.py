"""Bad input: one line that names the thing and the remedy, exit code 1 or 2, and nothing half-written."""

from __future__ import annotations

import io
import os
import re
import shutil
import sqlite3
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from resource import RLIMIT_FSIZE, getrlimit, setrlimit
from typing import Any

import pytest

from desk.markets import ENTRY, write_bars
from desk.offices import change, contents, copied, stored, template
from quorum.adapters.sql import Database
from quorum.bootstrap import open_desk
from quorum.domain import iso
from surfaces.cli.commands import Quorum, Said

BACKTEST = ("backtest", "demo_ma", "--symbol", "FLATUSDT", "--timeframe", "1h")
CONSENSUS = ("consensus", "FLATUSDT", "--timeframe", "1h")
PAPER = (*CONSENSUS, "--as-of", iso(ENTRY), "--paper")
NOBODY = 65_534


@contextmanager
def unchanged(home: Path) -> Iterator[None]:
    """Whatever happens within leaves every file and every row as it is; a lock alone in its folder is no file."""
    files, rows = written(home), stored(home)
    yield
    assert written(home) == files
    assert stored(home) == rows


def written(home: Path) -> dict[str, str]:
    return {name: digest for name, digest in contents(home).items() if digest and not name.endswith("/.lock")}


def tables(folder: Path) -> None:
    """Files that are no tables, and folders without one."""
    whole = write_bars(folder / "whole.sim_1h.csv", [100.0] * 50)
    (folder / "notes.txt").write_text("hello\nworld\n", encoding="utf-8")
    (folder / "list.json").write_text("[]", encoding="utf-8")
    (folder / "empty.csv").touch()
    (folder / "header.csv").write_text("time,open,high,low,close,volume\n", encoding="utf-8")
    (folder / "short.parquet").write_bytes(b"PAR1" + bytes(200))
    (folder / "empty.parquet").touch()
    (folder / "binary.csv").write_bytes(bytes(range(256)) * 20)
    (folder / "words.csv").write_text("time,open,high,low,close,volume\nnow,a,b,c,d,e\n", encoding="utf-8")
    (folder / "folder").mkdir()
    whole.unlink()


TABLES = [
    *("notes.txt", "list.json", "empty.csv", "header.csv", "short.parquet", "empty.parquet", "binary.csv"),
    *("words.csv", "folder", "missing.csv"),
]


@pytest.mark.parametrize("name", TABLES)
def test_what_is_no_table_is_not_imported(quorum: Quorum, home: Path, tmp_path: Path, name: str) -> None:
    tables(tmp_path)
    with unchanged(home):
        assert name in quorum("data", "import", tmp_path / name).error


def test_a_parquet_file_that_was_cut_short_is_not_imported(quorum: Quorum, home: Path, tmp_path: Path) -> None:
    (file,) = (home / "lake" / "bars" / "FLATUSDT.sim" / "1h").glob("seg-*.parquet")
    (tmp_path / "cut.parquet").write_bytes(file.read_bytes()[:-200])
    with unchanged(home):
        assert "cut.parquet" in quorum("data", "import", tmp_path / "cut.parquet").error


def test_an_import_that_fails_makes_no_workspace(quorum: Quorum, tmp_path: Path) -> None:
    (tmp_path / "empty.csv").touch()
    assert "empty.csv" in quorum("data", "import", tmp_path / "empty.csv", "--home", tmp_path / "new").error
    assert not (tmp_path / "new").exists()


def test_an_import_makes_the_workspace_that_it_needs(quorum: Quorum, tmp_path: Path) -> None:
    said = quorum("data", "import", write_bars(tmp_path / "XUSDT.sim_1h.csv", [1.0] * 50), "--home", tmp_path / "new")
    assert said.code == 0
    assert said.err == f"made a workspace at {tmp_path / 'new'}\n"
    assert quorum("doctor", "--home", tmp_path / "new", "--json").json["healthy"]
    assert quorum("init", "--home", tmp_path / "new", "--json").json["made"] == []


ASKED: list[tuple[tuple[object, ...], int, str]] = [
    ((*BACKTEST[:3], "FLATUST", "--timeframe", "1h"), 2, "no bars of FLATUST in the lake; close to it: FLATUSDT"),
    ((*BACKTEST[:4], "--timeframe", "2h"), 2, "FLATUSDT is there in 1h, 4h, not in 2h"),
    ((*BACKTEST[:4], "--timeframe", "1x"), 2, "'1x' is no timeframe; write a count and a unit"),
    ((*BACKTEST, "--venue", "krakn"), 2, "FLATUSDT.krakn"),
    (("backtest", "demo_mb", *BACKTEST[2:]), 2, "there is no strategy 'demo_mb'; did you mean demo_ma?"),
    ((*BACKTEST, "--since", "2031-01-01"), 1, "FLATUSDT 1h has no bars in this period; the lake has 2024-01-01T"),
    ((*BACKTEST, "--until", "2024-01-02"), 1, "FLATUSDT 1h has 24 bars in this period, demo_ma needs"),
    ((*BACKTEST, "--since", "soon"), 2, "'soon' is no date or time; write it as 2024-"),
    ((*BACKTEST, "--param", "fast=0"), 2, "fast = 0 is out of bounds; give one in 2..400"),
    ((*BACKTEST, "--param", "fast=401"), 2, "fast = 401 is out of bounds"),
    ((*BACKTEST, "--param", "fast=many"), 2, "fast = 'many' is not a whole number"),
    ((*BACKTEST, "--param", "fast=50", "--param", "slow=50"), 2, "fast"),
    ((*BACKTEST, "--param", "fsat=5"), 2, "demo_ma has no parameter 'fsat'; it has fast, slow, atr_period"),
    ((*BACKTEST, "--param", "fast"), 2, "parameter 'fast' has no value; write --param NAME=VALUE"),
    ((*BACKTEST, "--sizing", "large"), 2, "there is no sizing 'large'; choose one of"),
    ((*BACKTEST, "--fee-bps", "nan"), 2, "makes no sense"),
    ((*BACKTEST, "--equity", "-1"), 2, "makes no sense"),
    ((*BACKTEST, "--size", "big"), 2, "--size"),
    (("backtest", "demo_ma", "--symbl", "X"), 2, "No such option: --symbl"),
    (("backtest",), 2, "Missing option '--symbol'; see `quorum backtest --help`"),
    (("backtst",), 2, "No such command 'backtst'"),
    (("data", "imprt"), 2, "No such command 'imprt'"),
    ((*CONSENSUS, "--as-of", "2010-01-01"), 1, "has no bar that was closed at 2010-01-01T00:00:00Z; its first bar"),
    ((*CONSENSUS, "--as-of", "2200-01-01"), 2, "2200-01-01T00:00:00Z lies in the future"),
    ((*CONSENSUS, "--as-of", "yesterday"), 2, "'yesterday' is no date or time"),
    ((*CONSENSUS, "--account", "papr"), 2, "there is no account 'papr'; there are paper, paper-usd"),
    (("consensus", "FLATUS", "--timeframe", "1h"), 2, "close to it: FLATUSD"),
    (("data", "show", "FLATUST"), 2, "close to it: FLATUSDT"),
    (("data", "show", "FLATUSDT"), 2, "FLATUSDT has bars of 1h, 4h; choose one with --timeframe"),
    (("data", "show", "--last", "0"), 2, "--last"),
    (("data", "check", "NOTHING"), 2, "no bars of NOTHING"),
    (("data", "import", ".", "--unit", "weeks"), 2, "unit 'weeks' is unknown; give one of s, ms, us, ns"),
    (("data", "import", ".", "--column", "close"), 2, "column 'close' names no column"),
    (("strategy", "show", "trend_brekout"), 2, "did you mean trend_breakout?"),
    (("decisions", "--limit", "0"), 2, "--limit"),
    (("why", "DEC-20240101-001"), 2, "there is no decision DEC-20240101-001; list them with `quorum decisions`"),
    (("why", "nothing"), 2, "there is no order nothing; list them with `quorum broker orders`"),
    (("replay", "TRL-1"), 2, "there is no trial TRL-1; `quorum backtest` records one"),
    (("broker", "orders", "--account", "papr"), 2, "there is no account 'papr'"),
    (("broker", "account", "--account", "papr"), 2, "there is no account 'papr'"),
    (("broker", "reconcile", "--account", "papr"), 2, "there is no account 'papr'"),
    (("broker", "serve", "--account", "papr"), 2, "there is no account 'papr'"),
    (("init", "--participants", "smc,momntum"), 2, "there is no participant momntum; choose of smc, momentum"),
    (("init", "--participants", ","), 2, "no participant is named"),
    (("bench", "speed"), 2, "there is no benchmark 'speed'; there are"),
    (("demo", "--seed", "-1"), 2, "--seed"),
]


@pytest.fixture
def shared_home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """One workspace for all refusals: none of them changes it."""
    base = tmp_path_factory.getbasetemp()
    if not (base / "refusing").exists():
        copied(template(base / "desk"), base / "refusing")
        open_desk(base / "refusing")
    monkeypatch.setenv("QUORUM_HOME", str(base / "refusing"))
    return base / "refusing"


@pytest.mark.parametrize(("words", "code", "what"), ASKED, ids=[" ".join(map(str, case[0])) for case in ASKED])
def test_what_cannot_be_asked_is_refused(
    bare: Quorum, shared_home: Path, words: tuple[object, ...], code: int, what: str
) -> None:
    with unchanged(shared_home):
        said = bare(*words)
    assert what in said.error
    assert said.code == code


@pytest.mark.parametrize(
    ("name", "given", "what"),
    [
        (
            "dance",
            "{}",
            "there is no task 'dance'; known are critic, examine, mend, replay, step, sweep, tier, trade, witness",
        ),
        ("replay", "not JSON", "is no JSON"),
    ],
)
def test_a_task_that_is_unknown_or_mute_is_refused(
    bare: Quorum, monkeypatch: pytest.MonkeyPatch, name: str, given: str, what: str
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(given))
    assert what in bare("task", name).error


EVERYWHERE: list[tuple[str, ...]] = [
    ("views",),
    ("decisions",),
    ("why", "DEC-1"),
    ("replay", "DEC-1"),
    BACKTEST,
    PAPER,
    ("data", "show"),
    ("data", "check"),
    ("account", "list"),
    ("broker", "orders"),
    ("broker", "reconcile"),
    ("broker", "serve"),
]


@pytest.mark.parametrize("words", EVERYWHERE, ids=" ".join)
def test_where_there_is_no_workspace_none_is_made(quorum: Quorum, tmp_path: Path, words: tuple[str, ...]) -> None:
    told = quorum(*words, "--home", tmp_path / "gone").error
    assert told == f"there is no workspace at {tmp_path / 'gone'}; make one with `quorum init`"
    assert not (tmp_path / "gone").exists()


@pytest.mark.parametrize("words", EVERYWHERE, ids=" ".join)
def test_a_folder_that_is_no_workspace_stays_as_it_is(quorum: Quorum, tmp_path: Path, words: tuple[str, ...]) -> None:
    (tmp_path / "papers").mkdir()
    (tmp_path / "papers" / "note.txt").write_text("mine", encoding="utf-8")
    with unchanged(tmp_path / "papers"):
        told = quorum(*words, "--home", tmp_path / "papers").error
        assert "is no workspace: it has no workspace.yaml; make it one with `quorum init --home " in told


def test_an_import_into_a_folder_makes_it_a_workspace(quorum: Quorum, tmp_path: Path) -> None:
    (tmp_path / "new").mkdir()
    file = write_bars(tmp_path / "XUSDT.sim_1h.csv", [1.0] * 50)
    assert quorum("data", "import", file, "--home", tmp_path / "new").err == f"made a workspace at {tmp_path / 'new'}\n"
    assert quorum("doctor", "--home", tmp_path / "new", "--json").json["healthy"]


def test_a_workspace_of_a_newer_version_is_left_alone(quorum: Quorum, home: Path) -> None:
    (home / "workspace.yaml").write_text("version: 99\n", encoding="utf-8")
    for words in (*EVERYWHERE, ("init",), ("data", "import", "x.csv")):
        with unchanged(home):
            assert "has version 99, this quorum knows up to 1; upgrade quorum" in quorum(*words).error


def test_a_database_of_a_newer_version_is_left_alone(quorum: Quorum, home: Path) -> None:
    change(home, "update alembic_version set version_num = '9999'")
    for words in (("decisions",), BACKTEST, PAPER, ("views",)):
        with unchanged(home):
            said = quorum(*words).error
            assert re.search(r"has schema 9999, this version of quorum knows up to \d{4}; upgrade quorum", said)


def test_a_setting_that_is_wrong_stops_every_command_that_reads_it(quorum: Quorum, home: Path) -> None:
    (home / "config" / "risk.yaml").write_text("books: {crypto: {max_positon: 1}}\n", encoding="utf-8")
    for words in (PAPER, ("decisions",), ("strategy", "list"), ("init",)):
        with unchanged(home):
            said = quorum(*words)
            assert "risk.yaml:1:18: unknown key 'books.crypto.max_positon', did you mean" in said.error
            assert said.code == 2


@pytest.mark.parametrize("words", [("init",), ("data", "import", "FILE"), ("demo",)], ids=" ".join)
def test_a_place_below_a_file_or_in_proc_is_no_place_for_a_workspace(
    quorum: Quorum, tmp_path: Path, words: tuple[str, ...]
) -> None:
    table = write_bars(tmp_path / "XUSDT.sim_1h.csv", [1.0] * 50)
    asked = [table if word == "FILE" else word for word in words]
    before = contents(tmp_path)
    for place in (table / "w", Path("/proc/w")):
        assert str(place) in quorum(*asked, "--home", place).error
    assert contents(tmp_path) == before


@pytest.fixture
def away(home: Path) -> Iterator[Path]:
    """A copy of the workspace where every user may read it."""
    outer = Path(tempfile.mkdtemp(prefix="quorum-read-only-"))
    outer.chmod(0o755)
    yield copied(home, outer / "desk")
    for folder in (outer / "desk", *(path for path in outer.rglob("*") if path.is_dir())):
        folder.chmod(0o755)
    shutil.rmtree(outer)


@contextmanager
def read_only(place: Path) -> Iterator[None]:
    """Everything at `place` may be read and not written, also where the tests run as root."""
    for path in (place, *place.rglob("*")):
        path.chmod(0o555 if path.is_dir() else 0o444)
    root = os.geteuid() == 0
    if root:
        os.setresuid(NOBODY, NOBODY, 0)
    try:
        yield
    finally:
        if root:
            os.setresuid(0, 0, 0)


def test_a_folder_that_is_read_only_is_named(quorum: Quorum, home: Path, away: Path) -> None:
    (file,) = (away / "lake" / "bars" / "FLATUSDT.sim" / "4h").glob("seg-*.parquet")
    take = ("data", "import", file, "--symbol", "NEWUSDT")
    asked = [PAPER, CONSENSUS, BACKTEST, ("views",), ("init", "--participants", "smc"), take]
    healthy = quorum("doctor", "--json").json["healthy"]
    assert [quorum(*words).code for words in asked] == [0] * len(asked)  # imports what nobody may not read any more
    before = contents(away)
    with read_only(away):
        told = [quorum(*words, "--home", away).error for words in asked]
        found = {check["name"]: check for check in quorum("doctor", "--home", away, "--json").json["checks"]}
    assert healthy
    assert [line for line in told if str(away) not in line] == []
    assert (found["workspace"]["ok"], found["workspace"]["remedy"]) == (False, "make it writable for you")
    assert contents(away) == before


@contextmanager
def files_of_at_most(size: int) -> Iterator[None]:
    """A disk on which no file grows beyond `size` bytes."""
    before = getrlimit(RLIMIT_FSIZE)
    setrlimit(RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        setrlimit(RLIMIT_FSIZE, before)


def on_a_full_disk(quorum: Quorum, *words: object) -> Said:
    with files_of_at_most(4_096):
        return quorum(*words)


def test_a_disk_that_is_full_is_named_and_keeps_what_was_there(quorum: Quorum, home: Path, tmp_path: Path) -> None:
    table = write_bars(tmp_path / "NEWUSDT.sim_1h.csv", [100.0 + i for i in range(800)])
    for words in (("data", "import", table), BACKTEST, PAPER, CONSENSUS):
        with unchanged(home):
            assert "; " in on_a_full_disk(quorum, *words).error
    sheet = tmp_path / "sheet.html"
    told = on_a_full_disk(quorum, "backtest", "trend_breakout", *BACKTEST[2:], "--report", sheet)
    assert "; " in told.error
    assert not sheet.exists()
    assert quorum(*PAPER, "--json").json["order"]["status"] == "filled"
    assert quorum("broker", "reconcile", "--json").json["balanced"]


def test_a_database_that_is_locked_is_waited_for_and_then_named(
    quorum: Quorum, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("quorum.bootstrap.stores.Database", lambda path: Database(path, busy_ms=50))
    assert quorum("decisions").code == 0
    other: Any = sqlite3.connect(home / "desk.db", isolation_level=None)
    other.execute("begin immediate")
    for words in (PAPER, CONSENSUS, BACKTEST):
        with unchanged(home):
            assert "desk.db: database is locked; another process holds it" in quorum(*words).error
    assert quorum("decisions").code == 0
    other.execute("rollback")
    other.close()
    assert quorum(*PAPER, "--json").json["order"]["status"] == "filled"


def test_a_broken_database_is_named(quorum: Quorum, home: Path) -> None:
    for file in home.glob("desk.db*"):
        file.unlink()
    (home / "desk.db").write_bytes(b"nothing like a database" * 300)
    before = contents(home)
    for words in (PAPER, ("decisions",), BACKTEST):
        assert "restore it from a backup" in quorum(*words).error
    assert contents(home) == before


def test_a_demo_replaces_no_folder_that_is_not_its_own(quorum: Quorum, home: Path) -> None:
    with unchanged(home):
        assert "was not made by the demo; choose another folder with --home" in quorum("demo", "--home", home).error
