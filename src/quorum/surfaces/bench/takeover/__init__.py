"""A worker that is lost, and how soon another goes on with its work: real processes over one PostgreSQL.

Promise: killed or frozen amid a step, its run is done elsewhere, each step and each effect once.
In: how often, how long a lease lasts, the database that this process has. Out: seconds, a Measure.
Neighbours: `bench.desk` shows the number; the tests lose workers in the same way.
"""

from quorum.surfaces.bench.takeover.losses import Lost, lost_workers, takeovers
from quorum.surfaces.bench.takeover.workers import AtWork, ask, check_run, two_at_work, until

__all__ = ["AtWork", "Lost", "ask", "check_run", "lost_workers", "takeovers", "two_at_work", "until"]
