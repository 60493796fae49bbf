"""What was learnt before changes which fix is tried next."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from desk.mending.menders import IDEA, Crew, desk_of, fail, fails
from quorum.desk import Desk
from quorum.desk.mending import experience, learn, retry
from quorum.desk.mending.experience import Experience, success_of, with_feedback
from quorum.domain import Severity
from quorum.validation.ladder import REASONS
from quorum.validation.learnings import Learning, Lesson
from quorum.validation.repair import Success
from validation.repair.failing import failed

LOW = REASONS["signal_frequency_low"]
GENERATOR = "signal-generator"
USUAL = ("reduce_threshold", "adjust_window", "add_confirmation")


def history(desk: Desk, action: str, passed: int, short: int) -> None:
    """Attempts of other strategies."""
    for k in range(passed + short):
        outcome = "passed" if k < passed else "failed"
        facts = {"agent": GENERATOR, "category": "SIGNAL_ISSUE", "action": action, "outcome": outcome}
        desk.life.books.attempts.put({"strategy_id": f"STR-9{action[0]}{k}", "tier": "L1", "number": 1, **facts})


def first_actions(desk: Desk, crew: Crew) -> Any:
    fail(desk, verdict=failed("signal_frequency_low", "trades", 3.0))
    retry(desk, "STR-001")
    return crew.asked[0][1]["case"]["actions"]


def test_a_record_of_success_changes_the_next_fix(home: Path, another: Path) -> None:
    crew = Crew(tier=fails)
    assert tuple(first_actions(desk_of(home, crew), crew)) == USUAL
    crew = Crew(tier=fails)
    desk = desk_of(another, crew)
    history(desk, "reduce_threshold", 1, 9)
    history(desk, "adjust_window", 9, 1)
    assert first_actions(desk, crew)[0] == "adjust_window"


def lesson(word: str, action: str, name: str = IDEA.name) -> Lesson:
    words = ("signal_frequency_low", "L1", name, word, action)
    return Lesson("STR-000", "SIGNAL_ISSUE", Severity.INFO, words, f"{action} {word}", "text", "do")


@pytest.mark.parametrize(
    ("lessons", "order", "used"),
    [
        ((), USUAL, ()),
        (
            (lesson("worked", "add_confirmation"),),
            ("add_confirmation", "reduce_threshold", "adjust_window"),
            ("L-000",),
        ),
        (
            (lesson("failed", "reduce_threshold"),),
            ("adjust_window", "add_confirmation", "reduce_threshold"),
            ("L-000",),
        ),
        ((lesson("worked", "add_confirmation", "another"),), USUAL, ("L-000",)),
    ],
    ids=["none", "worked", "failed", "of another strategy"],
)
def test_learnings_about_this_strategy_order_its_fixes(
    lessons: tuple[Lesson, ...], order: tuple[str, ...], used: tuple[str, ...]
) -> None:
    known = [Learning(f"L-{i:03d}", 0, one) for i, one in enumerate(lessons)]
    found = Experience(IDEA.name, Success(), known).advice(GENERATOR, LOW, USUAL)
    assert (tuple(found[0]), tuple(found[1])) == (order, used)
    silent = Experience(IDEA.name, Success(), known, asks=False).advice(GENERATOR, LOW, USUAL)
    assert (tuple(silent[0]), tuple(silent[1])) == (USUAL, ())


def test_the_learnings_that_were_asked_stand_in_the_attempt(home: Path) -> None:
    desk = desk_of(home)
    learn(desk, lesson("worked", "adjust_window"))
    fail(desk, verdict=failed("signal_frequency_low", "trades", 3.0))
    (attempt,) = retry(desk, "STR-001").attempts
    assert attempt["learnings_used"] == ["L-001"]


def test_a_lesson_that_comes_again_is_counted(home: Path) -> None:
    desk = desk_of(home)
    assert learn(desk, lesson("worked", "adjust_window")) == "L-001"
    assert learn(desk, replace(lesson("worked", "adjust_window"), source="STR-002")) == "L-001"
    assert learn(desk, lesson("failed", "adjust_window")) == "L-002"
    frequencies = [one["frequency"] for one in desk.life.books.learnings.listed()]
    assert frequencies == [2, 1]


def test_a_feedback_agent_that_breaks_leaves_the_facts(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def breaks(*given: object) -> None:
        raise RuntimeError("no words")

    monkeypatch.setattr("quorum.desk.mending.learning.with_feedback", breaks)
    desk = desk_of(home, Crew(tier=fails))
    fail(desk)
    ended = retry(desk, "STR-001")
    assert ended.learning_id == "L-001"
    (kept,) = desk.life.books.learnings.listed()
    assert "so far" not in kept["text"]
    assert len(desk.life.books.failures.listed()) == 1


def test_what_never_works_becomes_a_grave_lesson() -> None:
    rows = [{"agent": GENERATOR, "category": "SIGNAL_ISSUE", "action": "reduce_threshold", "outcome": "failed"}] * 10
    bare = Lesson("STR-001", "c", Severity.YELLOW, (), "t", "x")
    assert with_feedback(bare, rows, success_of(rows[:9])).severity is Severity.YELLOW
    told = with_feedback(bare, rows, success_of(rows))
    assert told.severity is Severity.RED
    assert told.text == "x. reduce_threshold has mended 0 of 10 such failures so far"
    assert experience.HOPELESS == 10
