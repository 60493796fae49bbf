"""One scale of severity, and the words of other scales that mean the same."""

from __future__ import annotations

from enum import IntEnum


class Severity(IntEnum):
    """How bad something is; comparable."""

    INFO = 0
    YELLOW = 1
    RED = 2
    BLACK = 3


ALIASES = {
    "low": Severity.INFO,
    "medium": Severity.YELLOW,
    "high": Severity.RED,
    "critical": Severity.BLACK,
    "warning": Severity.YELLOW,
}


def severity(word: str) -> Severity:
    """The severity that `word` names on any known scale, in any case; KeyError when none does."""
    lowered = word.lower()
    return ALIASES[lowered] if lowered in ALIASES else Severity[word.upper()]
