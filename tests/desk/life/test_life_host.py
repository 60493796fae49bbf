"""A host's files: adopted once as they stand, their words and keys kept, nonsense refused with its line."""

from __future__ import annotations

from pathlib import Path

import pytest
from ruamel.yaml import YAML

from desk.life.hosts import FILES, FOREIGN, write_host
from quorum.desk import Desk
from quorum.desk.life import active_skills, show_life, skill_is_on, take_in
from quorum.desk.life.entries import read_entries
from quorum.desk.life.words import MEANINGS, meaning
from quorum.domain import ConfigError, parse_instant
from quorum.validation.life import Idea, Status

S = Status


@pytest.fixture
def hosted(desk: Desk, home: Path) -> Desk:
    """A desk whose workspace is a host's."""
    write_host(home)
    return desk


def loaded(path: Path) -> object:
    return YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8"))


def text(home: Path, name: str) -> str:
    return (home / name).read_text(encoding="utf-8")


def test_strategies_are_adopted_as_they_stand(hosted: Desk) -> None:
    taken = take_in(hosted)
    assert taken.adopted == ("STR-004", "STR-005", "STR-007", "STR-001", "STR-002", "STR-003")
    found = {c.strategy_id: c for c in hosted.life.queue.listed()}
    assert {name: (c.status, c.tier) for name, c in found.items()} == {
        "STR-001": (S.REJECTED, None),
        "STR-002": (S.REJECTED, "L1"),
        "STR-003": (S.PAPER, None),
        "STR-004": (S.L1_PASSED, "L1"),
        "STR-005": (S.TIMEOUT, None),
        "STR-007": (S.L1_PASSED, "L1"),
    }
    assert (found["STR-001"].other, found["STR-002"].reason) == ({"owner": "maverick"}, "low_sharpe")
    assert found["STR-004"].idea == Idea("demo_ma", ("FLATUSDT",), "1h", weight=2.0)
    assert found["STR-004"].other == {"reviewer": "critic-2"}
    assert found["STR-005"].idea.symbols == ("CRASHUSDT", "SURGEUSDT")
    assert found["STR-005"].added_at == parse_instant("2024-05-01")
    assert hosted.life.queue.moves("STR-002")[0].by == "the workspace's files"


def test_what_cannot_be_validated_is_left_and_named(hosted: Desk, home: Path) -> None:
    _, doubt = sorted(take_in(hosted).doubts, key=lambda said: "STR-006" in said)
    assert doubt.startswith(f"{home}/pipeline/queue.yaml:17:3: STR-006 is left where it is: it names no symbols")


def test_new_ids_go_on_behind_what_the_host_would_give(hosted: Desk) -> None:
    take_in(hosted)
    (made,) = hosted.life.queue.add([Idea("demo_ma", ("SURGEUSDT",), "1h")], "person")
    assert made.strategy_id == "STR-012"


def test_both_forms_of_learnings_are_kept_once(hosted: Desk) -> None:
    assert take_in(hosted).learnings == ("L-004", "L-009")
    assert take_in(hosted).learnings == ()
    kept = hosted.life.books.learnings.get("L-004")
    assert (kept["severity"], kept["keywords"], kept["frequency"]) == ("HIGH", ["fees", "holding"], 2)
    assert hosted.life.books.learnings.open({"key": "new"})["learning_id"] == "L-010"


def test_adopting_twice_changes_nothing(hosted: Desk, home: Path) -> None:
    show_life(hosted)
    before = {name: (home / name).read_bytes() for name in FILES}
    taken = take_in(hosted)
    assert (taken.adopted, taken.queued, taken.revised, taken.learnings) == ((), (), (), ())
    assert show_life(hosted).written == ()
    assert {name: (home / name).read_bytes() for name in FILES} == before


def test_files_of_the_host_keep_every_byte_and_ours_keep_its_keys(hosted: Desk, home: Path) -> None:
    shown = show_life(hosted)
    assert [doubt for doubt in shown.doubts if "STR-006" not in doubt and "STR-007" not in doubt] == []
    for name in FOREIGN:
        assert text(home, name) == FILES[name]
    queue = text(home, "pipeline/queue.yaml")
    assert queue.startswith(FILES["pipeline/queue.yaml"].partition("  reviewer")[0])
    for kept in ("# what is next", "version: 3", "reviewer: critic-2     # asked for", "status: PASSED_L1"):
        assert kept in queue
    registry = text(home, "knowledge/registry.yaml")
    for kept in ("# Kept by the orchestrator alone.", "owner: maverick       # whose idea it was", "hired: 4"):
        assert kept in registry
    assert "note: kept" in text(home, "pipeline/current-run.yaml")
    assert "id: theirs" in text(home, "pipeline/current-run.yaml")
    parameters = text(home, "knowledge/strategies/STR-002/parameters.yaml")
    assert parameters.startswith(FILES["knowledge/strategies/STR-002/parameters.yaml"])
    assert text(home, "knowledge/learnings.md") == FILES["knowledge/learnings.md"]


def test_the_registry_counts_what_the_store_has(hosted: Desk, home: Path) -> None:
    show_life(hosted)
    document = loaded(home / "knowledge/registry.yaml")
    assert isinstance(document, dict)
    assert document["counters"] == {
        "next_id": 12,
        "total_evaluated": 3,
        "hired": 4,
        "total_deployed": 1,
        "total_rejected": 2,
        "total_archived": 0,
        "total_in_pipeline": 3,
    }
    assert document["schema"] == 1


def test_the_briefing_keeps_what_a_person_wrote(hosted: Desk, home: Path) -> None:
    show_life(hosted)
    briefing = text(home, "BOOTSTRAP.md")
    for kept in ("- Team size: 9", "> Updated by: orchestrator", "- see L-004", "Read this first."):
        assert kept in briefing
    assert "> Last updated: 2024-05-01" not in briefing
    assert "- In the pipeline: 3" in briefing
    assert "- L1_PASSED: STR-004, STR-007" in briefing
    assert "- Rejected: 2 (L1 1, before L0 1)" in briefing
    assert briefing.count("active_skills:") == 1
    assert active_skills(hosted.workspace) == {"pipeline": True, "auto-retry": False}


def test_skills_are_on_unless_they_are_switched_off(hosted: Desk, home: Path) -> None:
    off = ("auto-retry", "auto_retry", "trading-auto-retry")
    assert [skill_is_on(hosted.workspace, name) for name in (*off, "live-monitoring")] == [False] * 3 + [True]
    (home / "BOOTSTRAP.md").unlink()
    assert skill_is_on(hosted.workspace, "auto-retry")
    (home / "BOOTSTRAP.md").write_text("active_skills:\n  trading-auto-retry: perhaps\n")
    with pytest.raises(ConfigError, match=r"BOOTSTRAP.md:2: active_skills: 'trading-auto-retry: perhaps' is no switch"):
        skill_is_on(hosted.workspace, "auto-retry")


NONSENSE = {
    "queue: [": r"queue.yaml:\d+:\d+: not YAML",
    "queue: 7\n": r"queue.yaml:1:1: 'queue' needs a list of entries, found 7",
    "just words\n": r"queue.yaml:1:1: a queue is a list of entries",
    "queue:\n- [1, 2]\n": r"queue.yaml:2:3: an entry has keys with values",
    "queue:\n- {strategy: demo_ma, status: PENDNG}\n": r"queue.yaml:2:23: status: there is no status 'PENDNG', did",
    "queue:\n- strategy: demo_ma\n  priority: soon\n": r"queue.yaml:3:3: priority: needs a number",
    "queue:\n- strategy: demo_ma\n  symbols: {a: 1}\n": r"queue.yaml:3:3: symbols: needs symbols",
    "queue:\n- strategy: demo_ma\n  timeframe: soon\n": r"queue.yaml:3:3: timeframe: ",
    "queue:\n- strategy: demo_ma\n  params: [1]\n": r"queue.yaml:3:3: params: needs names with numbers",
    "queue:\n- strategy: demo_ma\n  params: {fast: big}\n": r"queue.yaml:3:3: params: needs a number",
    "queue:\n- strategy: demo_ma\n  attempts: -1\n": r"queue.yaml:3:3: attempts: needs a whole number",
    "queue:\n- strategy: {name: x}\n": r"queue.yaml:2:3: strategy: ",
    "queue:\n- strategy: demo_ma\n  added_at: yesterday\n": r"queue.yaml:3:3: added_at: ",
    "queue:\n- id: ../../theirs\n": r"queue.yaml:2:3: '../../theirs' is no id: it has letters",
    "strategies:\n  a/b: {status: rejected}\n": r"queue.yaml:2:3: 'a/b' is no id",
    "queue:\n- {id: STR-001, tier: L9}\n": r"queue.yaml:2:17: tier: needs a tier of L0, L1, L2, L3",
    "qeue:\n- strategy: demo_ma\n": r"queue.yaml:1:1: unknown key 'qeue', did you mean 'queue'?",
    "schema: 2\nqueue: []\n": r"queue.yaml:1:1: schema 2, this quorum knows up to 1",
    "queue:\n- id: STR-001\n- id: STR-001\n": r"queue.yaml:3:3: STR-001 is there twice",
}


@pytest.mark.parametrize("nonsense", NONSENSE)
def test_nonsense_is_refused_at_its_line(tmp_path: Path, nonsense: str) -> None:
    path = tmp_path / "queue.yaml"
    path.write_text(nonsense)
    with pytest.raises(ConfigError, match=NONSENSE[nonsense]) as refused:
        read_entries(path)
    assert refused.value.remedy


def test_nonsense_is_one_error_and_nothing_is_lost(desk: Desk, home: Path) -> None:
    desk.life.queue.add([Idea("demo_ma", ("FLATUSDT",), "1h")], "person")
    show_life(desk)
    before = desk.life.queue.listed()
    for nonsense in ("queue: [", "queue:\n- {strategy_id: STR-001, status: PENDNG}\n", "queue:\n- id: A\n- id: A\n"):
        (home / "pipeline/queue.yaml").write_text(nonsense)
        with pytest.raises(ConfigError):
            take_in(desk)
        assert len(show_life(desk).doubts) == 1
        assert text(home, "pipeline/queue.yaml") == nonsense
        assert desk.life.queue.listed() == before
    (home / "pipeline/queue.yaml").unlink()
    assert show_life(desk).doubts == ()
    assert "STR-001" in text(home, "pipeline/queue.yaml")


def test_sensible_changes_by_hand_are_taken_in(desk: Desk, home: Path) -> None:
    ideas = [Idea("demo_ma", (name,), "1h") for name in ("FLATUSDT", "CRASHUSDT")]
    desk.life.queue.add(ideas, "person")
    show_life(desk)
    path = home / "pipeline/queue.yaml"
    changed = path.read_text().replace("priority: 0.0", "priority: 4, note: mine", 1)
    changed += "  - {strategy: trend_breakout, symbols: [SURGEUSDT], timeframe: 1h, hypothesis: it goes on}\n"
    path.write_text(changed)
    taken = take_in(desk)
    assert (taken.revised, taken.queued, taken.doubts) == (("STR-001",), ("STR-003",), ())
    assert [c.strategy_id for c in desk.life.queue.listed()] == ["STR-001", "STR-002", "STR-003"]
    assert (desk.life.queue.get("STR-001").idea.weight, desk.life.queue.get("STR-001").other) == (4.0, {"note": "mine"})
    assert desk.life.queue.get("STR-003").idea.hypothesis == "it goes on"
    show_life(desk)
    document = loaded(path)
    assert isinstance(document, dict)
    assert [entry["strategy_id"] for entry in document["queue"]] == ["STR-001", "STR-002", "STR-003"]
    assert document["queue"][0]["note"] == "mine"
    assert path.read_text().startswith("# quorum ")
    assert not any(take_in(desk).told().values())


def test_a_hand_written_entry_that_was_rejected_is_not_queued_again(desk: Desk, home: Path) -> None:
    path = home / "pipeline/queue.yaml"
    path.write_text("# mine\n- {strategy: demo_ma, symbols: FLATUSDT, timeframe: 1h}\n")
    assert take_in(desk).queued == ("STR-001",)
    show_life(desk)
    assert path.read_text().startswith("# mine\n")
    desk.life.queue.move("STR-001", S.PENDING, S.REJECTED, "person", "no")
    for _ in range(2):
        assert take_in(desk).queued == ()
        show_life(desk)
    assert [c.strategy_id for c in desk.life.queue.listed()] == ["STR-001"]
    assert "REJECTED" in path.read_text()


def test_a_status_changed_by_hand_is_told_and_changes_nothing(desk: Desk, home: Path) -> None:
    desk.life.queue.add([Idea("demo_ma", ("FLATUSDT",), "1h")], "person")
    show_life(desk)
    path = home / "pipeline/queue.yaml"
    path.write_text(path.read_text().replace("status: PENDING", "status: L3_PASSED"))
    (doubt,) = take_in(desk).doubts
    assert "STR-001 is PENDING in the store, not L3_PASSED" in doubt
    assert desk.life.queue.get("STR-001").status is S.PENDING
    show_life(desk)
    assert "status: PENDING" in path.read_text()


def test_an_entry_that_does_not_fit_is_left_in_the_file_until_it_does(desk: Desk, home: Path) -> None:
    path = home / "pipeline/queue.yaml"
    path.write_text(
        "queue:\n- {strategy: demo_na, symbols: [FLATUSDT], timeframe: 1h}\n- {status: REJECTED}\n"
        "- {strategy: demo_ma, symbols: [NOPEUSDT], timeframe: 1h}\n"
    )
    first, second, third = take_in(desk).doubts
    assert "a new entry is left where it is: no bars of NOPEUSDT" in third
    assert "a new entry is left where it is: there is no strategy 'demo_na'; did you mean demo_ma?" in first
    assert "an entry without an id is REJECTED" in second
    desk.life.queue.add([Idea("demo_ma", ("FLATUSDT",), "1h")], "person")
    show_life(desk)
    assert "demo_na" in path.read_text()
    assert "STR-001" in path.read_text()


@pytest.mark.parametrize(
    ("said", "stands"),
    [
        ("status: awaiting_human", S.L1_PASSED),
        ("status: L2_PASSED", S.L1_PASSED),
        ("status: L3_FAILED", S.L1_PASSED),
        ("status: L1_FAILED", S.L0_PASSED),
        ("status: RETRYING, tier: L2", S.L1_PASSED),
        ("status: FIXABLE_FAILURE, tier: l1", S.L0_PASSED),
        ("status: FIXABLE_FAILURE", S.PENDING),
        ("status: L1_PASSED", S.L1_PASSED),
        ("status: INCONCLUSIVE", S.INCONCLUSIVE),
        ("status: PAPER", S.PAPER),
    ],
)
def test_no_word_in_a_file_stands_for_evidence(desk: Desk, home: Path, said: str, stands: Status) -> None:
    (home / "pipeline/queue.yaml").write_text(
        f"queue:\n- {{id: STR-009, strategy: demo_ma, symbols: FLATUSDT, timeframe: 1h, {said}}}\n"
    )
    taken = take_in(desk)
    assert (taken.adopted, desk.life.queue.get("STR-009").status) == (("STR-009",), stands)
    assert any("STR-009 goes on from" in doubt for doubt in taken.doubts) == (stands not in said)
    assert show_life(desk).doubts == take_in(desk).doubts == ()


@pytest.mark.parametrize("word", ["awaiting_human", "Awaiting Human", "awaiting-human", "AWAITING_HUMAN"])
def test_a_word_is_understood_however_it_is_written(word: str) -> None:
    found = meaning(word)
    assert found is not None
    assert found.status is S.AWAITING_HUMAN


def test_every_word_of_the_host_has_a_meaning() -> None:
    seen = "rejected validated deployed awaiting_human paper_trading PASSED_L1 REJECTED_L1 L0_VALIDATING L0_PASSED"
    seen += " L0_FAILED FIXABLE_FAILURE L1_PASSED REJECTED_AUTO_RETRY FAILED_TIMEOUT TIMEOUT ERROR"
    assert all(meaning(word) for word in seen.split())
    assert MEANINGS["L2_VALIDATING"].status is S.L1_PASSED
    assert meaning("nonsense") is None
