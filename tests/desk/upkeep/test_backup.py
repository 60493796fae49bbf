"""A backup is what a kill at one instant would have left; a restore is whole, compared and audited, or nothing."""

from __future__ import annotations

import io
import json
import os
import sqlite3
import subprocess
import sys
import tarfile
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from adapters.processes import TESTS
from desk.offices import ask, at_work
from quorum.adapters.sql.copies import SqliteCopies
from quorum.desk import Workspace
from quorum.desk.upkeep import Backup, Restored, audited, back_up, restore
from quorum.domain import QuorumError, StoreError, UsageError, VirtualClock, WorkspaceError, parse_instant

CLOCK = VirtualClock(parse_instant("2024-06-03T12:00:00Z"))


def copies(home: Path) -> SqliteCopies:
    return SqliteCopies(home / "desk.db", home / "workflows.db")


def saved(home: Path, to: Path, *, with_data: bool = False) -> Backup:
    return back_up(Workspace(home), copies(home), to, CLOCK, with_data=with_data)


def restored(path: Path, home: Path) -> Restored:
    return restore(path, home, copies(home))


def query(path: Path, text: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(text).fetchall()


@pytest.fixture
def traded(home: Path) -> Path:
    """A workspace in which something was decided, ordered and filled."""
    desk = at_work(home)
    record = ask(desk, "SURGEUSDT")
    assert record.order is not None
    (home / "workflows.db").unlink(missing_ok=True)
    with closing(sqlite3.connect(home / "workflows.db")) as engine:
        engine.execute("pragma journal_mode = wal")
        engine.execute("create table step (process integer, number integer)")
        engine.commit()
    return home


def test_a_backup_while_two_processes_work_loses_and_doubles_nothing(traded: Path, tmp_path: Path) -> None:
    before = {
        name: query(traded / "desk.db", f"select * from {name}") for name in ("decision", "fill", "intent", "entry")
    }
    command = [sys.executable, "-m", "desk.upkeep.writing_apart", "2", str(traded), "0.8"]
    number = 0
    with subprocess.Popen(command, cwd=TESTS, stdout=subprocess.PIPE) as others:
        while others.poll() is None:
            number += 1
            saved(traded, tmp_path / f"{number}.tar", with_data=True)
            time.sleep(0.1)
    assert others.returncode == 0
    seen, newest = 0, range(max(1, number - 3), number + 1)
    for k in newest:
        home = tmp_path / f"home-{k}"
        restored(tmp_path / f"{k}.tar", home)
        seen += _check_order(home)
        after = {name: query(home / "desk.db", f"select * from {name}") for name in before}
        assert after == before
    assert seen > 0
    (report,) = audited(at_work(tmp_path / f"home-{number}"))
    assert report.balanced, report
    assert before["fill"]
    assert report.book.positions


def _check_order(home: Path) -> int:
    """Each step that is done has its effect, and so has what the venue heard; one effect at most is ahead of them."""
    steps = query(home / "workflows.db", "select process, max(number), count(*) from step group by process")
    for process, last, count in steps:
        effects = query(home / "desk.db", f"select count(*), max(at) from effect where key like '{process}/%'")
        told = (home / "venue" / f"apart-{process}.jsonl").read_text().splitlines()
        ((number, newest),) = effects
        assert last == count
        assert number == newest
        assert isinstance(last, int)
        assert isinstance(number, int)
        assert last <= len(told) <= number <= last + 1
        assert [json.loads(line)["step"] for line in told] == list(range(1, len(told) + 1))
    return len(steps)


def test_what_a_backup_holds_and_what_it_leaves_out(traded: Path, tmp_path: Path) -> None:
    (traded / "models" / "trend" / "v1").mkdir(parents=True)
    (traded / "models" / "trend" / "v1" / "model.txt").write_text("tree")
    (traded / "models" / "production").symlink_to(traded / "models" / "trend" / "v1")
    (traded / "models" / "elsewhere").symlink_to("/etc")
    (traded / "config" / "api.key").write_text("hunter22")
    (traded / "keys.env").write_text("KEY=hunter22")
    (traded / "config" / ".half-written.yaml").write_text("x")
    (traded / "logs" / "quorum.jsonl").write_text("{}\n")
    made = saved(traded, tmp_path / "b.tar.gz")
    assert made.left_out == ("models/elsewhere",)
    assert (tmp_path / "b.tar.gz").stat().st_mode & 0o777 == 0o600
    with tarfile.open(tmp_path / "b.tar.gz") as tar:
        names = tar.getnames()
    assert {"databases/desk.db", "databases/workflows.db", "workspace/workspace.yaml"} <= set(names)
    assert {"workspace/config/risk.yaml", "workspace/models/trend/v1/model.txt", "workspace/models/production"} <= set(
        names
    )
    assert "lake-manifests/lake/bars/FLATUSDT.sim/1h/manifest.json" in names
    assert names[-1] == "manifest.json"
    assert made.files == len(names) - 1
    assert not [name for name in names if "logs/" in name or ".env" in name or ".key" in name or "/." in name]
    assert not [name for name in names if name.endswith(".parquet")]
    found = restored(tmp_path / "b.tar.gz", tmp_path / "new")
    assert (found.schema, found.made_at, found.with_data) == (made.schema, "2024-06-03T12:00:00Z", False)
    assert "bars/FLATUSDT.sim/1h" in found.lacks
    assert os.readlink(tmp_path / "new" / "models" / "production") == "trend/v1"
    assert (tmp_path / "new" / "models" / "production" / "model.txt").read_text() == "tree"
    assert not list(traded.glob(".backup-*"))
    assert not list(tmp_path.glob(".*"))


def test_with_data_the_lake_is_as_it_was(traded: Path, tmp_path: Path) -> None:
    saved(traded, tmp_path / "b.tar", with_data=True)
    assert restored(tmp_path / "b.tar", tmp_path / "new").lacks == ()
    one, other = at_work(traded), at_work(tmp_path / "new")
    assert other.lake.series() == one.lake.series()
    assert other.lake.check() == one.lake.check()
    assert ask(other, "FLATUSDT", 5).snapshot == ask(one, "FLATUSDT", 5).snapshot


def test_nothing_is_written_over(home: Path, tmp_path: Path) -> None:
    saved(home, tmp_path / "b.tar")
    with pytest.raises(UsageError, match=r"b\.tar exists; choose another name"):
        saved(home, tmp_path / "b.tar")
    with pytest.raises(UsageError, match="is not empty; restore into a new folder"):
        restored(tmp_path / "b.tar", home)
    (tmp_path / "empty").mkdir()
    restored(tmp_path / "b.tar", tmp_path / "empty")
    assert (tmp_path / "empty" / "desk.db").exists()


def altered(path: Path, change: Callable[[str, bytes], bytes | None]) -> None:
    """Write the backup again with other contents, its manifest as it was unless that is changed too."""
    with tarfile.open(path) as tar:
        members = [(member, b"" if member.issym() else tar.extractfile(member).read()) for member in tar]  # type: ignore[union-attr]
    with tarfile.open(path, "w") as tar:
        for member, content in members:
            new = change(member.name, content)
            if new is not None:
                member.size = len(new)
                tar.addfile(member, io.BytesIO(new))


def _flip(name: str, content: bytes) -> bytes:
    return content.replace(b"0.40", b"0.90") if name.endswith("risk.yaml") else content


def _drop(name: str, content: bytes) -> bytes | None:
    return None if name.endswith("risk.yaml") else content


def _unnamed(name: str, content: bytes) -> bytes:
    if name != "manifest.json":
        return content
    manifest = json.loads(content)
    del manifest["files"]["workspace/config/risk.yaml"]
    return json.dumps(manifest).encode()


def _told(**facts: object) -> Callable[[str, bytes], bytes]:
    return lambda name, c: json.dumps({**json.loads(c), **facts}).encode() if name == "manifest.json" else c


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        (_flip, StoreError, "workspace/config/risk.yaml is not as it was written"),
        (_drop, StoreError, "workspace/config/risk.yaml is missing"),
        (_unnamed, StoreError, "workspace/config/risk.yaml does not belong to it"),
        (lambda name, c: None if name == "manifest.json" else c, StoreError, "has no manifest"),
        (_told(workspace_version=99), WorkspaceError, "was made by a newer quorum; upgrade quorum"),
        (_told(kind="postgresql"), UsageError, "holds a copy for postgresql, the desk keeps sqlite"),
    ],
)
def test_an_altered_backup_is_refused_and_leaves_nothing(
    home: Path, tmp_path: Path, change: Callable[[str, bytes], bytes | None], error: type[QuorumError], message: str
) -> None:
    saved(home, tmp_path / "b.tar")
    altered(tmp_path / "b.tar", change)
    with pytest.raises(error, match=message):
        restored(tmp_path / "b.tar", tmp_path / "new")
    assert not (tmp_path / "new").exists()
    assert not list(tmp_path.glob(".new*"))


@pytest.mark.parametrize("bad", ["../out", "/etc/out", "workspace/../../out"])
def test_a_name_that_leads_out_is_refused(tmp_path: Path, bad: str) -> None:
    with tarfile.open(tmp_path / "b.tar", "w") as tar:
        tar.addfile(tarfile.TarInfo(bad))
    with pytest.raises(StoreError, match="leads out of the backup"):
        restored(tmp_path / "b.tar", tmp_path / "new")


@pytest.mark.parametrize("target", ["/etc", "../..", "../../databases"])
def test_a_link_that_leads_out_is_refused(tmp_path: Path, target: str) -> None:
    info = tarfile.TarInfo("workspace/models/x")
    info.type, info.linkname = tarfile.SYMTYPE, target
    with tarfile.open(tmp_path / "b.tar", "w") as tar:
        tar.addfile(info)
    with pytest.raises(StoreError, match="the link 'workspace/models/x' leads out"):
        restored(tmp_path / "b.tar", tmp_path / "new")


@pytest.mark.parametrize("content", [b"", b"no backup at all", None])
def test_what_is_no_backup_is_refused(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / "b.tar").write_bytes(content)
    with pytest.raises(QuorumError, match=r"cannot be read as a backup|there is no backup at"):
        restored(tmp_path / "b.tar", tmp_path / "new")


def test_a_cut_backup_is_refused(home: Path, tmp_path: Path) -> None:
    saved(home, tmp_path / "b.tar.gz")
    whole = (tmp_path / "b.tar.gz").read_bytes()
    (tmp_path / "b.tar.gz").write_bytes(whole[: len(whole) * 2 // 3])
    with pytest.raises(StoreError, match="cannot be read as a backup"):
        restored(tmp_path / "b.tar.gz", tmp_path / "new")


def test_a_schema_from_the_future_is_refused(home: Path, tmp_path: Path) -> None:
    with closing(sqlite3.connect(home / "desk.db")) as connection:
        connection.execute("update alembic_version set version_num = '9999'")
        connection.commit()
    with pytest.raises(WorkspaceError, match="has schema 9999"):
        saved(home, tmp_path / "b.tar")


def test_a_damaged_database_is_not_saved_as_if_it_were_whole(home: Path, tmp_path: Path) -> None:
    saved(home, tmp_path / "b.tar")
    restored(tmp_path / "b.tar", tmp_path / "new")
    content = bytearray((tmp_path / "new" / "desk.db").read_bytes())
    content[8192:20480] = os.urandom(12288)
    (tmp_path / "new" / "desk.db").write_bytes(content)
    with pytest.raises(StoreError):
        saved(tmp_path / "new", tmp_path / "c.tar")
    assert not (tmp_path / "c.tar").exists()
    assert not list((tmp_path / "new").glob(".backup-*"))
