"""What the coordinator keeps in desk.db: effects, leases, states, ticks, runs, tasks, calls, notices, approvals.

Promise: what is written here commits with the effect that it speaks of, and is written once for its key.
In: the coordinator's values. Out: the ports of `desk`'s subpackages, each loaded when it is first asked for.
Neighbours: over `sql.database`; only `bootstrap` knows it.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from quorum.adapters.sql.coordination.approvals import SqlApprovals
    from quorum.adapters.sql.coordination.calls import SqlCalls
    from quorum.adapters.sql.coordination.leases import Lease, LeaseLost, Leases
    from quorum.adapters.sql.coordination.notices import SqlOutbox, SqlPost, insert_notice
    from quorum.adapters.sql.coordination.runs import SqlRunBook
    from quorum.adapters.sql.coordination.states import SqlStates
    from quorum.adapters.sql.coordination.tasks import SqlTaskBook
    from quorum.adapters.sql.coordination.ticks import SqlTicks

_HOMES = {
    "approvals": ("SqlApprovals",),
    "calls": ("SqlCalls",),
    "leases": ("Lease", "LeaseLost", "Leases"),
    "notices": ("SqlOutbox", "SqlPost", "insert_notice"),
    "runs": ("SqlRunBook",),
    "states": ("SqlStates",),
    "tasks": ("SqlTaskBook",),
    "ticks": ("SqlTicks",),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}

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


def __getattr__(name: str) -> Any:
    if name not in _HOME_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME_OF[name]}"), name)
