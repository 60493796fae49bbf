"""Documents: whole, of the newest text, and what the disk refuses is told and tried again."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from desk.agents.staffs import NOW
from quorum.desk.team import Papers, document
from quorum.desk.workflows.crew import Facts
from quorum.domain import HOUR, WorkspaceError, iso

FACTS = Facts("WF-20250130-001", "mine", NOW, "notify", {})
RUN = {"workflow": "mine", "workflow_id": FACTS.identity, "as_of": iso(NOW), "params": {}}
OUTPUT = "/state/a.json"
DONE = {"status": "completed", "answer": {"n": 1}, "agent": "critic", "attempts": 2, "seconds": 0.5}


@pytest.fixture
def papers(tmp_path: Path) -> Iterator[Papers]:
    made = Papers(tmp_path)
    yield made
    made.close()


def read(home: Path, path: str) -> Any:
    return json.loads((home / path.lstrip("/")).read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    ("outcome", "told"),
    [
        (DONE, {"n": 1, "status": "completed", "run": {**RUN, "agent": "critic", "attempts": 2, "seconds": 0.5}}),
        (
            {"status": "cached", "answer": {"n": 1}, "of": "2025-01-29"},
            {"n": 1, "status": "cached", "run": {**RUN, "of": "2025-01-29"}},
        ),
        ({"status": "skipped", "reason": "why"}, {"status": "skipped", "reason": "why", "run": RUN}),
        ({"status": "failed", "reason": "why"}, {"status": "unavailable", "reason": "why", "run": RUN}),
        ({"status": "unavailable", "reason": "why"}, {"status": "unavailable", "reason": "why", "run": RUN}),
    ],
)
def test_a_document_holds_the_answer_or_the_reason(outcome: dict[str, Any], told: dict[str, Any]) -> None:
    assert document(FACTS, outcome) == told


def test_the_newest_of_several_texts_is_written(papers: Papers, tmp_path: Path) -> None:
    for n in range(50):
        papers.file(FACTS, "/state/a.json", {"status": "completed", "answer": {"n": n}})
    papers.flush()
    assert read(tmp_path, "/state/a.json")["n"] == 49
    assert [path.name for path in (tmp_path / "state").iterdir()] == ["a.json"]


def test_what_is_no_document_is_left_to_its_task(papers: Papers, tmp_path: Path) -> None:
    papers.file(FACTS, "/models/production/", DONE)
    papers.file(FACTS, "/data/set.parquet", DONE)
    papers.flush()
    assert list(tmp_path.iterdir()) == []


def test_what_waits_is_written_when_they_are_closed(papers: Papers, tmp_path: Path) -> None:
    papers.file(FACTS, "/state/a.json", DONE)
    papers.show("/state/view.json", lambda: {"at": 1})
    papers.close()
    assert (read(tmp_path, "/state/a.json")["n"], read(tmp_path, "/state/view.json")) == (1, {"at": 1})


def test_a_cached_answer_says_of_when_it_is(papers: Papers) -> None:
    assert papers.cached(FACTS, OUTPUT) is None
    papers.file(FACTS, "/state/a.json", DONE)
    assert papers.cached(FACTS, OUTPUT) == {"answer": {"n": 1}, "of": iso(NOW)}
    later = Facts("WF-20250130-002", "mine", NOW + HOUR, "notify", {})
    papers.file(later, "/state/a.json", {"status": "cached", "answer": {"n": 1}, "of": iso(NOW)})
    assert papers.cached(later, OUTPUT) == {"answer": {"n": 1}, "of": iso(NOW)}  # not as of the later run


@pytest.mark.parametrize(
    ("asked", "there"),
    [
        ({"symbol": "BTCUSDT", "as_of": "2025-01-30", "most": 7}, True),
        ({"symbol": "ETHUSDT"}, False),
        ({"symbol": "BTCUSDT", "timeframe": "1h"}, False),
    ],
)
def test_a_cached_answer_is_about_the_same_subject(papers: Papers, asked: dict[str, Any], there: bool) -> None:
    papers.file(replace(FACTS, params={"symbol": "BTCUSDT", "venue": None}), OUTPUT, DONE)
    assert (papers.cached(replace(FACTS, params=asked), OUTPUT) is not None) is there


def test_a_cached_answer_is_not_of_a_later_instant(papers: Papers) -> None:
    papers.file(replace(FACTS, as_of=NOW + HOUR), "/state/a.json", DONE)
    assert papers.cached(FACTS, OUTPUT) is None
    assert papers.cached(replace(FACTS, as_of=NOW + HOUR), OUTPUT) is not None


@pytest.mark.parametrize("text", ["", "[]", '{"status": "skipped", "reason": "why", "run": {}}', "{"])
def test_what_is_no_answer_is_none(papers: Papers, tmp_path: Path, text: str) -> None:
    (tmp_path / "a.json").write_text(text)
    assert papers.cached(FACTS, "/a.json") is None


def test_a_document_that_the_disk_refuses_is_told_and_the_others_are_written(papers: Papers, tmp_path: Path) -> None:
    (tmp_path / "state").write_text("no folder")
    papers.file(FACTS, "/state/a.json", DONE)
    papers.file(FACTS, "/other/b.json", DONE)
    with pytest.raises(WorkspaceError, match=r"/state/a\.json"):
        papers.flush()
    assert read(tmp_path, "/other/b.json")["n"] == 1


def test_a_run_is_told_of_its_own_documents_only_and_of_each_once(papers: Papers, tmp_path: Path) -> None:
    (tmp_path / "state").write_text("no folder")
    papers.file(FACTS, "/state/a.json", DONE)
    assert papers.cached(FACTS, OUTPUT) is None
    papers.flush("WF-20250130-002")
    with pytest.raises(WorkspaceError):
        papers.flush(FACTS.identity)
