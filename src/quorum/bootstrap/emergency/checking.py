"""What `quorum doctor` says of halts: by the file, which needs no store."""

from __future__ import annotations

from collections.abc import Iterable

from quorum.adapters.halts import HaltFile
from quorum.desk import Finding, Workspace
from quorum.domain import iso


def check_halts(workspace: Workspace) -> Iterable[Finding]:
    """A finding that is wrong while something is halted; it names each halt, who raised it, and why."""
    standing = HaltFile(workspace.home / "state" / "halts.json").standing()
    told = [
        f"{h.name} ({h.severity.name}) by {h.by}{f' since {iso(h.at)}' if h.at else ''}: {h.reason}" for h in standing
    ]
    yield Finding(
        "halts", not standing, "; ".join(told) or "nothing is halted", "`quorum resume --reason TEXT` ends one"
    )
