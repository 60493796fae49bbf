"""The door to the system's state."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from quorum.desk.system.states import Moved, Part, Person, SystemState


class States(Protocol):
    """The state of the system and how it came to it."""

    def move(self, to: SystemState, by: Person | Part, reason: str) -> Moved:
        """Move to a state, judged against the state that it is in at that moment, on record with its decision.

        IllegalMove for a move that the table does not have, or that only a person may make; then nothing changes.
        """
        ...

    def current(self) -> Moved:
        """The newest move; NEVER_STARTED before the first."""
        ...

    def history(self, limit: int = 50) -> Sequence[Moved]:
        """The newest moves, newest first."""
        ...
