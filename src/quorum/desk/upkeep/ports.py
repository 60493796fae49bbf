"""The doors of upkeep: copies of the databases, and what old runs left in them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import Protocol


class Copies(Protocol):
    """The desk's and the engine's databases as files, to be carried elsewhere."""

    @property
    def kind(self) -> str:
        """What reads the files: sqlite or postgresql."""
        ...

    def take(self, folder: Path, meanwhile: Callable[[], None]) -> None:
        """Write the databases into `folder` as they are at one instant, at which `meanwhile` is called too.

        What they hold is what a kill at that instant would have left. StoreError when one cannot be read.
        """
        ...

    def schema(self, folder: Path) -> str:
        """The schema of the copies in `folder`; WorkspaceError when a newer Quorum made it, StoreError for damage."""
        ...

    def put_back(self, folder: Path, home: Path) -> None:
        """Bring the copies in `folder` into the workspace at `home`, or into the empty database that the desk has."""
        ...


class Leavings(Protocol):
    """What runs that are over left in the desk's database, besides what is kept for good."""

    def runs(self, before: int) -> Sequence[str]:
        """The ids of the runs that were asked for before `before` (ns UTC), oldest first."""
        ...

    def remove(self, before: int, runs: Collection[str], *, dry_run: bool) -> Mapping[str, int]:
        """Remove what is older than `before`, by kind how many: effects of `runs`, agents' tasks and calls,
        deliveries that arrived, ticks.

        A schedule keeps its newest tick, and what is open stays, but for the tasks of `runs`. With `dry_run` they are
        counted only.
        """
        ...
