"""The warm pool: workers that wait for calls from any thread, one task at a time each.

Promise: a call ends by its deadline, whatever its task does; a worker that is lost costs its own call only.
In: names of tasks, payloads, deadlines. Out: Done or Lost.
Neighbours: over `process.workers`; only `bootstrap` knows it.
"""

from quorum.adapters.process.pool.pool import Pool

__all__ = ["Pool"]
