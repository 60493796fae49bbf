"""The facts of a backtest that its diagnostics ask about."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from quorum.domain import DAY
from quorum.engine import Backtest
from quorum.engine.kernel import Wishes
from quorum.stats import profit_factor, win_rate
from quorum.stats.performance import drawdowns, sharpe
from quorum.validation.evidence.diagnostics import Facts
from quorum.validation.evidence.record import NAN, Jitter, Stress
from quorum.validation.walkforward.candidates import Floats, Ints, wealth_of

_WEEKS_A_YEAR = 365.0 / 7.0
_FEWEST_WEEKS = 8


def facts_of(
    result: Backtest,
    wishes: Wishes | None = None,
    hold: Floats | None = None,
    jitters: Sequence[Jitter] = (),
    oos_is: float = NAN,
) -> Facts:
    """The facts of a backtest; what it wanted, the market's daily returns `hold`, and the rest where they are known."""
    day, returns = result.daily
    profits, exposure = result.trades.profit, result.exposure[1]
    return Facts(
        total_return=result.performance.total_return,
        hold_return=NAN if hold is None else float(np.prod(1.0 + hold)) - 1.0,
        trades=float(len(profits)),
        signals=NAN if wishes is None else float(entries(wishes.weight)),
        daily_sharpe=result.performance.sharpe,
        weekly_sharpe=weekly_sharpe(day, returns),
        profit_factor=profit_factor(profits),
        win_rate=win_rate(profits),
        largest_exposure=float(np.nanmax(exposure)) if np.isfinite(exposure).any() else NAN,
        largest_day=largest_day(returns),
        longest_drawdown=longest_drawdown(returns),
        kept=Stress(jitters=tuple(jitters)).kept(0.1),
        oos_is=oos_is,
    )


def entries(weight: Floats) -> int:
    """How often the targets (q, m) take a side that they did not have; a missing one (NaN) stays as it was."""
    held = np.where(np.isnan(weight), 0, np.arange(len(weight))[:, None])
    sides = np.sign(np.nan_to_num(np.take_along_axis(weight, np.maximum.accumulate(held, axis=0), axis=0)))
    before = np.concatenate([np.zeros((1, weight.shape[1])), sides[:-1]])
    return int(np.sum((sides != 0) & (sides != before)))


def weekly_sharpe(day: Ints, returns: Floats) -> float:
    """Annualised Sharpe ratio of the compounded returns of weeks from Monday on; NaN below 8 weeks."""
    weeks = (day // DAY + 3) // 7  # day 0, 1970-01-01, was a Thursday
    starts = np.flatnonzero(np.diff(weeks, prepend=-1))
    if len(starts) < _FEWEST_WEEKS:
        return NAN
    return sharpe(np.multiply.reduceat(1.0 + returns, starts) - 1.0, _WEEKS_A_YEAR)


def largest_day(returns: Floats) -> float:
    """The best day's share of the whole profit, in money; NaN without one."""
    wealth = wealth_of(returns)
    profit = float(wealth[-1]) - 1.0 if len(wealth) else 0.0
    return float(np.diff(wealth, prepend=1.0).max()) / profit if profit > 0 else NAN


def longest_drawdown(returns: Floats) -> float:
    """The most days in a row below the highest wealth so far, as a share of all; NaN without days."""
    if not len(returns):
        return NAN
    above = np.flatnonzero(drawdowns(wealth_of(returns), 1.0) >= 0)
    edges = np.concatenate([[-1], above, [len(returns)]])
    return float((np.diff(edges) - 1).max()) / len(returns)
