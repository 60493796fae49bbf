"""Commands of a strategy's life: the queue, validation, retries, meetings, deployment.

Promise: each is a thin face of one use case, with --json and stable exit codes.
In: options. Out: lines or JSON.
Neighbours: `cli.app` registers them.
"""

from quorum.surfaces.cli.life.deploy import deploy, evaluate, pause, resume, retire, undeploy
from quorum.surfaces.cli.life.meeting import meeting
from quorum.surfaces.cli.life.queue import queue
from quorum.surfaces.cli.life.retry import learnings, retry
from quorum.surfaces.cli.life.validate import validate

__all__ = [
    "deploy",
    "evaluate",
    "learnings",
    "meeting",
    "pause",
    "queue",
    "resume",
    "retire",
    "retry",
    "undeploy",
    "validate",
]
