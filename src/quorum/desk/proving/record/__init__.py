"""The record of runs: how each grows, whether it lives, what all of them took, and the files that show it.

Promise: the store is the truth, the files are made from it; a dead run is known as one.
In: what happens in a run. Out: records, run files, metrics.
Neighbours: the books of `desk.life` keep it; `validate` writes it.
"""

from quorum.desk.proving.record.alive import Lock, lives
from quorum.desk.proving.record.files import metrics, rebuild, show
from quorum.desk.proving.record.journal import (
    ERROR,
    FAILED,
    INCONCLUSIVE,
    PASSED,
    TIMEOUT,
    VERDICTS,
    Journal,
    beating,
)
from quorum.desk.proving.record.statistics import statistics

__all__ = [
    "ERROR",
    "FAILED",
    "INCONCLUSIVE",
    "PASSED",
    "TIMEOUT",
    "VERDICTS",
    "Journal",
    "Lock",
    "beating",
    "lives",
    "metrics",
    "rebuild",
    "show",
    "statistics",
]
