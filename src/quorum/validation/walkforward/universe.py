"""Which symbols of a universe have days enough for every window."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from quorum.lake import Bars
from quorum.stats import WalkForward
from quorum.stats.performance import day_ends
from quorum.validation.outcomes import Inconclusive


@dataclass(frozen=True, eq=False)
class Universe:
    """The bars that hold every window, in the order given; `left_out` names the others with the days that they have."""

    kept: tuple[Bars, ...]
    left_out: tuple[tuple[str, int], ...]


def universe_for(series: Sequence[Bars], plan: WalkForward) -> Universe | Inconclusive:
    """The series that hold all windows of `plan`; Inconclusive when none does, never fewer windows."""
    days = [len(day_ends(bars.time)) for bars in series]
    kept = tuple(bars for bars, count in zip(series, days, strict=True) if count >= plan.rows_needed)
    if not kept:
        return Inconclusive("days", plan.rows_needed, max(days, default=0))
    short = ((bars.symbol, count) for bars, count in zip(series, days, strict=True) if count < plan.rows_needed)
    return Universe(kept, tuple(short))
