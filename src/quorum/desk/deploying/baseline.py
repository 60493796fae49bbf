"""Baseline: what a deployed strategy is expected to earn, and the band in which paper and live are looked at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from quorum.domain import DAY, UsageError, iso, plain
from quorum.stats import Interval, block_length, percentile_interval, stationary_indices
from quorum.stats.performance import max_drawdown, sharpe
from quorum.validation.ladder import TierResult
from quorum.validation.walkforward import wealth_of

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
HORIZONS = (5, 10, 20, 30, 60, 90, 180, 365)
PATHS = 1000
FEWEST_DAYS = 60


class Band(NamedTuple):
    """The middle 95 % of paths of so many days: of the mean daily return, and of the total return."""

    days: int
    mean: Interval
    total: Interval

    def told(self) -> dict[str, Any]:
        """The plain values."""
        return {"days": self.days, "mean": list(self.mean), "total": list(self.total)}


class Standing(NamedTuple):
    """How days since the deployment stand against the band of as many days."""

    band: Band
    mean: float
    total: float

    @property
    def inside(self) -> bool:
        return self.band.mean.low <= self.mean <= self.band.mean.high

    def told(self) -> dict[str, Any]:
        """The plain values."""
        return {**self.band.told(), "found_mean": self.mean, "found_total": self.total, "inside": self.inside}


@dataclass(frozen=True, slots=True)
class Baseline:
    """The daily net returns that a tier tested, of an allocation of 1, and what they come to.

    `tier` says which one; `first` is the midnight (ns UTC) of the first day, `days` count from it. `mean` is a day's,
    with its 95 % `interval` over a record of the same length; `bands` are those of the horizons.
    """

    tier: str
    first: int
    days: tuple[int, ...]
    returns: tuple[float, ...]
    periods: float
    mean: float
    interval: Interval
    sharpe: float
    max_drawdown: float
    bands: tuple[Band, ...]
    seed: int = 0

    @classmethod
    def of(cls, result: TierResult, seed: int = 0) -> Self:
        """The baseline of a result; UsageError for one with fewer than 60 days."""
        daily = result.daily or {"first": 0, "days": [], "returns": [], "periods": 365.0}
        returns = np.array(daily["returns"], dtype=np.float64)
        if len(returns) < FEWEST_DAYS:
            raise UsageError(
                f"a baseline of {len(returns)} days says nothing, {FEWEST_DAYS} are needed", "validate it on more data"
            )
        return cls(
            tier=result.tier.value,
            first=daily["first"],
            days=tuple(daily["days"]),
            returns=tuple(returns.tolist()),
            periods=daily["periods"],
            mean=float(returns.mean()),
            interval=_band(returns, len(returns), seed).mean,
            sharpe=sharpe(returns, daily["periods"]),
            max_drawdown=max_drawdown(wealth_of(returns), 1.0),
            bands=tuple(_band(returns, days, seed) for days in HORIZONS),
            seed=seed,
        )

    @classmethod
    def read(cls, values: Mapping[str, Any]) -> Self:
        """The baseline that was told."""
        bands = tuple(Band(b["days"], Interval(*b["mean"]), Interval(*b["total"])) for b in values["bands"])
        lists = {"days": tuple(values["days"]), "returns": tuple(values["returns"])}
        return cls(**{**values, **lists, "interval": Interval(*values["interval"]), "bands": bands})

    def told(self) -> dict[str, Any]:
        """The plain values that `read` takes."""
        names = ("tier", "first", "days", "returns", "periods", "mean", "sharpe", "max_drawdown", "seed")
        head: dict[str, Any] = {name: plain(getattr(self, name)) for name in names}
        return {**head, "interval": list(self.interval), "bands": [band.told() for band in self.bands]}

    def summary(self) -> dict[str, Any]:
        """The same for people: without the days themselves."""
        told = {k: v for k, v in self.told().items() if k not in ("days", "returns", "first")}
        last = self.first + (self.days[-1] * DAY if self.days else 0)
        return {**told, "first": iso(self.first)[:10], "last": iso(last)[:10], "rows": len(self.returns)}

    @property
    def day(self) -> Ints:
        """The midnights (ns UTC) of its days."""
        return self.first + DAY * np.array(self.days, dtype=np.int64)

    def band(self, days: int) -> Band:
        """The band of so many days."""
        return _band(np.array(self.returns), days, self.seed)

    def against(self, returns: Sequence[float]) -> Standing:
        """How the daily net returns since the deployment stand, of an allocation of 1; UsageError without any."""
        if not len(returns):
            raise UsageError("nothing was traded yet", "compare once a day has passed")
        found = np.array(returns, dtype=np.float64)
        return Standing(self.band(len(found)), float(found.mean()), float(np.prod(1.0 + found)) - 1.0)


def _band(returns: Floats, days: int, seed: int) -> Band:
    """Paths of `days` days drawn by the stationary bootstrap; Politis and Romano (1994)."""
    rows = stationary_indices(len(returns), block_length(returns), PATHS, days, seed)
    drawn = returns[rows]
    total = np.prod(1.0 + drawn, axis=1) - 1.0
    return Band(days, percentile_interval(drawn.mean(axis=1)), percentile_interval(total))
