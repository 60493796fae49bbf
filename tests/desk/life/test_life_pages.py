"""Files of the strategies' lives: made from the store, the same again when they were lost, and readable."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from desk.offices import contents
from quorum.desk import Desk, publish
from quorum.desk.life import queue_facts, show_life, statistics
from quorum.desk.life.entries import read_entries, told
from quorum.desk.life.pages import block
from quorum.desk.life.pages.text import is_ours, line, stamped
from quorum.domain import VirtualClock, plain
from quorum.validation.life import Candidate, Idea, Status

S = Status
BOOKS = ("pipeline", "knowledge", "BOOTSTRAP.md")
FOLDER = {
    *("hypothesis.md", "parameters.yaml", "data-spec.yaml", "quant-review.md"),
    *("critic-review.md", "risk-assessment.yaml", "decision.yaml", "backtest-results"),
}
RESULT = {
    "schema": 1,
    "verdict": {
        "verdict": "failed",
        "reason": "low_sharpe",
        "metric": "sharpe",
        "value": 0.25,
        "threshold": 0.5,
        "retryable": True,
        "why": "a Sharpe of 0.25 is below 0.5",
        "marginal": False,
    },
    "metrics": {"sharpe": 0.25},
    "rows": [
        {
            "metric": "sharpe",
            "value": 0.25,
            "comparison": ">",
            "threshold": 0.5,
            "kind": "gate",
            "outcome": "fail",
            "marginal": False,
            "source": "tiers",
        }
    ],
    "warnings": ["few trades"],
    "trials": 3,
    "trials_in_family": 40,
    "params": {"fast": 5},
    "data": {"symbols": ["FLATUSDT"], "rows": 8760, "days": 365, "first": 1_600_000_000_000_000_000, "last": None},
    "daily": {"first": 0, "days": [0], "returns": [0.1], "periods": 365},
}


def loaded(path: Path) -> Any:
    return YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8"))


@pytest.fixture
def lived(desk: Desk) -> Desk:
    """A desk at which one strategy was rejected at L1, and one waits; its clock stands still."""
    desk = replace(desk, clock=VirtualClock(desk.clock.now()))
    queue = desk.life.queue
    queue.add([Idea("demo_ma", (name,), "1h", hypothesis="it lasts") for name in ("FLATUSDT", "CRASHUSDT")], "person")
    for before, after in ((S.PENDING, S.L0_VALIDATING), (S.L0_VALIDATING, S.L0_PASSED), (S.L0_PASSED, S.L1_VALIDATING)):
        queue.move("STR-001", before, after, "VAL-1", "on its way")
    for attempt in (0, 1):
        desk.life.results.keep("STR-001", "L1", attempt, "VAL-1", {**RESULT, "tier": "L1"})
    queue.move("STR-001", S.L1_VALIDATING, S.L1_FAILED, "VAL-1", "low_sharpe")
    queue.move("STR-001", S.L1_FAILED, S.REJECTED, "VAL-1", "low_sharpe")
    ended = {"L0": {"cpu_seconds": 2.0}, "L2": {"cpu_seconds": 90.0}}
    desk.life.books.runs.open(
        {
            "tier": "L0",
            "status": "done",
            "by_strategy": {"STR-001": {"tiers": ended}},
            "seconds": 10,
            "sequential_seconds": 25,
        }
    )
    desk.life.books.runs.open({"tier": "L1", "status": "running", "strategies": ["STR-002"]})
    desk.life.books.cells.put({"key": "momentum/1h", "tested": 3, "survived": 1})
    return desk


def test_every_file_says_its_schema_and_what_the_store_has(lived: Desk, home: Path) -> None:
    show_life(lived)
    queue, registry = loaded(home / "pipeline/queue.yaml"), loaded(home / "knowledge/registry.yaml")
    assert [(e["strategy_id"], e["status"]) for e in queue["queue"]] == [("STR-002", "PENDING")]
    assert {i: e["status"] for i, e in registry["strategies"].items()} == {"STR-001": "REJECTED", "STR-002": "PENDING"}
    assert registry["counters"]["total_rejected"] == 1
    current = loaded(home / "pipeline/current-run.yaml")
    assert [run["strategies"] for run in current["active_runs"]] == [["STR-002"]]
    assert (current["queue"], current["completed_today"][0]["strategy_id"]) == (["STR-002"], "STR-001")
    assert loaded(home / "knowledge/search-space-map.yaml")["cells"]["momentum/1h"]["tested"] == 3
    for path in home.rglob("*.yaml"):
        if path.relative_to(home).parts[0] in BOOKS:
            assert loaded(path)["schema"] == 1, path


def test_a_folder_tells_a_strategys_life(lived: Desk, home: Path) -> None:
    show_life(lived)
    folder = home / "knowledge/strategies/STR-001"
    assert {path.name for path in folder.iterdir()} == FOLDER
    results = {path.name for path in (folder / "backtest-results").iterdir()}
    assert results == {"L1_results.yaml", "L1_retry1.yaml", "L1_complete.yaml"}
    lived.life.results.keep("STR-001", "L2", 1, "VAL-1", {**RESULT, "tier": "L2"})
    lived.life.results.keep("STR-001", "L2", 1, "VAL-2", {**RESULT, "tier": "L2", "trials": 9})
    show_life(lived)
    later = {path.name for path in (folder / "backtest-results").iterdir()} - results
    assert later == {"L2_results.yaml", "L2_complete.yaml"}
    assert loaded(folder / "backtest-results/L2_results.yaml")["trials"] == 9
    assert show_life(lived).written == ()
    result = loaded(folder / "backtest-results/L1_results.yaml")
    assert (result["verdict"]["reason"], result["data"]["first"]) == ("low_sharpe", "2020-09-13T12:26:40Z")
    assert "daily" not in result
    assert loaded(folder / "backtest-results/L1_complete.yaml")["verdict"] == "failed"
    review = (folder / "quant-review.md").read_text()
    assert "Failed: a Sharpe of 0.25 is below 0.5." in review
    assert "| sharpe | 0.25 | > 0.5 | gate | fail |" in review
    assert "it lasts" in (folder / "hypothesis.md").read_text()
    decision = loaded(folder / "decision.yaml")
    assert [move["status"] for move in decision["moves"]][-2:] == ["L1_FAILED", "REJECTED"]
    assert lived.decisions.get(decision["moves"][-1]["decision_id"]).choice.outcome["after"] == "REJECTED"


def test_statistics_count_what_was_saved(lived: Desk) -> None:
    found = statistics(lived)
    assert found.rejected_by_tier == {"L1": 1}
    assert found.saved_by_rejecting == 90.0
    assert found.saved_by_workers == 15
    assert queue_facts(lived)["rejected"] == {"by_tier": {"L1": 1}, "saved_seconds": 90.0}
    assert (found.total, found.evaluated, found.in_pipeline, found.next_number) == (2, 1, 1, 3)


def test_files_that_were_lost_are_the_same_bytes_again(lived: Desk, home: Path) -> None:
    show_life(lived)
    before = contents(home)
    assert show_life(lived).written == ()
    for name in ("pipeline", "knowledge"):
        shutil.rmtree(home / name)
    (home / "BOOTSTRAP.md").unlink()
    written = publish(lived).written
    assert home / "knowledge/strategies/STR-001/decision.yaml" in written
    again = contents(home)
    assert {name: again.get(name) for name in before if name.split("/")[0] in BOOKS and before[name]} == {
        name: digest for name, digest in before.items() if name.split("/")[0] in BOOKS and digest
    }


def test_a_file_that_is_missing_from_a_folder_is_made_again(lived: Desk, home: Path) -> None:
    show_life(lived)
    lost = home / "knowledge/strategies/STR-001/data-spec.yaml"
    text = lost.read_text()
    lost.unlink()
    assert show_life(lived, ["STR-002"]).written == ()
    assert show_life(lived).written == (lost,)
    assert lost.read_text() == text


def test_a_page_that_a_person_has_rewritten_stays(lived: Desk, home: Path) -> None:
    show_life(lived)
    page = home / "knowledge/strategies/STR-001/hypothesis.md"
    page.write_text(page.read_text() + "\nAnd I doubt it.\n")
    before = page.read_bytes()
    assert page not in show_life(lived).written
    assert page.read_bytes() == before


def test_a_file_in_the_way_is_a_doubt_and_the_rest_is_written(lived: Desk, home: Path) -> None:
    folder = home / "knowledge/strategies/STR-001"
    folder.mkdir(parents=True)
    (folder / "decision.yaml").write_text("moves: [")
    shown = show_life(lived)
    (doubt,) = shown.doubts
    assert "decision.yaml:1:9: not YAML" in doubt
    assert home / "pipeline/queue.yaml" in shown.written


def test_nothing_is_written_where_nothing_ever_was(desk: Desk, home: Path) -> None:
    before = contents(home)
    assert show_life(desk).written == ()
    assert contents(home) == before


WORDS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
PLAIN = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**18), 10**18)
    | st.floats(allow_nan=False, allow_infinity=False)
    | WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(WORDS, PLAIN, max_size=4))
def test_what_is_written_is_read_again(values: dict[str, Any]) -> None:
    text = block(values)
    read = YAML(typ="safe", pure=True).load(text)
    assert json.dumps(plain(read), sort_keys=True) == json.dumps(plain(values), sort_keys=True)
    assert YAML(typ="safe", pure=True).load(f"x: {line(values)}\n") == {"x": values}
    assert is_ours(stamped(text))
    assert not is_ours(stamped(text) + "more: 1\n")


@settings(max_examples=50)
@given(st.builds(Idea, st.just("demo_ma"), st.tuples(WORDS.filter(str.strip).map(str.strip)), st.just("1h")), WORDS)
def test_an_entry_is_read_as_it_was_told(tmp_path_factory: pytest.TempPathFactory, idea: Idea, reason: str) -> None:
    idea = replace(idea, symbols=tuple(name.replace(",", "") or "A" for name in idea.symbols), weight=1.5)
    made = Candidate("STR-001", idea, S.TIMEOUT, 10**18, 10**18 + 5, "L1", reason, 2, 0, {"theirs": 1})
    path = tmp_path_factory.getbasetemp() / "entry.yaml"
    path.write_text(f"queue:\n  - {line(told(made))}\n", encoding="utf-8")
    (entry,) = read_entries(path)
    assert entry.candidate(0) == made
