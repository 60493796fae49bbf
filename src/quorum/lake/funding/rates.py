"""Funding rates of one perpetual, and how they come to its bars."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from quorum.domain import iso
from quorum.lake.bars import Bars, Floats, Instants


@dataclass(frozen=True, slots=True)
class FundingInfo:
    """Settlements of the lake as their manifest describes them; `first` and `last` in ns UTC."""

    symbol: str
    venue: str
    rows: int
    first: int
    last: int
    revision: int

    @property
    def name(self) -> str:
        return f"{self.symbol}.{self.venue}"


@dataclass(frozen=True, eq=False)
class Funding:
    """Settlements of one perpetual, oldest first: `time` in ns UTC and `rate`, a fraction of the notional, (n,).

    Longs pay a positive rate, shorts a negative one. Making it freezes the arrays.
    """

    symbol: str
    venue: str
    time: Instants
    rate: Floats
    revision: int = 0

    def __post_init__(self) -> None:
        for column in (self.time, self.rate):
            column.flags.writeable = False

    def __len__(self) -> int:
        return len(self.time)

    def __repr__(self) -> str:
        span = f"{iso(int(self.time[0]))}..{iso(int(self.time[-1]))}" if len(self) else "empty"
        return f"Funding({self.symbol}.{self.venue}, {len(self)} settlements, {span})"


def with_funding(bars: Bars, funding: Funding) -> Bars:
    """The bars with the rates that were settled in each, summed; 0 where none was, also where none is known.

    A rate belongs to the first bar that closes after it: so it is known at that bar's close, and one that was settled
    where bars are missing is paid with the next bar. Rates before the first bar or after the last close are left out.
    """
    closes = bars.time + bars.timeframe.nanoseconds
    at = np.searchsorted(closes, funding.time, "right")
    inside = at < len(bars)
    inside &= funding.time >= (bars.time[0] if len(bars) else 0)
    paid = np.bincount(at[inside], funding.rate[inside], len(bars)).astype(np.float64)
    return replace(bars, funding=paid, funding_revision=funding.revision)
