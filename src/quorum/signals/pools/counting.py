"""The count of a vote, compiled: four pools, and one order of rules for all of them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from quorum.stats import fragment, kernel

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

FILE4, SCORE, LOG_ODDS, HEDGE = 0, 1, 2, 3
POOLS: Mapping[str, int] = {"file4": FILE4, "score": SCORE, "log_odds": LOG_ODDS, "hedge": HEDGE}
NEUTRAL, BULLISH, BEARISH = 0, 1, -1
NO_CONSENSUS, MISSING, ESCALATE, VETOED, TOO_FEW, CONFLICT, MODEL = 2, 3, 4, 5, 6, 7, 8
ROUNDING = 1e-12  # shares and confidences closer than this are equal: 0.7 - 0.55 is 0.15, whatever its float is


class Count(NamedTuple):
    """The votes, shapes (k,): side 1, -1 or 0; who takes part; confidence as stated, and belief, the calibrated one;
    weight; who may stop the stronger side; who is the model.
    """

    side: NDArray[np.int8]
    live: Flags
    confidence: Floats
    belief: Floats
    weight: Floats
    veto: Flags
    model: Flags


class Terms(NamedTuple):
    """What the rules ask: the pool, the least share or probability of the winner, the difference of confidence below
    which both sides tie, the least score and number of votes of `score`, the exponent of `log_odds`, whether the
    stronger side of a conflict wins, and whether the model has precedence.
    """

    pool: int
    threshold: float
    escalate_below: float
    least_score: float
    least_votes: int
    exponent: float
    strongest_wins: bool
    model_first: bool


class Scene(NamedTuple):
    """How the vote is held: whether everybody required takes part, whether someone has stopped it outright, and
    whether the model keeps its precedence.
    """

    complete: bool
    stopped: bool
    calm: bool


@kernel
def tally(count: Count, terms: Terms, scene: Scene) -> tuple[int, float, float, float]:
    """Code, strength, and what speaks for the bullish and for the bearish side.

    The order of the rules: veto, who must take part, enough votes, threshold, both sides equally sure, conflict,
    precedence of the model, else the stronger side. Two sides of equal weight have no stronger one.
    """
    bullish, surest_bullish = _weigh(count, terms.pool, 1)
    bearish, surest_bearish = _weigh(count, terms.pool, -1)
    stronger = 0
    if abs(bullish - bearish) > ROUNDING * (bullish + bearish):
        stronger = BULLISH if bullish > bearish else BEARISH
    strength = _strength(count, terms, bullish, bearish)
    opposed = min(bullish, bearish) > 0.0
    unclear = opposed and abs(surest_bullish - surest_bearish) < terms.escalate_below - ROUNDING
    code = stronger
    if scene.stopped or _against(count, count.veto, stronger):
        code = VETOED
    elif not scene.complete:
        code = MISSING
    elif bullish + bearish == 0.0:
        code = NEUTRAL
    elif terms.pool == SCORE and count.live.sum() < terms.least_votes:
        code = TOO_FEW
    elif stronger == 0 or strength < _needed(terms) - ROUNDING:
        code = NO_CONSENSUS
    elif opposed:
        code = _settle(count, terms, scene, (stronger, unclear))
    return code, strength, bullish, bearish


@fragment
def _settle(count: Count, terms: Terms, scene: Scene, found: tuple[int, bool]) -> int:
    """The code of a conflict whose stronger side has reached the threshold."""
    stronger, unclear = found
    if unclear:
        return ESCALATE
    if not terms.strongest_wins:
        return CONFLICT
    if terms.model_first and scene.calm and _against(count, count.model, stronger):
        return MODEL
    return stronger


@fragment
def evidence(pool: int, confidence: float, belief: float) -> float:
    """What one view speaks for its side before it is weighted; never below 0."""
    if pool == LOG_ODDS:
        return math.log(belief / (1.0 - belief))
    return belief - 0.5 if pool == HEDGE else confidence


@fragment
def _weigh(count: Count, pool: int, wanted: int) -> tuple[float, float]:
    """What speaks for one side, and the highest confidence on it."""
    total = surest = 0.0
    for k in range(len(count.side)):
        if count.side[k] == wanted:
            total += count.weight[k] * evidence(pool, count.confidence[k], count.belief[k])
            surest = max(surest, count.confidence[k])
    return total, surest


@fragment
def _strength(count: Count, terms: Terms, bullish: float, bearish: float) -> float:
    """The winner's share in file4, |score| in score, the winner's probability in the others; 0 without evidence."""
    if bullish + bearish == 0.0:
        return 0.0
    if terms.pool == FILE4:
        return max(bullish, bearish) / (bullish + bearish)
    mean = abs(bullish - bearish) / _live_weight(count)
    if terms.pool == LOG_ODDS:
        return 1.0 / (1.0 + math.exp(-terms.exponent * mean))
    return 0.5 + mean if terms.pool == HEDGE else mean


@fragment
def _live_weight(count: Count) -> float:
    total = 0.0
    for k in range(len(count.live)):
        if count.live[k]:
            total += count.weight[k]
    return total


@fragment
def _needed(terms: Terms) -> float:
    return terms.least_score if terms.pool == SCORE else terms.threshold


@fragment
def _against(count: Count, who: Flags, stronger: int) -> bool:
    """Whether one of `who` is on the side that is not the stronger one."""
    found = False
    for k in range(len(who)):
        if who[k] and stronger != 0 and count.side[k] == -stronger:
            found = True
    return found
