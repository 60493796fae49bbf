"""Whether an idea can be proved and could pay: enough past, entries neither few nor dear, a record behind it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from quorum.discovery.market import LEAST_DAYS
from quorum.domain import DAY, QuorumError
from quorum.lake import Bars
from quorum.signals import AnyStrategy, is_portfolio, read_params

ENOUGH_ENTRIES = 60.0
"""A year: twice what the quick tier asks for."""
YEAR = 365.0


@dataclass(frozen=True, slots=True)
class Activity:
    """How often a rule enters, in a year, and the yearly volatility of what it trades (a fraction)."""

    entries: float
    volatility: float


@dataclass(frozen=True, slots=True)
class Feasibility:
    """Four answers of 0 to 1.

    `data` is the past there is beside what a full proof needs, `activity` the entries beside those that a verdict
    needs, `cost` what the market moves beside what trading it costs, `record` how the family and the one who had the
    idea did so far.
    """

    data: float
    activity: float
    cost: float
    record: float

    @property
    def value(self) -> float:
        """Their product, the record counting half."""
        return self.data * self.activity * self.cost * (0.5 + 0.5 * self.record)


def activity(strategy: AnyStrategy, bars: Bars, params: dict[str, float] | None = None) -> Activity | str:
    """How often the strategy enters on these bars; in words why it cannot be told. No return of it is looked at.

    A portfolio's entries are not counted: it enters as often as is enough.
    """
    if len(bars) < 2:
        return f"there are no bars of {bars.symbol} to look at"
    years = (int(bars.time[-1]) - int(bars.time[0])) / (YEAR * DAY)
    volatility = float(np.diff(np.log(bars.close)).std() * np.sqrt(len(bars) / years))
    if is_portfolio(strategy):
        return Activity(ENOUGH_ENTRIES, volatility)
    try:
        read = read_params(strategy, params or {})
        weight = np.nan_to_num(strategy.batch(bars, read).weight)
    except QuorumError as error:
        return f"{strategy.name} cannot be run on {bars.symbol}: {error.found}"
    side = np.sign(weight)
    entries = int(np.count_nonzero((side[1:] != 0) & (side[1:] != side[:-1])))
    if not entries:
        return f"{strategy.name} never enters in {years * YEAR:,.0f} days of {bars.symbol}"
    return Activity(entries / years, volatility)


def feasibility(found: Activity, days: float, record: float, cost_bps: float) -> Feasibility:
    """What that makes of an idea: `days` of past, `record` from 0 to 1, `cost_bps` of a round trip.

    Costs of a quarter of the yearly volatility are as much as a rule may well bear (ours).
    """
    dear = found.entries * cost_bps / 1e4
    return Feasibility(
        data=min(1.0, days / LEAST_DAYS),
        activity=min(1.0, found.entries / ENOUGH_ENTRIES),
        cost=min(1.0, 0.25 * found.volatility / dear) if dear > 0 else 1.0,
        record=record,
    )


def measured(found: Feasibility, evidence: Mapping[str, Any], cost_bps: float) -> Feasibility:
    """The same for an idea that lives on an anomaly, which has its `pays_bps` and `adjusted_p` as evidence.

    Its cost is counted by what an occasion pays: nothing is left of one that pays no more than the round trip, all of
    one that pays twice that (ours). Its record is at least the chance that the anomaly is there, one less adjusted p.
    """
    if "pays_bps" not in evidence or "adjusted_p" not in evidence:
        return found
    left = float(evidence["pays_bps"]) / cost_bps - 1.0 if cost_bps > 0 else 1.0
    cost = min(1.0, max(0.0, left))
    return replace(found, cost=cost, record=max(found.record, 1.0 - float(evidence["adjusted_p"])))
