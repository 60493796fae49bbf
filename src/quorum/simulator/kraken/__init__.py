"""Kraken simulated: its public market data, REST and both protocols of its streams, generated or from recordings.

Promise: names, numbers, acknowledgements and checksums are those of the venue.
In: a run. Out: /0/public, /v2 and the first protocol at the root. Neighbours: `simulator.public` makes what is shown.
"""

from quorum.simulator.kraken.venue import KRAKEN

__all__ = ["KRAKEN"]
