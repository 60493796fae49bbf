"""Stopping: open orders ended, positions closed, until an account is flat or it is said why not.

Promise: what the venue refuses is tried again until the deadline; one closing order a symbol, never two.
In: a Broker, a Sender, a deadline. Out: what was cancelled, what was closed, and why the rest was not.
Neighbours: over `sender`; `bootstrap.emergency` calls it in a process of its own.
"""

from quorum.execution.stopping.cancelling import Cancelled, Entries, Everything, Which, cancel_open
from quorum.execution.stopping.closing import Close, Closed, Closer, close_positions, unanswered
from quorum.execution.stopping.leaving import Hears, Leaving, Ours, Quoted
from quorum.execution.stopping.written import Told, Written, written

__all__ = [
    "Cancelled",
    "Close",
    "Closed",
    "Closer",
    "Entries",
    "Everything",
    "Hears",
    "Leaving",
    "Ours",
    "Quoted",
    "Told",
    "Which",
    "Written",
    "cancel_open",
    "close_positions",
    "unanswered",
    "written",
]
