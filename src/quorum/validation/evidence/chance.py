"""Monte Carlo: what the same record may give when its days, or its trades, come in another order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from quorum.stats import Interval, bootstrap_paths, percentile_interval, reshuffled_trades
from quorum.validation.walkforward.candidates import Floats

NAN = float("nan")
_DRAWS = 10  # reshuffles cost a tenth of a bootstrap path


class Draws(NamedTuple):
    """How much is drawn: bootstrap `paths`, `resamples` of the tests of superiority, `blocks` of the cross-validation.

    Combinations beyond `most` are compared by every n-th of them. The same `seed` draws the same.
    """

    paths: int = 1000
    resamples: int = 2000
    blocks: int = 16
    most: int = 2000
    seed: int = 0


USUAL = Draws()


@dataclass(frozen=True, slots=True)
class Chance:
    """What bootstrap paths of the daily returns, and reshuffles of the trades, come to.

    `sharpe` and `drawdown` are 95 % intervals, annualised and as negative fractions; `loss` is the probability of a
    Sharpe ratio below 0, `half_lost` of wealth falling to a half on the way. `reshuffled` is the drawdown that one
    order of the trades in 20 exceeds. NaN where nothing could be drawn.
    """

    sharpe: Interval
    drawdown: Interval
    loss: float
    half_lost: float
    reshuffled: float


def chance(returns: Floats, trades: Floats, periods: float, draws: Draws) -> Chance:
    """Draw the returns (d,) in blocks and the trades (t,), fractions of wealth, in other orders."""
    reshuffled = NAN
    if len(trades):
        orders = reshuffled_trades(trades, _DRAWS * draws.paths, draws.seed)
        reshuffled = float(np.quantile(orders.max_drawdown, 0.05))
    if len(returns) < 2:
        return Chance(Interval(NAN, NAN), Interval(NAN, NAN), NAN, NAN, reshuffled)
    paths = bootstrap_paths(returns, draws.paths, seed=draws.seed)
    ratios = paths.sharpe * np.sqrt(periods)
    return Chance(
        percentile_interval(ratios),
        percentile_interval(paths.max_drawdown),
        float(np.mean(ratios < 0)),
        paths.ruin(0.5),
        reshuffled,
    )
