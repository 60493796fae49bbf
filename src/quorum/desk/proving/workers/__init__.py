"""The workers of a tier: tries, how each ended, who is slow, and fresh ones for those that died.

Promise: every try has an outcome, within its limits; an answer that cannot be read is told with its place.
In: claims. Out: endings.
Neighbours: over the Executor; `validate` gives them out and settles what comes back.
"""

from quorum.desk.proving.workers.chart import Chart
from quorum.desk.proving.workers.outcomes import (
    Answered,
    Claim,
    Ended,
    Exit,
    Merged,
    Try,
    Unanswered,
    Work,
    line,
    merge,
    read_result,
    together_seconds,
)
from quorum.desk.proving.workers.racing import Crew

__all__ = [
    "Answered",
    "Chart",
    "Claim",
    "Crew",
    "Ended",
    "Exit",
    "Merged",
    "Try",
    "Unanswered",
    "Work",
    "line",
    "merge",
    "read_result",
    "together_seconds",
]
