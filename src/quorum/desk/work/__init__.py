"""The tasks that agents do: what a workflow's steps ask for, each with the room's function that does it.

Promise: a task ends in real work, or says why it cannot be had; its answer has the keys that it promises.
In: a desk and an assignment. Out: plain JSON values.
Neighbours: sits on every room below; `agents` says who does which task, `workflows` asks for them.
"""

from quorum.desk.work.assignment import Assignment, Job, Place, Unavailable, Work
from quorum.desk.work.table import ENTRIES, TASKS, run_task

__all__ = ["ENTRIES", "TASKS", "Assignment", "Job", "Place", "Unavailable", "Work", "run_task"]
