"""Binance simulated: its public market data, REST and streams, generated or from recordings.

Promise: payloads, weights, error codes and the rules of connections are those of the spot venue.
In: a run. Out: /api/v3, /ws, /stream. Neighbours: `simulator.public` makes what is shown.
"""

from quorum.simulator.binance.venue import BINANCE

__all__ = ["BINANCE"]
