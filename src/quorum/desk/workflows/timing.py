"""How long a run may take: kept by its own steps, so that a restart changes nothing of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from quorum.domain import SECOND


@dataclass
class RunTime:
    """When the time of a run and of its sub-workflows is up, each by the prefix of its steps (ns UTC).

    It runs from the first step that is done, whose answer keeps it. A fork has kept that of another run: its own time
    runs from the first step that it does itself.
    """

    identity: str
    now: Callable[[], int]
    until: int | None
    ends: dict[str, int] = field(default_factory=dict)
    waiting: dict[str, float] = field(default_factory=dict)

    def begin(self) -> dict[str, Any]:
        """Let the time of all that waits for it run; what the step keeps of that."""
        made = {prefix: self.now() + round(seconds * SECOND) for prefix, seconds in self.waiting.items()}
        self.ends |= made
        return {"ends_at": made, "ends_of": self.identity} if made else {}

    def read(self, kept: Mapping[str, Any]) -> None:
        if kept.get("ends_of") == self.identity:
            self.ends |= kept["ends_at"]
            self.waiting.clear()

    def ends_at(self, prefix: str) -> int | None:
        """The first end among those that hold for steps with that prefix."""
        own = [end for begins, end in self.ends.items() if prefix.startswith(begins)]
        return min([*own, *([] if self.until is None else [self.until])], default=None)

    def left(self, prefix: str) -> float | None:
        """The seconds until then; None without an end."""
        end = self.ends_at(prefix)
        return None if end is None else max(0.0, (end - self.now()) / SECOND)
