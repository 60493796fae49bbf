"""Luck: is there an edge beyond chance, is it worth its losses, and is it more than holding the market?"""

from __future__ import annotations

import numpy as np

from quorum.stats import (
    Paths,
    block_length,
    bootstrap_paths,
    minimum_track_record,
    probabilistic_sharpe,
    stationary_indices,
    track_record,
    wilson_interval,
)
from quorum.stats.performance import sharpe
from quorum.validation.critic.answers import Comparison, Evidence
from quorum.validation.critic.case import Case, Depth
from quorum.validation.walkforward import Floats

CONFIDENCE, CHANCE, HOLDING_P = 0.95, 0.05, 0.10
DEEPEST = 0.40
MOST_EXPLAINED = 0.5
MOST_PAIRED = 4_000


def overfitted(case: Case, depth: Depth) -> tuple[Evidence, ...]:
    """The odds of skill by the days that nothing was chosen by, and whether the newest half of them still earns.

    From the second round on the days before the span count too.
    """
    returns, seen = case.tested.returns, f"{len(case.tested.returns)} days out of sample"
    if depth.number > 1 and case.older is not None:
        returns = np.concatenate([case.older.returns, returns])
        seen += f" and {len(case.older.returns)} days before the span"
    record = track_record(returns)
    odds, needed = probabilistic_sharpe(record), minimum_track_record(record)
    half = case.tested.returns[len(case.tested.returns) // 2 :]
    newest = sharpe(half, case.tested.periods)
    detail = f"probability of a true Sharpe ratio above 0, by {seen}; {needed:.0f} days would be 95 % sure"
    return (
        Evidence("probabilistic_sharpe", odds, ">=", CONFIDENCE, detail, close=0.5 <= odds < CONFIDENCE),
        Evidence("newest_half_sharpe", newest, ">", 0.0, f"Sharpe ratio of the newest {len(half)} days"),
    )


def beyond_chance(case: Case, depth: Depth) -> tuple[Evidence, ...]:
    """The chance of a losing Sharpe ratio on paths drawn in blocks of half, once and twice the usual length."""
    returns, usual = case.tested.returns, block_length(case.tested.returns)
    worst, at = 0.0, usual
    for block in {max(1.0, usual * factor) for factor in (0.5, 1.0, 2.0)}:
        share = float(np.mean(bootstrap_paths(returns, depth.paths, block, seed=case.seed).sharpe < 0))
        worst, at = (share, block) if share >= worst else (worst, at)
    detail = f"of {depth.paths} paths in blocks of {at:.1f} days, the worst of three lengths"
    return (_share("chance_of_loss", worst, ("<=", CHANCE), depth.paths, detail),)


def worth_its_losses(case: Case, depth: Depth) -> tuple[Evidence, ...]:
    """Was the one path that happened an unlucky one? The growth over the deepest fall of many paths like it."""
    wanted = case.threshold("calmar", 0.5)
    paths = _drawn(case, depth)
    years = len(case.tested.returns) / case.tested.periods
    growth = paths.wealth ** (1.0 / years) - 1.0
    reached = float(np.mean(growth >= wanted * np.abs(paths.max_drawdown)))
    fall = -float(np.quantile(paths.max_drawdown, CHANCE))
    said = f"of {depth.paths} paths, with a yearly growth of {wanted:g} times the deepest fall or more"
    return (
        _share("chance_of_calmar", reached, (">=", 0.5), depth.paths, said),
        Evidence("drawdown_1_in_20", fall, "<=", DEEPEST, "fall that 1 path in 20 exceeds"),
    )


def more_than_holding(case: Case, depth: Depth) -> tuple[Evidence, ...]:
    """What is left when the market's part is taken out; a strategy that hardly moves with the market need not beat it.

    `alpha` is a year's return beside the market. From the second round on more pairs are drawn.
    """
    own, hold = case.tested.returns, case.hold
    alpha, explained = _beside(own, hold)
    rows = stationary_indices(len(own), block_length(own), min(depth.paths, MOST_PAIRED), seed=case.seed)
    drawn, market = own[rows], hold[rows]
    spread = np.maximum(market.var(axis=1), 1e-300)
    beta = (drawn * (market - market.mean(axis=1, keepdims=True))).mean(axis=1) / spread
    chance = float(np.mean(drawn.mean(axis=1) <= beta * market.mean(axis=1)))
    earns = Evidence("alpha", alpha * case.tested.periods, ">", 0.0, "yearly return that the market does not explain")
    if explained < MOST_EXPLAINED:
        said = "share of its days' spread that the market explains: it is no holding in disguise"
        return earns, Evidence("explained_by_market", explained, "<", MOST_EXPLAINED, said)
    said = f"probability of no return beside the market, which explains {100 * explained:.0f} % of its days' spread"
    return earns, Evidence("alpha_p", chance, "<=", HOLDING_P, said, close=HOLDING_P < chance < 0.5)


def _beside(own: Floats, hold: Floats) -> tuple[float, float]:
    """The mean return beside the market, and the share of the spread that the market explains."""
    if not float(np.ptp(hold)) > 0 or not float(np.ptp(own)) > 0:
        return float(own.mean()), 0.0
    beta = float(np.cov(own, hold, ddof=1)[0, 1] / hold.var(ddof=1))
    return float(own.mean()) - beta * float(hold.mean()), float(np.corrcoef(own, hold)[0, 1] ** 2)


def _drawn(case: Case, depth: Depth) -> Paths:
    return bootstrap_paths(case.tested.returns, depth.paths, seed=case.seed)


def _share(what: str, share: float, asked: tuple[Comparison, float], paths: int, detail: str) -> Evidence:
    """A share of drawn paths; close while its own 95 % interval has the threshold in it."""
    low, high = wilson_interval(round(share * paths), paths)
    return Evidence(what, share, *asked, detail, close=low < asked[1] < high)
