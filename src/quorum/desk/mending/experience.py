"""Experience: what earlier attempts and learnings say about which fix to try, and what a cycle adds to them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from quorum.desk.life import Record
from quorum.domain import Severity
from quorum.validation.ladder import Reason
from quorum.validation.learnings import Learning, Lesson, relevant
from quorum.validation.repair import Failing, Outcome, Repaired, RetryRules, Success, Unrepaired, chosen_order

WORKED, FAILED = "worked", "failed"
HOPELESS = 10


def success_of(attempts: Iterable[Record]) -> Success:
    """How often each fix was tried and passed, by agent, category and action; to recommend rejection is no fix."""
    ended = (a for a in attempts if _is_a_fix(a) and all(a.get(name) for name in ("agent", "category", "action")))
    return Success.of((a["agent"], a["category"], a["action"], a["outcome"] == Outcome.PASSED) for a in ended)


@dataclass(frozen=True, slots=True)
class Experience:
    """What is known when a strategy called `name` is mended; without `asks` no learning is looked at."""

    name: str
    success: Success
    learnings: Sequence[Learning]
    asks: bool = True

    def advice(self, agent: str, reason: Reason, actions: Sequence[str]) -> tuple[Sequence[str], Sequence[str]]:
        """The actions with those that proved better first, before them what worked on this very strategy, and last
        what did not; the ids of the learnings that say so."""
        order = chosen_order(self.success, agent, reason.category.value, actions)
        if not self.asks:
            return order, ()
        asked = relevant(self.learnings, {self.name, reason.name}, fewest=2)
        worked = _named(asked, WORKED)
        failed = _named(asked, FAILED) - worked
        ranked = sorted(order, key=lambda action: (action not in worked, action in failed))
        used = asked or relevant(self.learnings, {reason.name, *order}, fewest=2)
        return ranked, tuple(one.learning_id for one in used[:5])


def _is_a_fix(attempt: Record) -> bool:
    """Whether an attempt has ended, and tried something."""
    return bool(attempt.get("outcome")) and attempt["outcome"] != Outcome.GIVEN_UP


def _named(learnings: Iterable[Learning], word: str) -> set[str]:
    """The keywords of the learnings that have a word."""
    return {k for one in learnings if word in one.lesson.keywords for k in one.lesson.keywords}


def facts_of(failing: Failing, end: Repaired | Unrepaired, attempts: Sequence[Record], rules: RetryRules) -> Lesson:
    """What a cycle taught, from its facts alone; `attempts` are all that were made at this failure, by whomever."""
    reason, tier, name = failing.failed.reason, failing.tier, failing.idea.name
    category = rules.reason(reason).category.value
    tried = [row["action"] for row in attempts if _is_a_fix(row)]
    if isinstance(end, Repaired) and attempts:
        last = attempts[-1]
        words = (reason, tier, name, WORKED, last["action"])
        moved = "; ".join(f"{c['what']} {_short(c['before'])} -> {_short(c['after'])}" for c in last["changes"])
        said = f"with {moved or 'other data'} every gate holds; {last['reasoning']}"
        action = f"Try {last['action']} by {last['agent']} first"
        title = f"{last['action']} mends {reason} at {tier}"
        return Lesson(failing.strategy_id, category, Severity.INFO, words, title, f"{_head(failing)}; {said}", action)
    bought = any(row["outcome"] == Outcome.BOUGHT for row in attempts)
    words = (reason, tier, name, FAILED, *dict.fromkeys(tried))
    title = f"{reason} at {tier} was not mended" + (", but for luck of trying" if bought else "")
    why = "" if isinstance(end, Repaired) else end.why
    text = f"{_head(failing)}; tried {', '.join(tried) or 'nothing'}; {why}"
    action = "Begin with another idea: more fixes only buy a pass" if bought else "Begin with another idea"
    return Lesson(failing.strategy_id, category, Severity.YELLOW, words, title, text, action)


def with_feedback(lesson: Lesson, attempts: Sequence[Record], success: Success) -> Lesson:
    """The lesson with what the same fixes came to so far, and graver for one that keeps failing."""
    told, worst = [], lesson.severity
    for row in filter(_is_a_fix, attempts):
        key = (row["agent"], row["category"], row["action"])
        tried, passed = success.tried.get(key, 0), success.passed.get(key, 0)
        if tried:
            told.append(f"{row['action']} has mended {passed} of {tried} such failures so far")
        if tried >= HOPELESS and not passed and lesson.severity is Severity.YELLOW:
            worst = Severity.RED
    said = "; ".join(dict.fromkeys(told))
    return replace(lesson, severity=worst, text=f"{lesson.text}. {said}" if said else lesson.text)


def _head(failing: Failing) -> str:
    return f"{failing.idea.name}: {_metric(failing)}"


def _metric(failing: Failing) -> str:
    failed = failing.failed
    if failed.value is None:
        return failed.why or failed.reason
    asked = "" if failed.threshold is None else f" where {failed.threshold:g} is asked for"
    return f"{failed.metric} was {failed.value:.4g}{asked}"


def _short(value: object) -> str:
    text = f"{value:g}" if isinstance(value, float) else str(value)
    return text if len(text) <= 40 else f"{text[:39]}…"
