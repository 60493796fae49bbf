"""A workspace at hand, its lake, its rules, its sources of market data."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from quorum.bootstrap.places import home_of
from quorum.desk import Workspace
from quorum.desk.settings import SourcesFile, read_settings
from quorum.domain import SystemClock, WorkspaceError
from quorum.lake import Lake
from quorum.lake.pull import BarVendor
from quorum.signals import WITHOUT_MODEL, ConsensusRules


def open_workspace(given: Path | None) -> Workspace:
    """The workspace at hand; WorkspaceError when there is none or a newer Quorum made it.

    A folder without workspace.yaml is none, and nothing is put into it.
    """
    home = home_of(given)
    if home is None or not home.is_dir():
        where = f"at {home}" if home else "here or above"
        raise WorkspaceError(f"there is no workspace {where}", "make one with `quorum init`")
    workspace = Workspace(home.resolve())
    workspace.must_be()
    return workspace


def open_lake(workspace: Workspace) -> Lake:
    """The workspace's market data."""
    return Lake(workspace.lake, SystemClock())


def consensus_rules(given: Path | None) -> ConsensusRules:
    """The rules of the vote as the workspace has them; where there is no workspace, of the analysts that can vote."""
    home = home_of(given)
    if home is None or not Workspace(home).made:
        return WITHOUT_MODEL
    return open_workspace(home).settings().consensus.consensus.rules()


def open_vendor(
    workspace: Workspace, source: str, symbol: str, tell: Callable[[str], None], from_trades: bool = False
) -> BarVendor:
    """The source called `source`, ready to be asked for bars of `symbol`; its settings are config/sources.yaml's."""
    from quorum.adapters.keys import Keys
    from quorum.adapters.vendors import Bench, vendor

    settings = read_settings(workspace.config / "sources.yaml", SourcesFile)
    keys = Keys(os.environ, workspace.home)
    return vendor(source, Bench(settings, keys, SystemClock(), symbol, from_trades, tell))
