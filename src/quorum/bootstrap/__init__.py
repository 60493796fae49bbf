"""The composition root: the one place that reads the environment and knows the adapters.

Promise: what a caller asks for comes put together; only what it needs is imported.
In: a workspace's folder, the environment. Out: a Desk, a lake, a venue, executors, what a backtest needs.
Neighbours: everything but surfaces lies below; surfaces ask here and never see an adapter.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from quorum.bootstrap.desk import open_channels, open_desk, schema_of, serve_broker
    from quorum.bootstrap.emergency import cancel_everywhere, close_everywhere, halt_trading
    from quorum.bootstrap.emergency.checking import check_halts
    from quorum.bootstrap.executors import open_cluster, open_elsewhere, open_executor, open_pool
    from quorum.bootstrap.lab import open_lab, open_trials, read_bars
    from quorum.bootstrap.places import default_home, home_of, use_kernel_cache
    from quorum.bootstrap.roles import ROLES, run_role, run_up
    from quorum.bootstrap.simulation import fault_meanings, serve_simulation
    from quorum.bootstrap.stores import open_copies, open_leavings, set_up_logs, sharing
    from quorum.bootstrap.worker import Worker, open_hands, open_worker, works_elsewhere
    from quorum.bootstrap.workers import run_task, serve_agents, serve_only, serve_tasks
    from quorum.bootstrap.workspaces import consensus_rules, open_lake, open_vendor, open_workspace

_HOMES = {
    "desk": ("open_channels", "open_desk", "schema_of", "serve_broker"),
    "emergency": ("cancel_everywhere", "close_everywhere", "halt_trading"),
    "emergency.checking": ("check_halts",),
    "executors": ("open_cluster", "open_elsewhere", "open_executor", "open_pool"),
    "lab": ("open_lab", "open_trials", "read_bars"),
    "places": ("default_home", "home_of", "use_kernel_cache"),
    "simulation": ("fault_meanings", "serve_simulation"),
    "stores": ("open_copies", "open_leavings", "set_up_logs", "sharing"),
    "worker": ("Worker", "open_hands", "open_worker", "works_elsewhere"),
    "workers": ("run_task", "serve_agents", "serve_only", "serve_tasks"),
    "roles": ("ROLES", "run_role", "run_up"),
    "workspaces": ("consensus_rules", "open_lake", "open_vendor", "open_workspace"),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}

__all__ = [
    "ROLES",
    "Worker",
    "cancel_everywhere",
    "check_halts",
    "close_everywhere",
    "consensus_rules",
    "default_home",
    "fault_meanings",
    "halt_trading",
    "home_of",
    "open_channels",
    "open_cluster",
    "open_copies",
    "open_desk",
    "open_elsewhere",
    "open_executor",
    "open_hands",
    "open_lab",
    "open_lake",
    "open_leavings",
    "open_pool",
    "open_trials",
    "open_vendor",
    "open_worker",
    "open_workspace",
    "read_bars",
    "run_role",
    "run_task",
    "run_up",
    "schema_of",
    "serve_agents",
    "serve_broker",
    "serve_only",
    "serve_simulation",
    "serve_tasks",
    "set_up_logs",
    "sharing",
    "use_kernel_cache",
    "works_elsewhere",
]


def __getattr__(name: str) -> Any:
    """The part called `name`, its file imported now: all of them together take longer than a backtest."""
    if name not in _HOME_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME_OF[name]}"), name)
