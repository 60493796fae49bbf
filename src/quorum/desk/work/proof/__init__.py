"""Proof: windows, the walk forward over them, how still its parameters hold, and the report that decides.

Promise: every combination is a counted trial; each task goes on from the very bars and choices of the one before.
In: a strategy, a plan, the answers of earlier tasks. Out: plain values that the decision point reads.
Neighbours: works with `engine` and `validation`; `table` has the tasks by name.
"""

from quorum.desk.work.proof.report import validation_report
from quorum.desk.work.proof.walking import parameter_stability, walk_forward
from quorum.desk.work.proof.windows import data_windows

__all__ = ["data_windows", "parameter_stability", "validation_report", "walk_forward"]
