"""What it costs to check, send, halt and flatten, and whether what must never happen does.

Promise: measured on the values and doors that the desk itself uses; a row is measured or it is not there.
In: nothing. Out: Measures.
Neighbours: `bench.run` shows the numbers; the longer runs are slow tests.
"""

from __future__ import annotations

from quorum.surfaces.bench.execution.crowd import crowd
from quorum.surfaces.bench.execution.faults import faults
from quorum.surfaces.bench.execution.killing import killing
from quorum.surfaces.bench.execution.precheck import precheck
from quorum.surfaces.bench.execution.sequences import sequences
from quorum.surfaces.bench.execution.wire import wire
from quorum.surfaces.bench.measure import Measure

__all__ = ["crowd", "execution", "faults", "killing", "precheck", "sequences", "wire"]


def execution() -> list[Measure]:
    """All of it; the fault schedules and the sequences are samples, whose whole is in `make test-slow`."""
    return [*precheck(), *wire(), *killing(), *crowd(), *sequences(), *faults()]
