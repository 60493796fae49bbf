"""The doors that accounting needs: rates on record, and the till of a simulated venue."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Protocol

from quorum.execution import Rate


class Rates(Protocol):
    """Rates between currencies on record; none is ever changed but by one of the same instant."""

    def keep(self, rate: Rate) -> None:
        """Put a rate on record."""
        ...

    def newest(self) -> Sequence[Rate]:
        """The last rate of every pair."""
        ...


class Till(Protocol):
    """Where a venue of our own is told of cash and units that come or go by no order."""

    def move(
        self, account: str, reference: str, cash: Mapping[str, Decimal], units: Mapping[str, Decimal] | None = None
    ) -> None:
        """Add cash by currency and units by symbol, once a reference; nothing for an account at a venue of others.

        StoreError when the venue has something else under that reference.
        """
        ...
