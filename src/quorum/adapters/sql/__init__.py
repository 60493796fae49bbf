"""The store: desk.db by SQLAlchemy Core, its schema by Alembic.

Promise: what a write transaction committed survives a kill; two on one database never overlap.
In: choices, intents, events, fills, trials. Out: DecisionLog, UnitOfWork, Trials, rows for the audit.
Neighbours: implements ports of `domain` and `engine`; only `bootstrap` knows it.
"""

from quorum.adapters.sql.accounts import SqlAccounts
from quorum.adapters.sql.database import HEAD, Database
from quorum.adapters.sql.decisions import Provenance, SqlDecisionLog
from quorum.adapters.sql.orders import SqlOrders
from quorum.adapters.sql.trials import SqlTrials

__all__ = ["HEAD", "Database", "Provenance", "SqlAccounts", "SqlDecisionLog", "SqlOrders", "SqlTrials"]
