"""What goes wrong on purpose: at a request, in a stream, at the venue itself.

Promise: the same seed and the same requests make the same faults; each firing is journaled before it acts.
In: a script of faults. Out: the fault that fires at a place, if one does.
Neighbours: `simulator.serving` acts them out.
"""

from quorum.simulator.faults.plan import Faults, Planted
from quorum.simulator.faults.reading import fault_of, parse_faults, read_faults
from quorum.simulator.faults.words import (
    ABSURD,
    ACKED,
    AFTER,
    BEFORE,
    CANCELLING,
    CLOSING,
    LISTED,
    MEANINGS,
    MESSAGE,
    NEEDS_SYMBOL,
    PLACING,
    SHOWN,
    SUMMED,
    VENUE,
    Fault,
    FaultKind,
)

__all__ = [
    "ABSURD",
    "ACKED",
    "AFTER",
    "BEFORE",
    "CANCELLING",
    "CLOSING",
    "LISTED",
    "MEANINGS",
    "MESSAGE",
    "NEEDS_SYMBOL",
    "PLACING",
    "SHOWN",
    "SUMMED",
    "VENUE",
    "Fault",
    "FaultKind",
    "Faults",
    "Planted",
    "fault_of",
    "parse_faults",
    "read_faults",
]
