"""Where things are on this machine: the workspace, the compiled kernels."""

from __future__ import annotations

import os
from functools import lru_cache
from pathlib import Path

from quorum.stats import cache_kernels


def home_of(given: Path | None) -> Path | None:
    """The workspace's folder: the one given, $QUORUM_HOME, or the nearest .quorum or .crypto upwards; else None."""
    if given is not None:
        return given
    named = os.environ.get("QUORUM_HOME")
    if named:
        return Path(named)
    from quorum.desk.workspace import find_workspace

    return find_workspace(Path.cwd())


def default_home() -> Path:
    """Where a new workspace goes when nothing names another place."""
    return home_of(None) or Path.cwd() / ".quorum"


def use_kernel_cache() -> bool:
    """Keep compiled kernels in $XDG_CACHE_HOME, else ~/.cache; False when that is read-only."""
    named = os.environ.get("XDG_CACHE_HOME")
    return _kept_in((Path(named) if named else Path.home() / ".cache") / "quorum" / "kernels")


@lru_cache(maxsize=1)  # the key of the cache reads every source of a kernel, which takes longer than a backtest
def _kept_in(folder: Path) -> bool:
    return cache_kernels(folder)
