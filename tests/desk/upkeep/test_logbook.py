"""The log is read by level, run and time, and followed as it is written and turned over."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from quorum.desk.upkeep import Wanted, follow_logs, read_logs, since
from quorum.domain import DAY, HOUR, UsageError, parse_instant

NOW = parse_instant("2024-06-03T12:00:00Z")
LOG = "quorum.jsonl"


def line(event: str, level: str = "info", minute: int = 0, **more: Any) -> str:
    return json.dumps({"timestamp": f"2024-06-03T11:{minute:02d}:00Z", "level": level, "event": event, **more}) + "\n"


def events(folder: Path, wanted: Wanted | None = None) -> list[Any]:
    return [found["event"] for found in read_logs(folder, wanted or Wanted())]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / f"{LOG}.10").write_text(line("first", "debug", 1))
    (tmp_path / f"{LOG}.2").write_text(line("second", "info", 2, workflow_id="WF-1"))
    (tmp_path / LOG).write_text("torn {\n" + line("third", "error", 30, workflow_id="WF-2"))
    (tmp_path / f".{LOG}.lock").write_text("")
    return tmp_path


def test_every_line_oldest_first_also_one_that_is_no_json(folder: Path) -> None:
    assert events(folder) == ["first", "second", "torn {", "third"]
    assert events(folder / "absent") == []


def test_only_what_is_wanted(folder: Path) -> None:
    assert events(folder, Wanted("warning")) == ["torn {", "third"]
    assert events(folder, Wanted(workflow="WF-1")) == ["second"]
    assert events(folder, Wanted(since=parse_instant("2024-06-03T11:02:00Z"))) == ["second", "torn {", "third"]
    with pytest.raises(UsageError, match="no log level 'loud'"):
        Wanted("loud")


def test_since_is_an_instant_or_a_while_ago() -> None:
    assert since("1h", NOW) == NOW - HOUR
    assert since("2d", NOW) == NOW - 2 * DAY
    assert since("2024-06-03", NOW) == parse_instant("2024-06-03")
    with pytest.raises(UsageError, match="'soon' is no date or time"):
        since("soon", NOW)


def test_what_is_written_from_now_on_is_followed_over_a_turn(folder: Path) -> None:
    followed = follow_logs(folder, Wanted())
    assert _next(followed, 4) == ["first", "second", "torn {", "third"]
    with (folder / LOG).open("a") as log:
        log.write(line("fourth") + line("fifth")[:20])
    assert _next(followed, 1) == ["fourth"]

    def turn() -> None:
        with (folder / LOG).open("a") as log:
            log.write(line("fifth")[20:])
        (folder / LOG).rename(folder / f"{LOG}.1")
        (folder / LOG).write_text(line("sixth"))

    timer = threading.Timer(0.05, turn)
    timer.start()
    assert _next(followed, 2) == ["fifth", "sixth"]
    timer.join()
    followed.close()  # type: ignore[attr-defined]


def test_a_log_that_is_not_there_yet_is_waited_for(tmp_path: Path) -> None:
    followed = follow_logs(tmp_path, Wanted())
    timer = threading.Timer(0.05, lambda: (tmp_path / LOG).write_text(line("first")))
    timer.start()
    assert _next(followed, 1) == ["first"]
    timer.join()
    followed.close()  # type: ignore[attr-defined]


def _next(lines: Iterator[Any], count: int) -> list[Any]:
    return [next(lines)["event"] for _ in range(count)]
