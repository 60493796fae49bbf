"""The specialists of the desk: who they are, and who stands in for whom.

Promise: every specialist is here once, under one name; every other name for it is an alias.
In: a name as it is written anywhere. Out: agents, rows of the routing table, suites.
Neighbours: `settings` lets a workspace add its own; `work` has what their tasks do.
"""

from quorum.desk.agents.roster.agent import Agent, Seat, spelled
from quorum.desk.agents.roster.registry import AGENTS, COORDINATOR, GENERAL, known_tasks, named
from quorum.desk.agents.roster.routes import ROUTES, SUBSTITUTIONS, Priority, Route, Substitution
from quorum.desk.agents.roster.suites import SUITES, Suite, SuiteTask
from quorum.desk.agents.roster.text import AGENTS_YAML

__all__ = [
    "AGENTS",
    "AGENTS_YAML",
    "COORDINATOR",
    "GENERAL",
    "ROUTES",
    "SUBSTITUTIONS",
    "SUITES",
    "Agent",
    "Priority",
    "Route",
    "Seat",
    "Substitution",
    "Suite",
    "SuiteTask",
    "known_tasks",
    "named",
    "spelled",
]
