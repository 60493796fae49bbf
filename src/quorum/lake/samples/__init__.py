"""Bars that are always at hand: those that come with Python packages, and made-up markets from a seed.

Promise: the same name or seed gives the same bars, on every machine, without a network.
In: a name, or a seed and a span. Out: Bars.
Neighbours: the demo, the benchmarks and the tests take their markets from here.
"""

from quorum.lake.samples.packaged import index_bars, sample_bars, stock_closes
from quorum.lake.samples.synthetic import synthetic_market

__all__ = ["index_bars", "sample_bars", "stock_closes", "synthetic_market"]
