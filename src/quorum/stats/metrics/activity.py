"""How much was traded and held: turnover, costs, exposure."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from quorum.stats.performance import NAN, Floats


class Exposure(NamedTuple):
    """Value held as fractions of equity: share of the closes with any, means and extremes over all closes."""

    time_in_market: float
    mean_gross: float
    mean_net: float
    most_gross: float
    long_share: float
    short_share: float


class Activity(NamedTuple):
    """Traded value a year over mean equity (both sides count, a round trip is twice its size), fees, both in sums.

    `turnover` is a multiple of equity a year, `fees` an amount, `fees_a_year` a fraction of mean equity.
    """

    fills: int
    turnover: float
    fees: float
    fees_a_year: float
    traded: float


def exposure_of(net: Floats, gross: Floats) -> Exposure:
    """Exposure from net and gross fractions (n,) at each close; closes without positive equity (NaN) are left out."""
    sound = np.isfinite(gross)
    net, gross = net[sound], gross[sound]
    if len(gross) == 0:
        return Exposure(NAN, NAN, NAN, NAN, NAN, NAN)
    return Exposure(
        float(np.mean(gross > 0)),
        float(gross.mean()),
        float(net.mean()),
        float(gross.max()),
        float(np.mean(net > 0)),
        float(np.mean(net < 0)),
    )


def activity(notional: Floats, fees: Floats, equity: Floats, years: float) -> Activity:
    """Activity of fills with notionals (k,) and fees (k,) over `years`, against the mean of equity (n,)."""
    worth = float(equity.mean()) if len(equity) else NAN
    yearly = worth * years if worth > 0 and years > 0 else NAN
    traded, paid = float(np.abs(notional).sum()), float(fees.sum())
    return Activity(len(notional), traded / yearly, paid, paid / yearly, traded)
