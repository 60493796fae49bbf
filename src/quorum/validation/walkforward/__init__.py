"""Walk-forward: parameters chosen on the past, proved on the days that follow, traded as one strategy.

Promise: nothing is chosen by what it is proved on; never fewer windows in silence; costs and positions carry over.
In: a sweep, its strategy and a plan of windows. Out: a WalkForwardResult, or Inconclusive; cross-validated paths.
Neighbours: sits on `engine`; `evidence` weighs what comes out.
"""

from quorum.validation.walkforward.candidates import (
    Candidates,
    Combination,
    Floats,
    Grid,
    Ints,
    Tried,
    grid_of,
    span_sharpes,
    wealth_of,
)
from quorum.validation.walkforward.choice import Choice, Rule, Search, Walk, choose, steadiness, walk_on
from quorum.validation.walkforward.crossvalidation import CrossValidation, Groups, cross_validate
from quorum.validation.walkforward.forward import YEAR_AND_QUARTER, WalkForwardResult, WindowResult, walk_forward
from quorum.validation.walkforward.searching import search_each
from quorum.validation.walkforward.stitched import Leg, Stitched, stitch
from quorum.validation.walkforward.universe import Universe, universe_for

__all__ = [
    "YEAR_AND_QUARTER",
    "Candidates",
    "Choice",
    "Combination",
    "CrossValidation",
    "Floats",
    "Grid",
    "Groups",
    "Ints",
    "Leg",
    "Rule",
    "Search",
    "Stitched",
    "Tried",
    "Universe",
    "Walk",
    "WalkForwardResult",
    "WindowResult",
    "choose",
    "cross_validate",
    "grid_of",
    "search_each",
    "span_sharpes",
    "steadiness",
    "stitch",
    "universe_for",
    "walk_forward",
    "walk_on",
    "wealth_of",
]
