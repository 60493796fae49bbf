"""The look-ahead and repaint detector.

Promise: a strategy that sees the future, rewrites its past or cannot be trusted to run is named, column and first row.
In: a strategy, its parameters, bars of one's own or made-up markets. Out: an Examination.
Neighbours: trades through `engine.backtest`; the command runs it in a process with a deadline.
"""

from quorum.validation.lookahead.effort import Effort
from quorum.validation.lookahead.examine import examine, undecided, witness
from quorum.validation.lookahead.markets import markets_for
from quorum.validation.lookahead.verdict import Clean, Examination, Finding, Leaks, Unfit

__all__ = [
    "Clean",
    "Effort",
    "Examination",
    "Finding",
    "Leaks",
    "Unfit",
    "examine",
    "markets_for",
    "undecided",
    "witness",
]
