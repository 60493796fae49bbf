"""Whatever breaks an import off, the lake stays as it was; who reads meanwhile sees one revision or the next."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from lake.tables import H1, NOW, START, bring, frame, lake_at, write
from quorum.domain import DAY, HOUR, VirtualClock, WorkspaceError
from quorum.lake import Lake

READER = """
import sys, time
from pathlib import Path
from quorum.domain import SystemClock, Timeframe
from quorum.lake import Lake

root, lake = Path(sys.argv[1]), Lake(Path(sys.argv[1]) / "lake", SystemClock())
seen = []
print("ready", flush=True)
while not seen or seen[-1] < int(sys.argv[2]):
    bars = lake.bars("X", Timeframe.parse("1h"))
    assert set(bars.close.tolist()) == {100.0 + bars.revision}, "two revisions in one read"
    assert len(bars) == 50 + bars.revision, "a part of an import"
    assert not seen or bars.revision >= seen[-1], "back in time"
    seen.append(bars.revision)
    time.sleep(0.003)
print(len(seen), len(set(seen)), flush=True)
"""

WRITER = """
import os, resource, signal, sys
from pathlib import Path
from quorum.domain import QuorumError, VirtualClock
from quorum.lake import Lake

def dies(source, target, real=os.replace):
    if Path(target).name.startswith(sys.argv[3]):
        os.kill(os.getpid(), signal.SIGKILL)
    real(source, target)

if sys.argv[3] == "full":
    resource.setrlimit(resource.RLIMIT_FSIZE, (1500, 1500))
else:
    os.replace = dies
try:
    Lake(Path(sys.argv[1]) / "lake", VirtualClock(0)).import_path(Path(sys.argv[2]))
except QuorumError as error:
    print(type(error).__name__, error)
"""


def level(revision: int) -> pl.DataFrame:
    """A table whose every price is 100 + `revision`, and which is longer with every revision."""
    table = frame(50 + revision)
    return table.with_columns(pl.lit(100.0 + revision).alias(n) for n in ("open", "high", "low", "close"))


def left_in(root: Path) -> set[str]:
    return {p.name for p in (root / "lake").rglob("*") if p.is_file() and not p.name.startswith((".lock", "seg-"))}


def test_readers_in_other_processes_see_whole_revisions_only(tmp_path: Path) -> None:
    revisions = 12
    bring(tmp_path, write(level(1), tmp_path / "X.csv"))
    command = [sys.executable, "-c", READER, str(tmp_path), str(revisions)]
    readers = [subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(2)]
    try:
        assert all(r.stdout is not None and r.stdout.readline() == "ready\n" for r in readers)
        for revision in range(2, revisions + 1):
            bring(tmp_path, write(level(revision), tmp_path / "X.csv"))
        said = [reader.communicate(timeout=60) for reader in readers]
    finally:
        for reader in readers:
            reader.kill()
    for reader, (out, err) in zip(readers, said, strict=True):
        assert (reader.returncode, err) == (0, "")
        assert int(out.split()[1]) > 2, "it read while the imports ran"


@pytest.mark.parametrize("at", ["seg-", "manifest"])
def test_a_writer_killed_before_a_file_is_in_place_leaves_the_old_state(tmp_path: Path, at: str) -> None:
    bring(tmp_path, write(level(1), tmp_path / "X.csv"))
    before = lake_at(tmp_path).bars("X", H1).data_hash
    command = [sys.executable, "-c", WRITER, str(tmp_path), str(write(level(2), tmp_path / "X.csv")), at]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    assert run.returncode == -signal.SIGKILL, run.stderr
    assert any(name.startswith(".tmp-") for name in left_in(tmp_path)), "it was in the middle of a write"
    assert lake_at(tmp_path).bars("X", H1).data_hash == before
    assert all(report.sound for report in lake_at(tmp_path).check())
    (report,) = bring(tmp_path, tmp_path / "X.csv").symbols
    assert (report.rows, report.rows_added, report.revised, report.revision) == (52, 1, 51, 2)
    assert left_in(tmp_path) == {"manifest.json"}, "what the killed writer left is cleared"


def test_a_full_disk_is_one_line_and_leaves_nothing_behind(tmp_path: Path) -> None:
    bring(tmp_path, write(level(1), tmp_path / "X.csv"))
    before = lake_at(tmp_path).bars("X", H1).data_hash
    long = write(frame(2_000), tmp_path / "X.csv")
    command = [sys.executable, "-c", WRITER, str(tmp_path), str(long), "full"]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (run.returncode, run.stderr) == (0, "")
    assert run.stdout.startswith("WorkspaceError ")
    assert "the lake cannot be written (File too large); raise the limit" in run.stdout
    assert left_in(tmp_path) == {"manifest.json"}
    assert lake_at(tmp_path).bars("X", H1).data_hash == before


@pytest.mark.parametrize(
    ("call", "reason", "remedy"),
    [
        (1, errno.ENOSPC, "free some space"),
        (2, errno.EIO, "check the disk"),
        (3, errno.EROFS, "writable"),
        (4, errno.ENOSPC, "free some space"),
    ],
)
def test_an_error_of_the_disk_at_any_write_is_ours_and_the_next_import_mends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: int, reason: int, remedy: str
) -> None:
    bring(tmp_path, write(level(1), tmp_path / "X.csv"))
    path = write(level(2), tmp_path / "X.csv")
    calls, real = [0], os.fsync

    def fails(handle: int) -> None:
        calls[0] += 1
        if calls[0] == call:
            raise OSError(reason, os.strerror(reason))
        real(handle)

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", fails)
        with pytest.raises(WorkspaceError, match=rf"X\.local/1h: the lake cannot be written .*; .*{remedy}"):
            bring(tmp_path, path)
    assert left_in(tmp_path) == {"manifest.json"}
    assert len(lake_at(tmp_path).bars("X", H1)) == (51 if call < 4 else 52), "the last call only makes the swap durable"
    (report,) = bring(tmp_path, path).symbols
    assert (report.rows, report.revision) == (52, 2)


def test_a_file_where_the_lake_should_be_is_named(tmp_path: Path) -> None:
    (tmp_path / "lake").write_text("in the way")
    with pytest.raises(WorkspaceError, match=r"lake.*cannot be written"):
        bring(tmp_path, write(frame(3), tmp_path / "X.csv"))


def test_writers_of_one_series_take_turns(tmp_path: Path) -> None:
    paths = [write(frame(24, start=START + i * DAY), tmp_path / str(i) / "X.csv") for i in range(12)]
    with ThreadPoolExecutor(6) as writers:
        reports = list(writers.map(lambda path: Lake(tmp_path / "lake", VirtualClock(NOW)).import_path(path), paths))
    assert sorted(r.symbols[0].revision for r in reports) == list(range(1, 13))
    assert all(r.symbols[0].rows_added == 24 for r in reports)
    bars = lake_at(tmp_path).bars("X", H1)
    assert bars.time.tolist() == (START + HOUR * np.arange(12 * 24)).tolist()
    assert lake_at(tmp_path).check()[0].sound
