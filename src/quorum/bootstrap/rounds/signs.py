"""Signs that something is wrong with the processes and places of a desk."""

from __future__ import annotations

import shutil
from collections.abc import Sequence

from quorum.bootstrap.stores import engine_place
from quorum.bootstrap.worker import workers_of
from quorum.desk import Workspace
from quorum.desk.system.watching import Signs

LEAST_FREE = 64_000_000


def signs_of(workspace: Workspace) -> Signs:
    """The signs of a workspace: nobody runs workflows, the engine's file takes no writes, the disk is nearly full."""

    works = workers_of(workspace)

    def signs() -> Sequence[str]:
        found = [] if works() else ["no worker is at work"]
        refusal = _refusal(workspace)
        free = shutil.disk_usage(workspace.home).free
        full = [f"only {free / 1e6:.0f} MB are free at {workspace.home}"] if free < LEAST_FREE else []
        return [*found, *([refusal] if refusal else []), *full]

    return signs


def _refusal(workspace: Workspace) -> str:
    """What the engine's own file says to who wants to write; on a server the engine is where the desk is."""
    from quorum.adapters.dbos import refusal

    place = engine_place(workspace)
    return "" if isinstance(place, str) else refusal(place)
