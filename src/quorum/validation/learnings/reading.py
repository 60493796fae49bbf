"""Reading learnings.md, in the long form of entries and in the short one of lines."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from quorum.domain import DAY, QuorumError, Severity, parse_instant
from quorum.validation.learnings.learning import Learning, Lesson, read_severity

_ID = r"L-[0-9A-Za-z]{1,12}"
HEADING = re.compile(rf"^##\s+(?P<id>{_ID})\s*:?\s*(?P<title>.*?)\s*(?:\((?P<date>\d{{4}}-\d\d-\d\d)\))?\s*$")
FIELD = re.compile(r"^\s*(?:[-*]\s+)?\*\*\s*(?P<name>[A-Za-z ]+?)\s*:?\s*\*\*\s*:?\s*(?P<value>.*)$")
_LINE = re.compile(rf"^\|?\s*(?P<id>{_ID})\s*\|")
_NUMBER = re.compile(r"\d{1,9}")
FIELDS = ("source", "category", "severity", "keywords", "learning", "action", "frequency")
SHORT = "general"
"""The category of an entry in the short form, which has none."""


@dataclass(frozen=True, slots=True)
class Read:
    """What stood in the file, and what could not be read: each doubt names its line."""

    learnings: tuple[Learning, ...]
    doubts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry of the long form: its lines `first` to `stop` (from 0, not including), and the line of each field."""

    learning_id: str
    title: str
    date: str | None
    first: int
    stop: int
    fields: Mapping[str, str]
    places: Mapping[str, int]


def read_learnings(text: str) -> Read:
    """Every entry of learnings.md; a field that is missing is empty, a severity that is none counts as MEDIUM.

    Of entries with the same id the first is kept. Nothing in a text makes it fail: what is odd is a doubt.
    """
    learnings: dict[str, Learning] = {}
    doubts: list[str] = []
    for place, made in sorted(_all(text, doubts), key=lambda pair: pair[0]):
        if made.learning_id in learnings:
            doubts.append(f"line {place + 1}: {made.learning_id} is there already")
        learnings.setdefault(made.learning_id, made)
    return Read(tuple(learnings.values()), tuple(doubts))


def entries(text: str) -> Iterator[Entry]:
    """The entries of the long form, in the order of the file."""
    lines = text.splitlines()
    heads = [(i, found) for i, line in enumerate(lines) if (found := HEADING.match(line))]
    for found_at, head in heads:
        stop = next((i for i in range(found_at + 1, len(lines)) if lines[i].startswith(("## ", "# "))), len(lines))
        fields, places = _fields(lines, found_at + 1, stop)
        yield Entry(head["id"], head["title"], head["date"], found_at, stop, fields, places)


def _fields(lines: list[str], first: int, stop: int) -> tuple[dict[str, str], dict[str, int]]:
    """The fields between two lines; a line that begins none goes on with the one before it."""
    fields: dict[str, str] = {}
    places: dict[str, int] = {}
    name: str | None = None
    for i in range(first, stop):
        found = FIELD.match(lines[i])
        if found is not None:
            name = found["name"].strip().lower()
            if name in fields:
                name = None
                continue
            fields[name], places[name] = found["value"].strip(), i
        elif not lines[i].strip() or lines[i].strip() == "---":
            name = None
        elif name is not None:
            fields[name] = f"{fields[name]} {lines[i].strip()}".strip()
    return fields, places


def _all(text: str, doubts: list[str]) -> Iterator[tuple[int, Learning]]:
    for entry in entries(text):
        yield entry.first, _of_entry(entry, doubts)
    for i, line in enumerate(text.splitlines()):
        if _LINE.match(line):
            made = _of_line(i, line, doubts)
            if made is not None:
                yield i, made


def _of_entry(entry: Entry, doubts: list[str]) -> Learning:
    fields = entry.fields
    for name in FIELDS:
        if name not in fields:
            doubts.append(f"line {entry.first + 1}: {entry.learning_id} has no {name.capitalize()}")
    count = _NUMBER.search(fields.get("frequency", ""))
    lesson = Lesson(
        source=fields.get("source", ""),
        category=fields.get("category", "") or SHORT,
        severity=_severity(entry.first, fields.get("severity", ""), doubts),
        keywords=_keywords(fields.get("keywords", "")),
        title=entry.title,
        text=fields.get("learning", ""),
        action=fields.get("action", ""),
    )
    frequency = max(1, int(count[0])) if count else 1
    return Learning(entry.learning_id, _instant(entry.first, entry.date, doubts), lesson, frequency)


def _of_line(place: int, line: str, doubts: list[str]) -> Learning | None:
    cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
    if len(cells) < 5:
        doubts.append(f"line {place + 1}: {len(cells)} of ID | Date | Source | Severity | Lesson")
        return None
    identity, date, source, word = cells[:4]
    text = " | ".join(cells[4:])
    lesson = Lesson(source, SHORT, _severity(place, word, doubts), (), _short(text), text)
    return Learning(identity, _instant(place, date, doubts), lesson)


def _short(text: str) -> str:
    return text if len(text) <= 60 else f"{text[:59].rstrip()}…"


def _keywords(text: str) -> tuple[str, ...]:
    plain = (word.strip().strip("`[]") for word in re.split(r"[,;]", text))
    return tuple(dict.fromkeys(word for word in plain if word))


def _severity(place: int, word: str, doubts: list[str]) -> Severity:
    try:
        return read_severity(word)
    except QuorumError as error:
        doubts.append(f"line {place + 1}: {error.found}")
        return Severity.YELLOW


def _instant(place: int, date: str | None, doubts: list[str]) -> int:
    """Midnight of a date; 0 for none."""
    try:
        return 0 if date is None else parse_instant(date) // DAY * DAY
    except QuorumError as error:
        doubts.append(f"line {place + 1}: {error.found}")
        return 0
