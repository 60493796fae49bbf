"""The commands around execution: venues, orders, emergencies."""

from quorum.surfaces.cli.execution.sim import sim

__all__ = ["sim"]
