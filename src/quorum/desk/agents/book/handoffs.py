"""How a task is handed on: five signals, read and written as file 3 spells them."""

from __future__ import annotations

import re
from dataclasses import dataclass

from quorum.domain import UsageError

BLOCKED = "BLOCKED_ON_"
_THING = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:/-]*")


@dataclass(frozen=True, slots=True)
class ReadyForReview:
    """The work is done and wants to be validated."""


@dataclass(frozen=True, slots=True)
class BlockedOn:
    """The work waits for `what`; UsageError unless that is one word of letters, digits and `_.:/-`."""

    what: str

    def __post_init__(self) -> None:
        if not _THING.fullmatch(self.what):
            raise UsageError(f"nothing can be blocked on {self.what!r}", "name it in one word, as BLOCKED_ON_DATA")


@dataclass(frozen=True, slots=True)
class DiscoveredIssue:
    """A problem was found that is another agent's to handle."""


@dataclass(frozen=True, slots=True)
class TaskComplete:
    """What was asked is there, and its result is kept."""


@dataclass(frozen=True, slots=True)
class PartialSuccess:
    """Some of it is there; the note says what is missing."""


Handoff = ReadyForReview | BlockedOn | DiscoveredIssue | TaskComplete | PartialSuccess

_WORDS: dict[str, Handoff] = {
    "READY_FOR_REVIEW": ReadyForReview(),
    "DISCOVERED_ISSUE": DiscoveredIssue(),
    "TASK_COMPLETE": TaskComplete(),
    "PARTIAL_SUCCESS": PartialSuccess(),
}
_WRITTEN = {signal: word for word, signal in _WORDS.items()}


def write_handoff(signal: Handoff) -> str:
    """The signal's word, as BLOCKED_ON_DATA."""
    return f"{BLOCKED}{signal.what}" if isinstance(signal, BlockedOn) else _WRITTEN[signal]


def read_handoff(word: str) -> Handoff:
    """The signal that a word stands for; UsageError for a word that is none."""
    if word.startswith(BLOCKED):
        return BlockedOn(word.removeprefix(BLOCKED))
    if word not in _WORDS:
        raise UsageError(f"{word!r} is no hand-off", f"there are {', '.join(_WORDS)} and {BLOCKED}X")
    return _WORDS[word]


def blocked_on(reason: str) -> BlockedOn:
    """The block for a reason in free words: its first words, joined."""
    words = re.findall(r"[A-Za-z0-9]+", reason)
    return BlockedOn("_".join(words[:6]).upper() or "UNKNOWN")
