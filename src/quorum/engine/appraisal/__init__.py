"""Appraisal: what a backtest amounts to beyond its headline, worked out when asked.

Promise: every number that a tear sheet prints, each with its convention, and what was odd about the bars.
In: a Backtest, another series to compare with. Out: an Appraisal, a Quality.
Neighbours: `stats.metrics` and `lake` have the arithmetic; surfaces print it.
"""

from quorum.engine.appraisal.appraise import Appraisal, appraise
from quorum.engine.appraisal.compare import Benchmark, buy_and_hold, levels_of
from quorum.engine.appraisal.holdings import Contribution, contributions, values_held
from quorum.engine.appraisal.quality import Oddity, Place, Quality, Remark, data_quality

__all__ = [
    "Appraisal",
    "Benchmark",
    "Contribution",
    "Oddity",
    "Place",
    "Quality",
    "Remark",
    "appraise",
    "buy_and_hold",
    "contributions",
    "data_quality",
    "levels_of",
    "values_held",
]
