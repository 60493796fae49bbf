"""Where prices come from: the door of the market that the exchange stands in."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from quorum.simulator.core import Top


class Prices(Protocol):
    """A stream of touches, by symbol, in the order of their instants."""

    def due(self, now: int) -> Iterable[tuple[str, Top]]:
        """What has come since the last call, up to `now` (ns UTC)."""
        ...


class Quiet:
    """A market that moves only when it is told to."""

    def due(self, now: int) -> Iterable[tuple[str, Top]]:
        """See Prices: nothing."""
        return ()
