"""A journal gives every caller the same events in the same order, and loses none that it acknowledged."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from quorum.adapters.process import FileJournal
from quorum.domain import StoreError
from quorum.execution import Journal
from quorum.execution.fakes import MemoryJournal

Open = Callable[[], Journal]
EVENTS: list[dict[str, Any]] = [{"n": n, "text": "ü\n☃", "amount": "1.50"} for n in range(5)]
WRITER = """
import importlib.util, pathlib, sys
spec = importlib.util.spec_from_file_location("journal", sys.argv[1])
module = importlib.util.module_from_spec(spec)
spec.loader.exec_module(module)
journal = module.FileJournal(pathlib.Path(sys.argv[2]))
print("ready", flush=True)
sys.stdin.readline()
for n in range(int(sys.argv[4])):
    with journal.exclusive():
        journal.unread()
        journal.append({"who": sys.argv[3], "n": n})
"""


@pytest.fixture(params=["memory", "file"])
def opening(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Open]:
    """Opens the same journal once more with every call."""
    memory = MemoryJournal()
    with ExitStack() as stack:

        def file() -> Journal:
            journal = FileJournal(tmp_path / "deep" / "journal.jsonl")
            stack.callback(journal.close)
            return journal

        yield memory.opened_again if request.param == "memory" else file


def test_events_come_in_order_once_to_each_caller_and_not_back_to_the_writer(opening: Open) -> None:
    one, other = opening(), opening()
    with one.exclusive():
        assert list(one.unread()) == []
        for event in EVENTS[:3]:
            one.append(event)
        assert list(one.unread()) == []
    with other.exclusive():
        assert list(other.unread()) == EVENTS[:3]
        other.append(EVENTS[3])
        assert list(other.unread()) == []
    with one.exclusive():
        assert list(one.unread()) == EVENTS[3:4]
    late = opening()
    with late.exclusive():
        assert list(late.unread()) == EVENTS[:4]


def test_what_is_exclusive_may_be_entered_again_by_its_holder(opening: Open) -> None:
    journal = opening()
    with journal.exclusive():
        with journal.exclusive():
            journal.append(EVENTS[0])
        journal.append(EVENTS[1])
    other = opening()
    with other.exclusive():
        assert list(other.unread()) == EVENTS[:2]


def test_threads_take_turns(opening: Open) -> None:
    counts: list[int] = []

    def count() -> None:
        journal, seen = opening(), 0
        for _ in range(20):
            with journal.exclusive():
                seen += len(journal.unread())
                journal.append({"seen": seen})
                seen += 1
                counts.append(seen)

    threads = [threading.Thread(target=count) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert counts == list(range(1, 61))


def test_a_line_that_a_kill_cut_short_is_dropped_wherever_the_cut(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    writer = FileJournal(path)
    for event in EVENTS[:2]:
        writer.append(event)
    whole = path.read_bytes()
    last = whole[whole.index(b"\n") + 1 :]
    for cut in range(1, len(last)):
        path.write_bytes(whole[:-cut])
        journal = FileJournal(path)
        with journal.exclusive():
            assert list(journal.unread()) == EVENTS[:1]
            journal.append(EVENTS[2])
        journal.close()
        assert [json.loads(line) for line in path.read_text().splitlines()] == [EVENTS[0], EVENTS[2]]
    writer.close()


def test_a_reader_that_had_the_rest_takes_off_a_torn_line_too(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    journal = FileJournal(path)
    journal.append(EVENTS[0])
    with path.open("ab") as file:
        file.write(b'{"n": 1, "te')
    with journal.exclusive():
        assert list(journal.unread()) == []
        journal.append(EVENTS[1])
    journal.close()
    assert [json.loads(line) for line in path.read_text().splitlines()] == EVENTS[:2]


def test_two_processes_that_append_at_once_lose_nothing(tmp_path: Path) -> None:
    path, count = tmp_path / "journal.jsonl", 100
    source = sys.modules[FileJournal.__module__].__file__
    command = [sys.executable, "-c", WRITER, str(source), str(path)]
    pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    writers = [subprocess.Popen([*command, who, str(count)], **pipes) for who in ("one", "other")]
    for writer in writers:
        assert writer.stdout is not None
        assert writer.stdout.readline() == "ready\n"
    for writer in writers:
        assert writer.stdin is not None
        writer.stdin.write("go\n")
        writer.stdin.flush()
    for writer in writers:
        writer.communicate()
        assert writer.returncode == 0
    events = [json.loads(line) for line in path.read_text().splitlines()]
    assert len(events) == 2 * count
    for who in ("one", "other"):
        assert [e["n"] for e in events if e["who"] == who] == list(range(count))


def test_a_folder_that_cannot_be_made_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match=r"journal .*; make the folder writable for you") as refusal:
        FileJournal(tmp_path / "file" / "journal.jsonl")
    assert "\n" not in str(refusal.value)
