"""What validation costs, holds and finds: workers, tiers, and the planted benchmark.

Promise: measured through the same tasks and use cases as `quorum validate`; a row is measured or it is not there.
In: nothing; a folder, a seed and how many for the planted ones. Out: Measures; Repairs and Luck.
Neighbours: `bench.planted` makes the strategies; `bench.run` shows the numbers.
"""

from quorum.surfaces.bench.validation.completion import Completion, complete
from quorum.surfaces.bench.validation.limits import limits_held
from quorum.surfaces.bench.validation.luck import Luck, try_luck
from quorum.surfaces.bench.validation.measures import planted_measures, validation
from quorum.surfaces.bench.validation.repairs import Mending, Repairs, mend_planted

__all__ = [
    "Completion",
    "Luck",
    "Mending",
    "Repairs",
    "complete",
    "limits_held",
    "mend_planted",
    "planted_measures",
    "try_luck",
    "validation",
]
