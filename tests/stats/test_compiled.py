"""The kernel cache: what empties it, that it saves the compiling, and that it may be missing."""

from __future__ import annotations

import ast
import inspect
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest

import quorum
import quorum.engine
from quorum.stats import cache_kernels, cache_key, kernel
from quorum.stats.bootstrap import scramble
from quorum.stats.compiled import _KERNELS, IDLE, KEPT, SOURCES, forget_older

PACKAGE = Path(quorum.__file__).parent
SCRIPT = """
import json, os, sys, time
from pathlib import Path
import numpy as np
from quorum.stats import cache_kernels

late = sys.argv[1] == "late"
kept = late or cache_kernels(Path(os.environ["XDG_CACHE_HOME"]) / "quorum" / "kernels")
from quorum.signals.strategies import demo_ma
from quorum.lake import Bars
from quorum.domain import HOUR, Timeframe
if late:
    from quorum.bootstrap import use_kernel_cache
    kept = use_kernel_cache()
close = 100.0 + np.abs(np.arange(60) % 14 - 7.0)
bars = Bars("T", "test", Timeframe(HOUR), np.arange(60) * HOUR, close)
started = time.process_time()
weight = demo_ma.DEMO_MA.batch(bars, {"fast": 2, "slow": 5}).weight
taken = time.process_time() - started
stats = demo_ma.fill_targets.stats
json.dump([kept, taken, sum(stats.cache_hits.values()), sum(stats.cache_misses.values()), weight.tolist()], sys.stdout)
"""

WHOLE = """
import sys
import numpy as np
import quorum
from quorum.domain import HOUR, Timeframe
from quorum.lake import Bars

print("ready", flush=True)
sys.stdin.readline()
close = 100.0 + np.abs(np.arange(600) % 140 - 70.0)
bars = Bars("T", "test", Timeframe(HOUR), np.arange(600) * HOUR, close)
print(quorum.backtest("demo_ma", bars, params={"fast": 5, "slow": 20}).final_equity.hex())
"""


class Ran(NamedTuple):
    kept: bool
    seconds: float
    hits: int
    misses: int
    weight: list[float]


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    """A copy of the package that may be changed."""
    package = tmp_path / "elsewhere" / "quorum"
    shutil.copytree(PACKAGE, package, ignore=shutil.ignore_patterns("__pycache__"))
    return package


def ask(package: Path, cache: Path, when: str) -> Ran:
    """One rule's targets in a fresh process of `package`, which caches early, before it has any kernel, or late."""
    environment = {**os.environ, "PYTHONPATH": str(package.parent), "XDG_CACHE_HOME": str(cache)}
    command = [sys.executable, "-c", SCRIPT, when]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    return Ran(*json.loads(done.stdout))


@pytest.mark.slow
def test_a_second_process_does_not_compile_and_a_change_of_source_does(copied: Path, tmp_path: Path) -> None:
    """The change is in a function that the kernel calls in another file: numba's own cache would not see it."""
    first, second = (ask(copied, tmp_path / "cache", when) for when in ("early", "late"))
    assert (first.kept, first.hits, first.misses) == (True, 0, 1)
    assert (second.kept, second.hits, second.misses) == (True, 1, 0)
    assert second.seconds < 0.75 * first.seconds
    assert second.weight == first.weight
    assert 0 < sum(first.weight) < len(first.weight)
    called = copied / "features" / "averages.py"
    text = called.read_text(encoding="utf-8")
    assert text.count("return _sign(excess) if") == 1
    called.write_text(text.replace("return _sign(excess) if", "return -_sign(excess) if"), encoding="utf-8")
    third = ask(copied, tmp_path / "cache", "early")
    assert (third.hits, third.misses) == (0, 1)
    assert third.weight != first.weight
    assert len(list((tmp_path / "cache" / "quorum" / "kernels").iterdir())) == 2


@pytest.mark.slow
def test_processes_that_start_cold_together_come_to_one_answer(tmp_path: Path) -> None:
    """All eight compile a whole backtest into one empty folder, which then serves a ninth and holds no half a file."""
    told = backtests(tmp_path, 8)
    assert len(told) == 8
    assert set(told) == set(backtests(tmp_path, 1))
    assert float.fromhex(told[0]) != 100_000.0
    made = [file for file in tmp_path.rglob("*") if file.is_file()]
    assert {file.suffix for file in made} == {".nbi", ".nbc"}


def backtests(cache: Path, count: int) -> list[str]:
    """The final equity as told by each of `count` processes, let go together when all are there."""
    environment = {**os.environ, "XDG_CACHE_HOME": str(cache)}
    pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True, "env": environment}
    children = [subprocess.Popen([sys.executable, "-c", WHOLE], **pipes) for _ in range(count)]
    assert [child.stdout.readline() for child in children] == ["ready\n"] * count
    for child in children:
        child.stdin.write("\n")
        child.stdin.flush()
    said = [child.communicate()[0].strip() for child in children]
    assert [child.returncode for child in children] == [0] * count
    return said


@pytest.mark.slow
def test_a_command_without_a_folder_to_write_to_says_the_same(tmp_path: Path) -> None:
    home, blocked = tmp_path / "home", tmp_path / "a file"
    blocked.write_text("in the way")
    rows = "\n".join(f"{1_700_000_000 + 3600 * i},{100 + i % 17 + i % 5}" for i in range(400))
    (tmp_path / "TEST.venue.csv").write_text(f"time,close\n{rows}\n")

    def quorum_with(cache: Path, *words: object) -> str:
        command = [sys.executable, "-m", "quorum", *map(str, words), "--home", str(home)]
        environment = {**os.environ, "XDG_CACHE_HOME": str(cache)}
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    quorum_with(blocked, "init")
    quorum_with(blocked, "data", "import", tmp_path / "TEST.venue.csv")
    asked = (
        "backtest",
        "demo_ma",
        "--param",
        "fast=3",
        "--param",
        "slow=9",
        "--symbol",
        "TEST",
        "--timeframe",
        "1h",
        "--json",
    )
    kept, fallen = quorum_with(tmp_path / "cache", *asked), quorum_with(blocked, *asked)
    assert json.loads(kept)["trades"] > 0
    assert fallen == kept
    assert blocked.read_text() == "in the way"


class TestOlderFolders:
    """`n` folders, the first used now and each other half a day before the one that precedes it."""

    def folders(self, root: Path, n: int) -> list[Path]:
        made = [root / f"{k:020x}" for k in range(n)]
        for k, folder in enumerate(made):
            (folder / "engine_0").mkdir(parents=True)
            (folder / "engine_0" / "kernel.nbi").write_bytes(b"\0")
            os.utime(folder, (0, (n - k) * IDLE / 2))
        return made

    def test_the_newest_stay_and_so_do_those_of_a_day(self, tmp_path: Path) -> None:
        folders = self.folders(tmp_path, KEPT + 4)
        forget_older(tmp_path, folders[0].stat().st_mtime)
        assert sorted(tmp_path.iterdir()) == folders[:KEPT]
        busy = self.folders(tmp_path / "busy", KEPT + 4)
        forget_older(tmp_path / "busy", busy[-1].stat().st_mtime + IDLE)
        assert sorted((tmp_path / "busy").iterdir()) == busy

    def test_what_is_no_folder_of_ours_stays(self, tmp_path: Path) -> None:
        folders = self.folders(tmp_path, KEPT + 1)
        (tmp_path / "of somebody").mkdir()
        (tmp_path / ("f" * 20)).write_text("no folder")
        for other in ("of somebody", "f" * 20):
            os.utime(tmp_path / other, (0, 0))
        forget_older(tmp_path, folders[0].stat().st_mtime + IDLE)
        assert sorted(tmp_path.iterdir()) == sorted([*folders[:KEPT], tmp_path / "of somebody", tmp_path / ("f" * 20)])


def test_a_folder_that_was_removed_meanwhile_is_made_again(tmp_path: Path) -> None:
    code = """
import shutil, sys
from pathlib import Path
import numpy as np
from quorum.stats import bootstrap, cache_kernels

root = Path(sys.argv[1])
assert cache_kernels(root)
(folder,) = root.iterdir()
shutil.rmtree(folder)
print(int(bootstrap.scramble(np.uint64(1))), len(list(folder.rglob("*.nbc"))))
"""
    done = subprocess.run([sys.executable, "-c", code, tmp_path], capture_output=True, text=True, check=True)
    scrambled: Any = scramble
    assert done.stdout.split() == [str(int(scrambled(np.uint64(1)))), "1"]


def test_without_a_folder_to_write_to_everything_works(tmp_path: Path) -> None:
    blocked, locked = tmp_path / "a file", tmp_path / "locked"
    blocked.write_text("in the way")
    locked.mkdir(mode=0o500)
    places = [blocked, blocked / "below", *([locked] if os.geteuid() else [])]  # root may write everywhere
    assert [cache_kernels(place) for place in places] == [False] * len(places)

    @kernel
    def twice(x: float) -> float:
        return 2.0 * x

    compiled: Any = twice
    assert (twice(1.5), compiled.py_func(1.5)) == (3.0, 3.0)
    assert list(locked.iterdir()) == []


class TestKey:
    def test_it_is_that_of_the_sources_wherever_they_are(self, copied: Path) -> None:
        assert cache_key(copied) == cache_key(copied) == cache_key() == cache_key(PACKAGE)
        assert len(cache_key()) == 20

    @pytest.mark.parametrize("folder", SOURCES)
    def test_one_letter_in_a_folder_of_kernels_changes_it(self, copied: Path, folder: str) -> None:
        keys = {cache_key(copied)}
        source = sorted((copied / folder).rglob("*.py"))[-1]
        source.write_text(source.read_text(encoding="utf-8") + "#", encoding="utf-8")
        keys.add(cache_key(copied))
        source.rename(source.with_name("renamed.py"))
        keys.add(cache_key(copied))
        (copied / folder / "another.py").write_text("")
        keys.add(cache_key(copied))
        assert len(keys) == 4

    def test_other_rooms_and_other_files_do_not(self, copied: Path) -> None:
        before = cache_key(copied)
        (copied / "desk" / "desk.py").write_text("changed")
        (copied / "stats" / "notes.txt").write_text("no source")
        assert cache_key(copied) == before

    def test_it_changes_with_the_libraries(self, monkeypatch: pytest.MonkeyPatch) -> None:
        before = cache_key()
        monkeypatch.setattr(np, "__version__", "0.0.1")
        assert cache_key() != before


def test_every_kernel_stands_in_a_folder_of_the_key() -> None:
    marked = re.compile(r"^@(?:kernel|fragment)$", re.MULTILINE)
    sources = [p for p in PACKAGE.rglob("*.py") if marked.search(p.read_text(encoding="utf-8"))]
    assert len(sources) > 8
    assert [p for p in sources if not any(p.is_relative_to(PACKAGE / folder) for folder in SOURCES)] == []


def test_kernels_use_nothing_from_outside_of_the_key() -> None:
    """A constant that a kernel uses is compiled into it, so its file has to be part of the key."""
    checked = 0
    for dispatcher in _KERNELS.dispatchers:
        module = inspect.getmodule(dispatcher.py_func)
        if module is None or not module.__name__.startswith("quorum."):
            continue
        used = set(dispatcher.py_func.__code__.co_names) & _foreign(Path(str(module.__file__)))
        assert not used, f"{module.__name__}.{dispatcher.py_func.__name__} uses {used}"
        checked += 1
    assert checked > 40


def _foreign(source: Path) -> set[str]:
    """Names that a file takes from folders whose sources are not in the key."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(source.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("quorum."):
            folder = node.module.removeprefix("quorum.").replace(".", "/")
            inside = any(Path(folder).is_relative_to(known) for known in SOURCES)
            names |= set() if inside else {a.asname or a.name for a in node.names}
    return names
