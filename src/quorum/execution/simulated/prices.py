"""Prices at which a whole account can be valued."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Protocol, runtime_checkable

from quorum.domain import Trade


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
