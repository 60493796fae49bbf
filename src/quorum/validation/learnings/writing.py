"""Writing learnings.md: new entries behind what is there, in the long form; no other line is touched."""

from __future__ import annotations

from collections.abc import Iterable

from quorum.domain import iso
from quorum.validation.learnings.learning import WORDS, Learning
from quorum.validation.learnings.reading import entries, read_learnings

TITLE = "# Learnings\n"


def with_learnings(text: str, learnings: Iterable[Learning]) -> str:
    """`text` of a learnings.md with those learnings in it; an empty text becomes a file of them.

    One whose id is there stays as it is written, but for its frequency in the long form. The rest come behind it.
    """
    known = {one.learning_id for one in read_learnings(text).learnings}
    given = {one.learning_id: one for one in learnings}
    kept = _counted(text, given) if known & set(given) else text
    if not kept.strip():
        kept = TITLE
    fresh = [written(one) for identity, one in given.items() if identity not in known]
    return kept if not fresh else "\n".join([kept if kept.endswith("\n") else kept + "\n", *fresh])


def written(learning: Learning) -> str:
    """A learning in the long form, with a line feed at its end."""
    lesson = learning.lesson
    fields = {
        "Source": lesson.source,
        "Category": lesson.category,
        "Severity": WORDS[lesson.severity],
        "Keywords": ", ".join(lesson.keywords),
        "Learning": lesson.text,
        "Action": lesson.action,
        "Frequency": str(learning.frequency),
    }
    date = f" ({iso(learning.at)[:10]})" if learning.at else ""
    head = f"## {learning.learning_id}: {_line(lesson.title)}{date}\n"
    return head + "".join(f"- **{name}**: {_line(value)}".rstrip() + "\n" for name, value in fields.items())


def _counted(text: str, given: dict[str, Learning]) -> str:
    """The text with the frequencies of the learnings given."""
    lines = text.splitlines(keepends=True)
    for entry in entries(text):
        place, one = entry.places.get("frequency"), given.get(entry.learning_id)
        if place is not None and one is not None and entry.fields["frequency"] != str(one.frequency):
            head, mark, _ = (
                lines[place].partition(entry.fields["frequency"]) if entry.fields["frequency"] else ("",) * 3
            )
            if mark:
                tail = lines[place][len(head) + len(mark) :]
                lines[place] = f"{head}{one.frequency}{tail}"
    return "".join(lines)


def _line(text: str) -> str:
    return " ".join(text.split())
