"""The start of a trading day: feeds, agents, artefacts, drawdown, limits, budget, and whether the pipeline is ready.

Promise: ready only when what it needs was looked at and is sound; what is not built is named, not guessed.
In: the lake, the ledger, the models folder, earlier answers. Out: plain values with units.
Neighbours: works with `lake`, `risk` and the accounts; `table` has the tasks by name.
"""

from quorum.desk.work.daily.artefacts import validate_models
from quorum.desk.work.daily.feeds import verify_data_feeds
from quorum.desk.work.daily.pipeline import check_agents, initialise_pipeline
from quorum.desk.work.daily.risk import daily_risk_budget, drawdown_status, position_limits

__all__ = [
    "check_agents",
    "daily_risk_budget",
    "drawdown_status",
    "initialise_pipeline",
    "position_limits",
    "validate_models",
    "verify_data_feeds",
]
