"""The durable engine: DBOS on workflows.db or PostgreSQL.

Promise: a step whose answer was kept is never run again; nothing but a worker that holds its slot runs workflows.
In: one body that interprets requests. Out: Durable and Workflows of `desk.workflows`.
Neighbours: only `bootstrap` knows it; effects that must happen once commit in `adapters.sql`.
"""

from quorum.adapters.dbos.bare import run_bare
from quorum.adapters.dbos.client import DbosWorkflows
from quorum.adapters.dbos.engine import Body, Engine
from quorum.adapters.dbos.system import open_system, refusal

__all__ = ["Body", "DbosWorkflows", "Engine", "open_system", "refusal", "run_bare"]
