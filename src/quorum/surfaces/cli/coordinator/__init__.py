"""The coordinator's commands: workflows, agents, approvals, notices, schedules, upkeep.

Promise: each is a thin face of one use case, with --json and stable exit codes.
In: options. Out: lines or JSON.
Neighbours: `cli.app` registers them.
"""

from quorum.surfaces.cli.coordinator.agents import agents
from quorum.surfaces.cli.coordinator.approvals import approvals, approve, reject
from quorum.surfaces.cli.coordinator.notices import notices
from quorum.surfaces.cli.coordinator.running import status, up
from quorum.surfaces.cli.coordinator.schedule import schedule
from quorum.surfaces.cli.coordinator.upkeep import backup, logs, prune, restore
from quorum.surfaces.cli.coordinator.workflows import workflow

__all__ = [
    "agents",
    "approvals",
    "approve",
    "backup",
    "logs",
    "notices",
    "prune",
    "reject",
    "restore",
    "schedule",
    "status",
    "up",
    "workflow",
]
