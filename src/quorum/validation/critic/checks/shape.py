"""Shape: does it hang on single days, on exact parameters, on one kind of market, or on how it is measured?"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from quorum.engine import fitting
from quorum.stats import Regime, profit_factor
from quorum.stats.performance import sharpe
from quorum.validation.critic.answers import Evidence
from quorum.validation.critic.case import Case, Depth
from quorum.validation.critic.checks.sight import SMALL_SHARPE, fills
from quorum.validation.evidence import Jitter, Stress, regimes_of
from quorum.validation.evidence.facts import largest_day, weekly_sharpe
from quorum.validation.evidence.stress import moved
from quorum.validation.ladder.asked import Combination
from quorum.validation.ladder.checks.universe import hold_all, jitters_of, sweep_all
from quorum.validation.walkforward import Floats

KEPT, KINDS, LEVERAGE = 0.5, 3, 3.0
JOINT, WIDTH = 24, 0.2
REGIME_DAYS = 20
MONTH = 21


def cliff(case: Case, depth: Depth) -> tuple[Evidence, ...]:
    """Each parameter moved by 10 and 20 % both ways; where 20 % is too far, all of them moved at once, many times."""
    found = tuple(jitters_of(case.lot, case.params, case.tested.terms))
    near = _least(found, 0.1)
    told = f"the smallest share of the Sharpe ratio kept, of {len(found)} moved parameters"
    first = Evidence("kept_at_10_percent", near, ">=", KEPT, told)
    far = _least(found, 0.2)
    if np.isnan(far) or far >= KEPT:
        return first, Evidence("kept_at_20_percent", far, ">=", KEPT, told)
    if depth.number == 1:
        return first, Evidence("kept_at_20_percent", far, ">=", KEPT, told, close=True)
    count = JOINT * depth.number
    said = f"median share kept when all parameters move at once, within 20 %, {count} times"
    return first, Evidence("kept_by_joint_moves", _joint(case, count), ">=", KEPT, said)


def few_days(case: Case, depth: Depth) -> tuple[Evidence, ...]:
    """What is left without the best days, and without the best trades."""
    returns, periods = case.tested.returns, case.tested.periods
    cut = max(1, round(0.01 * len(returns)))
    rest = np.sort(returns)[:-cut]
    profits = np.sort(case.tested.profits)
    best = max(1, round(0.01 * len(profits))) if len(profits) else 0
    share = largest_day(returns)
    return (
        Evidence(
            "sharpe_without_best_days",
            sharpe(rest, periods),
            ">=",
            SMALL_SHARPE,
            f"the best {cut} of {len(returns)} days left out; the best one made {100 * share:.0f} % of the profit",
        ),
        Evidence(
            "profit_factor_without_best_trades",
            profit_factor(profits[: len(profits) - best]),
            ">=",
            1.0,
            f"the best {best} of {len(profits)} trades left out",
        ),
    )


def consistent(case: Case, depth: Depth) -> tuple[Evidence, ...]:
    """The lowest of the daily, weekly and monthly Sharpe ratios, and fills elsewhere in the next bar."""
    day, returns, periods = case.tested.day, case.tested.returns, case.tested.periods
    weekly = weekly_sharpe(day, returns)
    monthly = sharpe(_blocks(returns, MONTH), periods / MONTH)
    daily = case.tested.sharpe
    detail = f"daily {daily:.2f}, weekly {weekly:.2f}, by {MONTH} days {monthly:.2f}"
    lowest = Evidence("slowest_sharpe", float(np.nanmin([daily, weekly, monthly])), ">=", SMALL_SHARPE, detail)
    return lowest, *fills(case, depth)


def leverage(case: Case, depth: Depth) -> tuple[Evidence, ...]:
    """The most that was ever held, a multiple of equity."""
    most = [float(np.nanmax(t.exposure[1])) for t in case.tested.tests if np.isfinite(t.exposure[1]).any()]
    return (Evidence("largest_exposure", max(most, default=0.0), "<=", LEVERAGE, "gross, in multiples of equity"),)


def kinds_of_market(case: Case, depth: Depth) -> tuple[Evidence, ...]:
    """Bull, bear and sideways markets of 20 days or more in the test; from the second round on, before the span too."""
    day, hold = case.market
    labels = regimes_of(hold)[np.isin(day, case.tested.day)]
    seen = f"{len(labels)} days of the test"
    if depth.number > 1 and case.before is not None:
        before = regimes_of(hold_all(case.before)[1])
        labels = np.concatenate([before, labels])
        seen += f" and {len(before)} before the span"
    kinds = sum(int(np.sum(labels == kind)) >= REGIME_DAYS for kind in Regime if kind is not Regime.UNKNOWN)
    detail = f"kinds of market with {REGIME_DAYS} days or more among {seen}"
    return (Evidence("regimes", float(kinds), ">=", KINDS, detail, close=kinds < KINDS),)


def _least(found: Sequence[Jitter], change: float) -> float:
    return Stress(jitters=tuple(found)).kept(change)


def _joint(case: Case, count: int) -> float:
    """The median share of the Sharpe ratio that is kept when every parameter moves at once."""
    drawn = np.random.default_rng(case.seed).uniform(-WIDTH, WIDTH, (count, len(case.lot.strategy.parameters)))
    asked = [_moved(case, row) for row in drawn.tolist()]
    taken, _ = fitting(case.lot.markets[0], case.lot.strategy, asked)
    tried = sweep_all(case.lot, [case.params, *taken], case.tested.terms, None)
    ratios = [sharpe(row, case.lot.periods) for row in tried.returns]
    if not taken or not ratios[0] > 0:
        return float("nan")
    return float(np.median(np.nan_to_num(np.array(ratios[1:]), nan=0.0) / ratios[0]))


def _moved(case: Case, changes: Sequence[float]) -> Combination:
    named = zip(case.lot.strategy.parameters, changes, strict=True)
    return {p.name: moved(p, case.params[p.name], change) for p, change in named}


def _blocks(returns: Floats, length: int) -> Floats:
    """The returns of whole blocks of days, the newest ones."""
    whole = returns[len(returns) % length :].reshape(-1, length)
    growth: Floats = np.prod(1.0 + whole, axis=1) - 1.0
    return growth
