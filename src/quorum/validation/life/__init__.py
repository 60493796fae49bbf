"""The life of a strategy: its statuses, the moves between them, and the queue that keeps both.

Promise: one table of moves; a move that is not in it is refused, and each is kept with its reason.
In: ideas. Out: candidates under STR-001 and on, their moves, the results of their tiers.
Neighbours: `ladder` judges them; `desk.life` keeps the books; the store is an adapter.
"""

from quorum.validation.life.candidate import Candidate, Idea, Move, number_in
from quorum.validation.life.ports import Results, StrategyQueue
from quorum.validation.life.status import DEPLOYED, MOVES, OUT, OVER, VALIDATING, Status, check_move

__all__ = [
    "DEPLOYED",
    "MOVES",
    "OUT",
    "OVER",
    "VALIDATING",
    "Candidate",
    "Idea",
    "Move",
    "Results",
    "Status",
    "StrategyQueue",
    "check_move",
    "number_in",
]
