"""What the coordinator keeps in desk.db: effects, leases, states, ticks, runs, tasks, calls, notices, approvals.

Promise: what is written here commits with the effect that it speaks of, and is written once for its key.
In: the coordinator's values. Out: the ports of `desk`'s subpackages.
Neighbours: over `sql.database`; only `bootstrap` knows it.
"""

from quorum.adapters.sql.coordination.approvals import SqlApprovals
from quorum.adapters.sql.coordination.calls import SqlCalls
from quorum.adapters.sql.coordination.leases import Lease, LeaseLost, Leases
from quorum.adapters.sql.coordination.notices import SqlOutbox, SqlPost, insert_notice
from quorum.adapters.sql.coordination.runs import SqlRunBook
from quorum.adapters.sql.coordination.states import SqlStates
from quorum.adapters.sql.coordination.tasks import SqlTaskBook
from quorum.adapters.sql.coordination.ticks import SqlTicks

__all__ = [
    "Lease",
    "LeaseLost",
    "Leases",
    "SqlApprovals",
    "SqlCalls",
    "SqlOutbox",
    "SqlPost",
    "SqlRunBook",
    "SqlStates",
    "SqlTaskBook",
    "SqlTicks",
    "insert_notice",
]
