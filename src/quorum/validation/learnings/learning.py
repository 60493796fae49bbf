"""A lesson as it is drawn, and a learning: a lesson that is kept under an id, with how often it was drawn."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Self

from quorum.domain import Severity, UsageError, content_hash, severity

WORDS = {Severity.INFO: "LOW", Severity.YELLOW: "MEDIUM", Severity.RED: "HIGH", Severity.BLACK: "CRITICAL"}
"""How learnings.md writes the one scale of severity."""
_WORD = re.compile(r"[a-z0-9_]+")


@dataclass(frozen=True, slots=True)
class Lesson:
    """What was learnt: from where, about what, how bad to forget it, and what to do; all texts are of one line.

    A lesson of severity BLACK (CRITICAL in the file) stops an idea that it speaks of.
    """

    source: str
    category: str
    severity: Severity
    keywords: tuple[str, ...]
    title: str
    text: str
    action: str = ""

    @property
    def key(self) -> str:
        """The same for the same lesson from whatever source: what it is about, and what it says to do."""
        return content_hash((self.category, sorted(self.keywords), self.title, self.action))[:20]

    def told(self) -> dict[str, Any]:
        """The lesson as plain values with its key, its severity by its word."""
        texts = {"source": self.source, "category": self.category, "title": self.title, "text": self.text}
        marks = {"severity": WORDS[self.severity], "keywords": list(self.keywords), "action": self.action}
        return {"key": self.key, **texts, **marks}


@dataclass(frozen=True, slots=True)
class Learning:
    """A lesson under its id (L-001 and on), when it was drawn last (ns UTC), and how often so far."""

    learning_id: str
    at: int
    lesson: Lesson
    frequency: int = 1

    def told(self) -> dict[str, Any]:
        """The learning as plain values, its severity by its word."""
        kept = {"learning_id": self.learning_id, "at": self.at, "frequency": self.frequency}
        return {**kept, **self.lesson.told()}

    @classmethod
    def read(cls, record: Mapping[str, Any]) -> Self:
        """The learning that was told; UsageError for a severity that is none."""
        lesson = Lesson(
            record["source"],
            record["category"],
            read_severity(record["severity"]),
            tuple(record["keywords"]),
            record["title"],
            record["text"],
            record["action"],
        )
        return cls(record["learning_id"], int(record["at"]), lesson, max(1, int(record["frequency"])))


def read_severity(word: str) -> Severity:
    """The severity that a word of learnings.md names, or one of another known scale; UsageError for any other."""
    try:
        return severity(word.strip())
    except KeyError:
        raise UsageError(f"{word!r} is no severity", f"there are {', '.join(WORDS.values())}") from None


def relevant(learnings: Iterable[Learning], words: Collection[str], fewest: int = 1) -> tuple[Learning, ...]:
    """The learnings that have at least `fewest` of the words among their keywords, in any case.

    One without keywords, as those of the short form are, is looked for in its text. Those with the most words come
    first, of equals the gravest, then the most frequent, then the oldest id.
    """
    wanted = {word.lower() for word in words}
    found = [(len(wanted & _about(one.lesson)), one) for one in learnings]
    kept = [(count, one) for count, one in found if count >= fewest]
    kept.sort(key=lambda pair: (-pair[0], -pair[1].lesson.severity, -pair[1].frequency, pair[1].learning_id))
    return tuple(one for _, one in kept)


def _about(lesson: Lesson) -> set[str]:
    return {word.lower() for word in lesson.keywords} or set(_WORD.findall(f"{lesson.title} {lesson.text}".lower()))
