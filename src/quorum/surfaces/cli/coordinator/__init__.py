"""The coordinator's commands: workflows, agents, approvals, notices, schedules, upkeep.

Promise: each is a thin face of one use case, with --json and stable exit codes.
In: options. Out: lines or JSON.
Neighbours: `cli.app` registers them.
"""

from quorum.surfaces.cli.coordinator.workflows import workflow

__all__ = ["workflow"]
