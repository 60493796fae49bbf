"""The tasks of validation: what waits, the run over it, and how it ended.

Promise: a task calls the same use case as the command; asked twice for one occasion it validates nothing twice.
In: assignments. Out: answers as plain values.
Neighbours: `desk.proving` does the work.
"""

from quorum.desk.work.proving.validating import JOBS

__all__ = ["JOBS"]
