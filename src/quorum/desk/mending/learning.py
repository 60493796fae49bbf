"""Learning from a cycle: a lesson and the place in the taxonomy, always, also when nobody can word it well."""

from __future__ import annotations

from collections.abc import Sequence

from quorum.desk.desk import Desk
from quorum.desk.life import Record
from quorum.desk.mending.experience import facts_of, success_of, with_feedback
from quorum.validation.ladder import root_of
from quorum.validation.learnings import Failure, Lesson
from quorum.validation.repair import Failing, Repaired, RetryRules, Unrepaired

End = Repaired | Unrepaired
DRAWN, CYCLES = "drawn_from", 20


def draw(desk: Desk, failing: Failing, end: End, attempts: Sequence[Record], rules: RetryRules) -> str | None:
    """Keep what the attempts at a failure taught; the id of the learning, None where none is to be written."""
    if not isinstance(end, Repaired) and rules.classify_failures:
        _classify(desk, failing, end)
    if isinstance(end, Repaired) and not rules.learn_from_success:
        return None
    lesson = facts_of(failing, end, attempts, rules)
    last = attempts[-1]["number"] if attempts else 0
    told = _in_feedbacks_words(desk, lesson, attempts) if rules.feedback else lesson
    return learn(desk, told, f"{failing.strategy_id}/{failing.tier}/{last}")


def learn(desk: Desk, lesson: Lesson, cycle: str = "") -> str:
    """Keep a lesson, counted once more where it is there; the id of its learning.

    Drawn from the same `cycle` again, as after a crash, it is not counted again.
    """
    books = desk.life.books.learnings
    opened = books.open({**lesson.told(), "frequency": 0})
    told, now = lesson.told(), desk.clock.now()

    def counted(found: Record) -> Record:
        drawn = found.get(DRAWN, [])
        again = bool(cycle) and cycle in drawn
        known = drawn if again or not cycle else [*drawn, cycle][-CYCLES:]
        return {**found, **told, "at": now, "frequency": found["frequency"] + (not again), DRAWN: known}

    return str(books.change((opened["learning_id"],), counted)["learning_id"])


def _in_feedbacks_words(desk: Desk, lesson: Lesson, attempts: Sequence[Record]) -> Lesson:
    """The lesson as the feedback agent tells it; in the bare facts where it breaks."""
    try:
        return with_feedback(lesson, attempts, success_of(desk.life.books.attempts.listed()))
    except Exception:  # noqa: BLE001 - a lesson is kept in whatever words
        return lesson


def _classify(desk: Desk, failing: Failing, end: Unrepaired) -> None:
    """Where the failure grew from: of what was wrong at first, since the fixes are ours and no fault of the idea."""
    failed = failing.failed
    root = root_of(failed.reason, failed.metric)
    failure = Failure(failing.strategy_id, desk.clock.now(), failing.tier, root, failed.reason, failed.metric, end.why)
    desk.life.books.failures.put(failure.told())
