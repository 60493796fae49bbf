"""Taking in what a host or a person has written into the files: strategies, priorities, learnings."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from quorum.desk.desk import Desk
from quorum.desk.life.entries import LISTS, Entry, check_idea, read_entries, strategy_of
from quorum.desk.life.pages import CURRENT, LEARNINGS, QUEUE, REGISTRY, untouched, write_ids
from quorum.desk.life.skills import read_text
from quorum.desk.life.turn import turn
from quorum.desk.settings import read_document
from quorum.domain import QuorumError, UsageError
from quorum.validation.ladder import Failed
from quorum.validation.ladder.asked import read_given
from quorum.validation.learnings import Learning, read_learnings
from quorum.validation.life import OUT, OVER, Candidate, Idea, Status

FILES = "the workspace's files"


@dataclass(frozen=True, slots=True)
class TakenIn:
    """What was taken in from the files, by ids, and what was left where it is, each with its place and why."""

    queued: tuple[str, ...] = ()
    adopted: tuple[str, ...] = ()
    revised: tuple[str, ...] = ()
    learnings: tuple[str, ...] = ()
    doubts: tuple[str, ...] = ()
    refused: str = ""
    """Why nothing was taken in: what is wrong in which file."""

    def told(self) -> dict[str, list[str]]:
        """The same as plain values."""
        names = ("queued", "adopted", "revised", "learnings", "doubts")
        return {name: list(getattr(self, name)) for name in names}


@dataclass(slots=True)
class _Found:
    """What is being taken in."""

    queued: list[str] = field(default_factory=list)
    adopted: list[str] = field(default_factory=list)
    revised: list[str] = field(default_factory=list)
    learnings: list[str] = field(default_factory=list)
    doubts: list[str] = field(default_factory=list)

    def done(self) -> TakenIn:
        return TakenIn(
            queued=tuple(self.queued),
            adopted=tuple(self.adopted),
            revised=tuple(self.revised),
            learnings=tuple(self.learnings),
            doubts=tuple(self.doubts),
        )


def take_in(desk: Desk) -> TakenIn:
    """Take in what queue.yaml, registry.yaml, current-run.yaml and learnings.md have that the store has not.

    A new entry is queued, one with an id is adopted as it stands, another priority and keys that are not ours are
    kept. Where a strategy stands only the store says. ConfigError, with line and column, for a file that makes no
    sense: nothing of any file is taken in then, and the file stays as it is.
    """
    with turn(desk.workspace):
        return _taken_in(desk)


def take_in_what_can_be(desk: Desk) -> TakenIn:
    """The same; a file that makes no sense is a doubt, and nothing is taken in."""
    with turn(desk.workspace):
        return taken_in_turn(desk)


def taken_in_turn(desk: Desk) -> TakenIn:
    """The same, by who has the turn at the files."""
    try:
        return _taken_in(desk)
    except QuorumError as error:
        return TakenIn(doubts=(str(error),), refused=str(error))


def _taken_in(desk: Desk) -> TakenIn:
    home = desk.workspace.home
    queue, registry, current = (home / name for name in (QUEUE, REGISTRY, CURRENT))
    entries = [
        *(() if untouched(queue) else read_entries(queue)),
        *(() if untouched(current) else read_entries(current, keys=("queue",))),
    ]
    registered = [] if untouched(registry) else read_entries(registry, keys=LISTS[1:2])
    found = _Found()
    if entries or registered:
        _strategies(desk, entries, registered, _next_number(registry) if registered else 1, found)
    _learnings(desk, home / LEARNINGS, found)
    return found.done()


def _strategies(
    desk: Desk, entries: Sequence[Entry], registered: Sequence[Entry], next_number: int, found: _Found
) -> None:
    known = {c.strategy_id: c for c in desk.life.queue.listed()}
    now = desk.clock.now()
    new: dict[str, Candidate] = {}
    for entry in (*entries, *registered):
        identity = entry.strategy_id
        if identity is not None and identity not in known and identity not in new and _fit(desk, entry, found):
            new[identity] = made = entry.candidate(now)
            if made.status is not entry.means.status:
                found.doubts.append(f"{entry.where}: {identity} goes on from {made.status}: {made.reason}")
    found.adopted += [c.strategy_id for c in desk.life.intake.adopt(list(new.values()), FILES, next_number)]
    for entry in entries:
        if entry.strategy_id in known:
            _revise(desk, entry, known[entry.strategy_id], found)
    _queue(desk, [entry for entry in entries if entry.strategy_id is None], found)


def _queue(desk: Desk, entries: Iterable[Entry], found: _Found) -> None:
    """Queue the entries that have no id yet, and write their ids into the file."""
    waiting = {c.idea.identity: c.strategy_id for c in desk.life.queue.listed() if c.status not in OVER}
    named: list[tuple[Entry, str]] = []
    for entry in entries:
        identity = entry.idea.identity
        if entry.means.status is not Status.PENDING:
            found.doubts.append(f"{entry.where}: an entry without an id is {entry.means.status}; write its strategy_id")
        elif identity in waiting:
            named.append((entry, waiting[identity]))
        elif (idea := _checked(desk, entry, found)) is not None:
            (candidate,) = desk.life.queue.add([idea], FILES)
            waiting[identity] = waiting[idea.identity] = candidate.strategy_id
            found.queued.append(candidate.strategy_id)
            named.append((entry, candidate.strategy_id))
            if entry.other:
                desk.life.intake.revise(candidate.strategy_id, candidate.idea.weight, entry.other)
    for path in dict.fromkeys(entry.path for entry, _ in named):
        write_ids(path, {entry.way: identity for entry, identity in named if entry.path == path})


def _revise(desk: Desk, entry: Entry, known: Candidate, found: _Found) -> None:
    """Take over a priority and the keys of others; say so when somebody has written another status."""
    weight = entry.said.get("priority", known.idea.weight)
    other = {**known.other, **entry.other}
    if weight != known.idea.weight or other != known.other:
        desk.life.intake.revise(known.strategy_id, weight, other)
        found.revised.append(known.strategy_id)
    if entry.said.get("version") == known.version and entry.means.status is not known.status:
        found.doubts.append(
            f"{entry.where}: {known.strategy_id} is {known.status} in the store, not {entry.means.status}; "
            "statuses are moved by commands, as `quorum queue remove`"
        )


def _fit(desk: Desk, entry: Entry, found: _Found) -> bool:
    """Whether an entry can be taken in: what is over needs a name alone, what is to be validated all of it."""
    if entry.means.status in OUT:
        return True
    why = _unfit(desk, entry)
    if why is not None:
        found.doubts.append(f"{entry.where}: {entry.strategy_id} is left where it is: {why}")
    return why is None


def _checked(desk: Desk, entry: Entry, found: _Found) -> Idea | None:
    """The idea of a new entry, held to what an idea is that a command queues."""
    try:
        if entry.missing is not None:
            raise UsageError(f"it names no {entry.missing}")
        return check_idea(desk, entry.idea)
    except QuorumError as error:
        found.doubts.append(f"{entry.where}: a new entry is left where it is: {error}")
    return None


def _unfit(desk: Desk, entry: Entry) -> str | None:
    if entry.missing is not None:
        return f"it names no {entry.missing}"
    try:
        given = read_given(strategy_of(desk, entry.idea), entry.idea.params)
    except QuorumError as error:
        return str(error)
    return given.why if isinstance(given, Failed) else None


def _next_number(path: Path) -> int:
    """The number that a host's registry would give next; 1 where it says none that is one."""
    document = read_document(path)
    counters: Any = document.get("counters") if isinstance(document, Mapping) else None
    said = counters.get("next_id", 1) if isinstance(counters, Mapping) else 1
    digits = str(said).rpartition("-")[2]
    return int(digits) if digits.isascii() and digits.isdigit() else 1


def _learnings(desk: Desk, path: Path, found: _Found) -> None:
    """Keep the learnings of learnings.md whose ids are new."""
    if not path.exists():
        return
    read = read_learnings(read_text(path))
    known = {record["learning_id"]: record for record in desk.life.books.learnings.listed()}
    new = [one for one in read.learnings if one.learning_id not in known]
    keys = {record["key"] for record in known.values()}
    for one in new:
        if one.lesson.key in keys:
            found.doubts.append(f"{path}: {one.learning_id} says what another says; it is kept there alone")
        elif _keep(desk, one):
            keys.add(one.lesson.key)
            found.learnings.append(one.learning_id)
    if new:
        found.doubts.extend(f"{path}: {doubt}" for doubt in read.doubts)


def _keep(desk: Desk, learning: Learning) -> bool:
    try:
        desk.life.books.learnings.put(learning.told())
    except UsageError:
        return False
    return True
