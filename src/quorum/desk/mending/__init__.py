"""Auto-retry: a strategy that failed a tier is mended by fixes, or rejected; both are learnt from.

Promise: nothing is changed without a backup, no attempt goes uncounted, and what breaks here is one rejection.
In: a strategy that failed. Out: one that passes its tier with other parameters, or the reason why not.
Neighbours: `validation.repair` decides, workers look and check; `proving` asks for it, `life` keeps and shows.
"""

from quorum.desk.mending.learning import learn
from quorum.desk.mending.mend import SKILL, Mended, abandoned, retry, retry_waiting, waiting
from quorum.desk.mending.tools import Analysis, analyse, analyse_strategy, apply_fix, find_fix, track

__all__ = [
    "SKILL",
    "Analysis",
    "Mended",
    "abandoned",
    "analyse",
    "analyse_strategy",
    "apply_fix",
    "find_fix",
    "learn",
    "retry",
    "retry_waiting",
    "track",
    "waiting",
]
