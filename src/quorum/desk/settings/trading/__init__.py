"""The settings of trading: accounts, venues, limits, and what execution takes.

Promise: every key has its default and an effect; what is wrong is refused at its place.
In: accounts.yaml, execution.yaml and risk.yaml. Out: frozen models.
Neighbours: `desk.settings` gives them out; `execution` and `risk` own what the values mean.
"""

from quorum.desk.settings.trading.accounts import AccountSection, AccountsFile
from quorum.desk.settings.trading.execution import ExecutionFile, VenueSection
from quorum.desk.settings.trading.reconciliation import ReconciliationSection
from quorum.desk.settings.trading.risk import RISK_YAML, DeskSection, LimitsSection, RiskFile

__all__ = [
    "RISK_YAML",
    "AccountSection",
    "AccountsFile",
    "DeskSection",
    "ExecutionFile",
    "LimitsSection",
    "ReconciliationSection",
    "RiskFile",
    "VenueSection",
]
