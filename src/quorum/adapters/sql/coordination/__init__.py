"""What the coordinator keeps in desk.db: effects, leases, states, ticks, tasks, calls, notices, approvals.

Promise: what is written here commits with the effect that it speaks of, and is written once for its key.
In: the coordinator's values. Out: the ports of `desk`'s subpackages.
Neighbours: over `sql.database`; only `bootstrap` knows it.
"""

__all__: list[str] = []
