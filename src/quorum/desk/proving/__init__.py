"""Validation of the queue in parallel: claim, check in isolated workers, merge, judge, go on.

Promise: nothing is checked twice or lost, whoever dies; every strategy ends with a decision, whichever skill fails.
In: strategies that wait, or those that are named. Out: their next status, a run's record, its files.
Neighbours: `validation.ladder` checks a tier, the Executor runs it; `life` keeps the books, `mending` mends.
"""

from quorum.desk.proving.asked import Asked
from quorum.desk.proving.gates import Gate, determine
from quorum.desk.proving.record import rebuild, statistics
from quorum.desk.proving.skills import Skills, usual
from quorum.desk.proving.validate import parallel_rules, plan, validate
from quorum.desk.proving.waiting import tell_waiting
from quorum.desk.proving.workers import Merged, merge, read_result

__all__ = [
    "Asked",
    "Gate",
    "Merged",
    "Skills",
    "determine",
    "merge",
    "parallel_rules",
    "plan",
    "read_result",
    "rebuild",
    "statistics",
    "tell_waiting",
    "usual",
    "validate",
]
