"""The door to a vendor of past bars."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from quorum.domain import Timeframe
from quorum.lake.bars import Floats, Instants
from quorum.lake.series import Span

COLUMNS = ("open", "high", "low", "close", "volume")


@dataclass(frozen=True, slots=True)
class Page:
    """Bars as a vendor gave them: sound or not, in any order, perhaps more than were asked for.

    `time` holds opens in ns UTC, `columns` those of COLUMNS, each of shape (n,). A bar of the span asked for that
    opens before `upto` is on this page, on one before it, or does not exist. `as_of` is the vendor's own clock.
    """

    time: Instants
    columns: dict[str, Floats]
    upto: int
    as_of: int | None = None


@dataclass(frozen=True, slots=True)
class Reach:
    """How far back a vendor goes: its first open in ns UTC, and what to do about older bars."""

    first: int = 0
    remedy: str = ""


class BarVendor(Protocol):
    """Sells or gives away past bars."""

    @property
    def venue(self) -> str:
        """The name under which the lake keeps its bars."""
        ...

    @property
    def restates(self) -> bool:
        """Whether old prices change when a share splits or pays, so that old and new ones do not mix."""
        ...

    def reach(self, timeframe: Timeframe, now: int) -> Reach:
        """How far back it goes at `now`; UsageError, naming those it has, for a timeframe that it does not have."""
        ...

    def pages(self, symbol: str, timeframe: Timeframe, span: Span) -> Iterator[Page]:
        """The bars of `span`, oldest page first; every `upto` is later than the one before, the last is the span's end.

        NotFound for a symbol that it does not know; ConfigError when it refuses the keys; DataError when it cannot be
        reached, stays busy, or answers with something else than bars.
        """
        ...
