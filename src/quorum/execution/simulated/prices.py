"""Prices that tell more than their prints: what a whole account is worth, how far a bar went."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Protocol, runtime_checkable

from quorum.domain import Trade
from quorum.execution.simulated.matching import Range


@runtime_checkable
class MarkedPrices(Protocol):
    """Prices that tell of every symbol at any time what it is worth, so that a venue can size an aim."""

    def prints(self, symbol: str, since: int, until: int) -> Iterable[Trade]:
        """See Prices."""
        ...

    def mark(self, symbol: str) -> Decimal:
        """The newest price of `symbol` that is known now."""
        ...

    def quoted(self, symbol: str) -> Decimal | None:
        """The price at which `symbol` trades at this very instant; None when it does not."""
        ...


class Chart(Protocol):
    """A symbol's prints, bar by bar."""

    @property
    def edition(self) -> object:
        """Equal as long as what was told stands, and all that is new comes after it."""
        ...

    def bars(self, since: int, until: int) -> Iterable[tuple[Trade, Range | None]]:
        """The prints at or after `since` and not after `until` (ns UTC), oldest first.

        Each with how far its bar went; None for one that had not ended by `until`, and where nobody knows.
        """
        ...


@runtime_checkable
class ChartedPrices(Protocol):
    """Prices that tell of bars that have ended how far they went, so that a resting order can be met inside of one."""

    def prints(self, symbol: str, since: int, until: int) -> Iterable[Trade]:
        """See Prices."""
        ...

    def chart(self, symbol: str, since: int) -> Chart:
        """The chart that an order of `symbol` follows which was placed at `since`; NotFound for an unknown symbol."""
        ...
