"""L0, sanity: is it causal, does it answer, does it ask often enough, and not for the wrong side?"""

from __future__ import annotations

import math
from collections.abc import Mapping
from statistics import NormalDist

import numpy as np

from quorum.engine import Trials
from quorum.signals import guard
from quorum.validation.evidence import diagnose
from quorum.validation.evidence.facts import entries
from quorum.validation.ladder.checks.found import Found, common
from quorum.validation.ladder.checks.universe import NAN, Tested, hold_all, trade_params, try_beside
from quorum.validation.ladder.lot import Lot
from quorum.validation.ladder.tier import Method
from quorum.validation.lookahead import Clean, Effort, Examination, Leaks, examine
from quorum.validation.lookahead.answers import answer
from quorum.validation.lookahead.examine import LEAST_AFTER_WARMUP, LEAST_CUTS
from quorum.validation.lookahead.verdict import Check
from quorum.validation.walkforward import Floats

_NORMAL = NormalDist()


def sanity(lot: Lot, method: Method, trials: Trials) -> Found:
    """One backtest at the given parameters, an examination for look-ahead, and whether its signals point somewhere."""
    beside = try_beside(lot, method.terms, trials)
    tested = trade_params(lot, lot.params, method.terms)
    examined = _examined(lot, method)
    day, hold = hold_all(lot)
    metrics = {
        **common(lot, tested),
        "signals": float(sum(entries(s.wishes.weight) for s in tested.stitched)),
        **_sight(examined),
        **_direction(lot, tested),
    }
    facts = tested.facts(hold[day >= lot.start])
    told = None if examined is None else examined.told()
    return Found(metrics, lot.params, tested, diagnose(facts), (), {"examination": told, "variants": beside})


def _examined(lot: Lot, method: Method) -> Examination | None:
    """What an examination with the least effort finds on the first market; None where its bars are too few."""
    market = lot.markets[0]
    if len(market) < guard(lot.strategy).warmup(lot.params) + LEAST_AFTER_WARMUP:
        return None
    effort = Effort(method.examination_seconds, LEAST_CUTS + 4, 3, 2, 2, 2, 0.3, 0.0)
    return examine(lot.strategy, [market], lot.params, method.draws.seed, effort)


def _sight(examined: Examination | None) -> dict[str, float]:
    """Leaks and flaws; whether the time was enough. That it never trades is no flaw here: its signals are counted."""
    if examined is None:
        return {"leaks": NAN, "flaws": NAN, "examined": NAN}
    found = examined.verdict
    leaks = found.leaks if isinstance(found, Leaks) else ()
    flaws = () if isinstance(found, Clean) else found.flaws
    slow = any(flaw.check is Check.TRUNCATION for flaw in flaws)
    own = [flaw for flaw in flaws if flaw.check not in (Check.TRUNCATION, Check.BACKTEST)]
    return {"leaks": float(len(leaks)), "flaws": float(len(own)), "examined": float(not slow)}


def _direction(lot: Lot, tested: Tested) -> Mapping[str, float]:
    """Do targets point to where prices go, from the next bar's open to the one after it?

    `hit_rate` of the bars with a target, `hit_rate_p` (two-sided) that it is one half, `information_coefficient` the
    correlation of ranks over all bars, `wrong_sign_p` the larger of both one-sided probabilities of so little.
    """
    weight, move = _aimed(lot, tested)
    held = (weight != 0) & (move != 0)
    n, hits = int(held.sum()), int(np.sum(weight[held] * move[held] > 0))
    coefficient = _rank_correlation(weight, move)
    if n == 0 or math.isnan(coefficient):
        return {"hit_rate": NAN, "hit_rate_p": NAN, "information_coefficient": NAN, "wrong_sign_p": 1.0}
    hit = (hits - n / 2) / math.sqrt(n / 4)
    rank = coefficient * math.sqrt(max(len(move) - 2, 1))
    return {
        "hit_rate": hits / n,
        "hit_rate_p": 2.0 * _NORMAL.cdf(-abs(hit)),
        "information_coefficient": coefficient,
        "wrong_sign_p": max(_NORMAL.cdf(hit), _NORMAL.cdf(rank)),
    }


def _aimed(lot: Lot, tested: Tested) -> tuple[Floats, Floats]:
    """Targets, and what prices did after them; every symbol in one row."""
    weights, moves = [], []
    for market, stitched in zip(lot.markets, tested.stitched, strict=True):
        wanted = answer(guard(lot.strategy), market, lot.params).weights()[stitched.first : -2]
        prices = (market.close if market.open is None else market.open).reshape(len(market), -1)[stitched.first :]
        with np.errstate(invalid="ignore", divide="ignore"):
            change = np.diff(np.log(prices), axis=0)[1:]
        there = np.isfinite(change)
        weights.append(wanted[there])
        moves.append(change[there])
    return np.concatenate(weights), np.concatenate(moves)


def _rank_correlation(a: Floats, b: Floats) -> float:
    """Spearman's, NaN where one of them does not vary."""
    if len(a) < 3 or np.ptp(a) == 0 or np.ptp(b) == 0:
        return NAN
    return float(np.corrcoef(_ranks(a), _ranks(b))[0, 1])


def _ranks(values: Floats) -> Floats:
    """Ranks from 1 on, equal values sharing the mean of theirs; scipy.stats has it too, and takes 60 MB to load."""
    _, place, count = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(count)
    return np.asarray((last - (count - 1) / 2.0)[place], dtype=np.float64)
