"""Benchmarks: the numbers that Quorum promises, measured beside a floor in the same run.

Promise: CPU seconds, medians, with the machine's facts; a target missed is shown as missed.
In: names of benchmarks. Out: a BenchReport.
Neighbours: runs the public surface as a user would; cli prints and stores what it found.
"""

from quorum.surfaces.bench.measure import BenchReport, Measure
from quorum.surfaces.bench.run import BENCHES, run_benches

__all__ = ["BENCHES", "BenchReport", "Measure", "run_benches"]
