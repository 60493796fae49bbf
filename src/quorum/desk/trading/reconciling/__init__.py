"""Reconciliation: an account's orders, fills, holdings and cash against its venue's, in one pass.

Promise: each difference is explained, adopted or cancelled by the policy, or the account is halted with the reason.
In: an account, config/execution.yaml. Out: Reconciled; orders, entries and decisions on record.
Neighbours: `execution.reconcile` compares and decides; every trading turn and the scheduler's rounds ask for it.
"""

from quorum.desk.trading.reconciling.looking import Look, look
from quorum.desk.trading.reconciling.reconcile import Reconciled, Unreached, reconcile, reconcile_all

__all__ = ["Look", "Reconciled", "Unreached", "look", "reconcile", "reconcile_all"]
