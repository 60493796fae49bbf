"""The planted benchmark: strategies of which it is known whether they are sound, and what is wrong with them.

Promise: a sound one has a true net Sharpe ratio of 2.5 at the default terms, which `truth` measures; a seed says all.
In: a seed, how many. Out: Cases, each an idea with its market; `plant` puts the markets into a lake.
Neighbours: generated before any fix was written; `bench.validation` runs them through the ladder and the retries.
"""

from quorum.surfaces.bench.planted.cases import DEVELOPMENT, TEST, Case, Group, planted
from quorum.surfaces.bench.planted.faults import FAULTS, Fault
from quorum.surfaces.bench.planted.ground import plant
from quorum.surfaces.bench.planted.kinds import KINDS, TRUE_SHARPE, Kind, shape_of
from quorum.surfaces.bench.planted.strengths import STRENGTHS
from quorum.surfaces.bench.planted.truth import Truth, truth

__all__ = [
    "DEVELOPMENT",
    "FAULTS",
    "KINDS",
    "STRENGTHS",
    "TEST",
    "TRUE_SHARPE",
    "Case",
    "Fault",
    "Group",
    "Kind",
    "Truth",
    "plant",
    "planted",
    "shape_of",
    "truth",
]
