"""Upkeep: backup and restore, what is removed when it is over, the log, what the doctor asks of a coordinator.

Promise: a backup is what a kill at one instant would have left; what is restored has been compared with its hashes.
In: a workspace, its databases by the port Copies, its runs. Out: files, reports, log lines.
Neighbours: asks the engine by the port of `workflows`; `adapters.sql` copies the databases, `adapters.logs` writes.
"""

from quorum.desk.upkeep.backup import Backup, Restored, audited, back_up, restore
from quorum.desk.upkeep.checks import check_coordinator
from quorum.desk.upkeep.logbook import Wanted, follow_logs, read_logs, since
from quorum.desk.upkeep.ports import Copies, Leavings
from quorum.desk.upkeep.prune import Pruned, days_before, prune

__all__ = [
    "Backup",
    "Copies",
    "Leavings",
    "Pruned",
    "Restored",
    "Wanted",
    "audited",
    "back_up",
    "check_coordinator",
    "days_before",
    "follow_logs",
    "prune",
    "read_logs",
    "restore",
    "since",
]
