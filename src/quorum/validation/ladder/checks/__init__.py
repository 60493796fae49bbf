"""The checks: what each tier does with its lot of bars.

Promise: every backtest that something is chosen by is counted; numbers come from the lab, none is worked out twice.
In: a Lot, how it is measured, the trials. Out: a Found, or Inconclusive.
Neighbours: composed of `walkforward`, `evidence` and `lookahead`; `ladder.judging` reads what was found.
"""

from quorum.validation.ladder.checks.extended import extended
from quorum.validation.ladder.checks.found import Found
from quorum.validation.ladder.checks.full import full
from quorum.validation.ladder.checks.quick import quick
from quorum.validation.ladder.checks.sanity import sanity
from quorum.validation.ladder.checks.universe import Tested

__all__ = ["Found", "Tested", "extended", "full", "quick", "sanity"]
