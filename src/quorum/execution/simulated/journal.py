"""The journal of a venue that nobody opens again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any

_ALONE = nullcontext()


class NoJournal:
    """A Journal that keeps nothing: its venue lives in one broker, as long as a run."""

    def exclusive(self) -> AbstractContextManager[None]:
        return _ALONE

    def unread(self) -> Sequence[Mapping[str, Any]]:
        return ()

    def append(self, event: Mapping[str, Any]) -> None:
        """Nobody else will read it."""
