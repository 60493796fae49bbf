"""What is strange about a series of funding rates: holes in its schedule, extreme rates, odd times."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from quorum.domain import HOUR, MINUTE
from quorum.lake.bars import Instants
from quorum.lake.calendars import Gap
from quorum.lake.funding.rates import Funding

EXTREME = 0.01
AROUND = 4


@dataclass(frozen=True, slots=True)
class StrangeRate:
    """A settlement whose rate is beyond what the rule allows."""

    time: int
    rate: float


@dataclass(frozen=True, slots=True)
class FundingFindings:
    """What is strange; none of it is taken out.

    `hours` is the newest schedule (8, 4, 1 ...), None for fewer than 2 settlements; `gaps` are settlements that the
    schedule of that time expects; `off_schedule` counts those that are not at a full hour.
    """

    hours: float | None
    gaps: tuple[Gap, ...]
    outliers: tuple[StrangeRate, ...]
    off_schedule: int

    @property
    def missing(self) -> int:
        return sum(gap.missing for gap in self.gaps)


def inspect_funding(funding: Funding) -> FundingFindings:
    """Gaps against the schedule at each place, rates of 1 % or more, times off the hour.

    The schedule at a place is the median of the nine distances around it, since venues change it: 8 hours to 4 or 1
    and back (the rule, and that of 1 %, are ours).
    """
    apart = np.diff(funding.time)
    usual = _usual(apart)
    missing = np.rint(apart / usual).astype(np.int64) - 1 if len(apart) else apart
    gaps = tuple(
        Gap(int(funding.time[i] + usual[i]), int(funding.time[i + 1]), int(missing[i]))
        for i in np.flatnonzero((apart > 1.5 * usual) & (missing > 0))
    )
    extreme = np.flatnonzero(np.abs(funding.rate) >= EXTREME)
    return FundingFindings(
        hours=round(float(usual[-1]) / HOUR, 3) if len(usual) else None,
        gaps=gaps,
        outliers=tuple(StrangeRate(int(funding.time[i]), float(funding.rate[i])) for i in extreme),
        off_schedule=int((funding.time % HOUR >= MINUTE).sum()),
    )


def _usual(apart: Instants) -> Instants:
    if not len(apart):
        return apart
    around = np.pad(apart.astype(np.float64), AROUND, constant_values=np.nan)
    windows = np.lib.stride_tricks.sliding_window_view(around, 2 * AROUND + 1)
    return np.nanmedian(windows, axis=1).astype(np.int64)
