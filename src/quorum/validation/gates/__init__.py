"""Gates: what a tier asks of the evidence, and how often luck and skill get through.

Promise: one table; pure; what cannot be read is inconclusive and never passes.
In: metrics by name. Out: a Judgement with its rows and its verdict.
Neighbours: reads `evidence`; `desk` acts on the verdict.
"""

from quorum.validation.gates.simulation import GateRates, Rate, simulate_gates
from quorum.validation.gates.table import L2, Gate, Judged, Judgement, Weight, judge

__all__ = ["L2", "Gate", "GateRates", "Judged", "Judgement", "Rate", "Weight", "judge", "simulate_gates"]
