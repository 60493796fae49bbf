"""The commands around execution: venues, orders, emergencies."""

from quorum.surfaces.cli.execution.emergency import cancel_all, close_all, follow_halts, halt, resume_trading
from quorum.surfaces.cli.execution.money import account
from quorum.surfaces.cli.execution.risk import risk
from quorum.surfaces.cli.execution.sim import sim
from quorum.surfaces.cli.execution.trade import trade

__all__ = [
    "account",
    "cancel_all",
    "close_all",
    "follow_halts",
    "halt",
    "resume_trading",
    "risk",
    "sim",
    "trade",
]
