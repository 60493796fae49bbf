"""Ray: the executor whose workers stand on the nodes of a cluster.

Promise: a task is held to the same limits as in a process of this machine; `ray` is loaded when the first task runs.
In: payloads as JSON. Out: Executor of `domain`.
Neighbours: each node's tasks run in workers of `process`; only `bootstrap` knows it. Needs the extra `quorum[ray]`.
"""

from quorum.adapters.ray.executor import RayExecutor

__all__ = ["RayExecutor"]
