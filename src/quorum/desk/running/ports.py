"""The door to the book of runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol


class RunBook(Protocol):
    """Every run that was asked for, kept with the effects: the engine's own database may lose its last moments."""

    def enter(self, request: Mapping[str, Any], identity: str | None = None) -> str:
        """Write a request down under its id, or under the next `WF-YYYYMMDD-NNN`; one that is there stays as it is."""
        ...

    def follow(self, key: str, request: Mapping[str, Any]) -> str:
        """Write a request down under the next id, once for a key: the id that it has."""
        ...

    def entered(self, since: int) -> Sequence[tuple[str, Mapping[str, Any]]]:
        """Id and request of every run that was asked for at `since` (ns UTC) or later, oldest first."""
        ...
