"""Venues on loopback that speak real wire protocols: trading at Alpaca, public market data of Binance and Kraken.

Promise: what really happened is journaled before it is answered; the same seed makes the same market and faults.
In: a venue's name, a seed, prices or a recording, faults. Out: REST and streams for any client, a journal, control.
Neighbours: imports `domain` alone; `bootstrap` starts it for the command line, tests start it for themselves.
"""

from quorum.simulator.core import Happened, read_journal
from quorum.simulator.faults import MEANINGS, Fault, FaultKind, fault_of, parse_faults, read_faults
from quorum.simulator.serving import Address, Keys, Options
from quorum.simulator.venues import VENUES, running, serve, venue_named

__all__ = [
    "MEANINGS",
    "VENUES",
    "Address",
    "Fault",
    "FaultKind",
    "Happened",
    "Keys",
    "Options",
    "fault_of",
    "parse_faults",
    "read_faults",
    "read_journal",
    "running",
    "serve",
    "venue_named",
]
