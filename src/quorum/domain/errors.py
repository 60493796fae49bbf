"""What goes wrong: one family of errors that say what was found and what to do, and one scale of severity."""

from __future__ import annotations

from enum import IntEnum


class QuorumError(Exception):
    """Base of everything that Quorum raises on purpose; `exit_code` is what the command line ends with."""

    exit_code = 1

    def __init__(self, found: str, remedy: str = "") -> None:
        super().__init__(found, remedy)
        self.found = found
        self.remedy = remedy

    def __str__(self) -> str:
        text = f"{self.found}; {self.remedy}" if self.remedy else self.found
        return " ".join(text.split())


class UsageError(QuorumError):
    """The caller asked for something that does not exist or is out of bounds."""

    exit_code = 2


class NotFound(UsageError):
    """A name or an id that nothing here answers to."""


class ConfigError(UsageError):
    """A configuration file is wrong at a place that the message names."""


class DataError(QuorumError):
    """Market data that cannot be read, or that is not there."""


class WorkspaceError(QuorumError):
    """The workspace is missing, newer than this program, read-only or full."""


class StoreError(QuorumError):
    """The database refused: locked, full, read-only or damaged."""


class IllegalMove(QuorumError):
    """A state machine was asked for a move that its table does not have."""


class InvalidSignal(QuorumError):
    """A signal that contradicts itself, as a stop on the wrong side of its entry."""


class Unbalanced(QuorumError):
    """A ledger entry whose postings do not sum to zero."""


class BrokerError(QuorumError):
    """A broker refused a request: it will not happen."""


class BrokerUnreachable(BrokerError):
    """No answer of a broker: whether the request arrived is unknown."""


class NeedsApproval(QuorumError):
    """A person has to say yes first."""

    exit_code = 3


class Halted(QuorumError):
    """Trading is halted; a person has to resume it."""

    exit_code = 4


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
