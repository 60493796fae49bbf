"""Alpaca as clients see it: the trading API, market data, the stream of the account and those of the market.

Promise: paths, shapes, codes and limits as Alpaca's; what is not simulated is refused in its words.
In: requests and frames. Out: JSON, binary frames, msgpack.
Neighbours: `simulator.core` decides what happens; `simulator.venues` knows this venue by its name.
"""

from quorum.simulator.alpaca.venue import ALPACA

__all__ = ["ALPACA"]
