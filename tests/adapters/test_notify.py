"""A message that was delivered is a line on disk, whole, and its own."""

from __future__ import annotations

import json
import threading
from pathlib import Path

import pytest

from adapters.stores import NOW
from quorum.adapters.notify import FileNotifier
from quorum.domain import Severity, StoreError, VirtualClock


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "logs" / "notifications.jsonl"


def told(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_a_message_is_a_line_with_its_instant_and_severity(path: Path) -> None:
    notifier = FileNotifier(path, VirtualClock(NOW))
    notifier.notify(Severity.BLACK, "halted\nat once", {"loss": 0.25, "ids": ("a", "b")})
    notifier.notify(Severity.INFO, "resumed", {})
    assert told(path) == [
        {
            "timestamp": "2024-06-03T12:00:00Z",
            "severity": "BLACK",
            "summary": "halted\nat once",
            "details": {"loss": 0.25, "ids": ["a", "b"]},
        },
        {"timestamp": "2024-06-03T12:00:00Z", "severity": "INFO", "summary": "resumed", "details": {}},
    ]


def test_messages_of_several_threads_do_not_mix(path: Path) -> None:
    notifier = FileNotifier(path, VirtualClock(NOW))
    text = "x" * 20_000

    def say(number: int) -> None:
        for _ in range(20):
            notifier.notify(Severity.INFO, str(number), {"text": text})

    threads = [threading.Thread(target=say, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(str(line["summary"]) for line in told(path)) == sorted("0123" * 20)


def test_a_line_that_a_kill_cut_short_spoils_no_other(path: Path) -> None:
    notifier = FileNotifier(path, VirtualClock(NOW))
    notifier.notify(Severity.INFO, "before", {})
    with path.open("ab") as file:
        file.write(b'{"summary":"cu')
    notifier.notify(Severity.INFO, "after", {})
    lines = path.read_text().splitlines()
    assert lines[1] == '{"summary":"cu'
    assert [json.loads(lines[i])["summary"] for i in (0, 2)] == ["before", "after"]


def test_a_place_that_takes_no_message_is_named(path: Path) -> None:
    path.mkdir(parents=True)
    with pytest.raises(StoreError, match=rf"^notifications {path}: Is a directory; make the folder writable"):
        FileNotifier(path, VirtualClock(NOW)).notify(Severity.RED, "lost", {})
