"""The door to the warm pool."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from quorum.domain import Done, Lost


class Hands(Protocol):
    """Processes that stand ready; each does one task at a time and is killed at its deadline."""

    def call(self, task: str, payload: Mapping[str, Any], seconds: float) -> Done | Lost:
        """What became of a named task, at the latest `seconds` from now; callable from several threads at once."""
        ...

    def warm(self, task: str, payload: Mapping[str, Any]) -> object:
        """Run a task once in every process, so that the first call is as fast as any."""
        ...

    def close(self) -> None:
        """End them."""
        ...
