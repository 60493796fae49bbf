"""Benchmarks: the numbers that Quorum promises, measured beside a floor in the same run.

Promise: CPU seconds, medians, with the machine's facts; a target missed is shown as missed.
In: names of benchmarks. Out: a BenchReport.
Neighbours: runs the public surface as a user would; cli prints and stores what it found.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from quorum.surfaces.bench.measure import BenchReport, Measure
    from quorum.surfaces.bench.run import BENCHES, run_benches

__all__ = ["BENCHES", "BenchReport", "Measure", "run_benches"]


def __getattr__(name: str) -> Any:
    """The part called `name`: all of the house is loaded with the first, and not with a file beside them."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from quorum.surfaces.bench import measure, run

    return getattr(run, name) if name in ("BENCHES", "run_benches") else getattr(measure, name)
