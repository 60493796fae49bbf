"""Venues on loopback that speak real wire protocols, match orders, and fail when they are told to.

Promise: what really happened is journaled before it is answered; the same seed makes the same market and faults.
In: a venue's name, a seed, prices, faults. Out: REST and streams for any client, a journal, doors to steer it.
Neighbours: imports `domain` alone; `bootstrap` starts it for the command line, tests start it for themselves.
"""

from quorum.simulator.faults import MEANINGS, Fault, FaultKind, fault_of, parse_faults, read_faults
from quorum.simulator.serving import Address, Keys, Options
from quorum.simulator.venues import VENUES, running, serve, venue_named

__all__ = [
    "MEANINGS",
    "VENUES",
    "Address",
    "Fault",
    "FaultKind",
    "Keys",
    "Options",
    "fault_of",
    "parse_faults",
    "read_faults",
    "running",
    "serve",
    "venue_named",
]
