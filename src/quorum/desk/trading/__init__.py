"""Trading: the use cases around orders that leave, holdings that are kept, and books that must be right.

Promise: nothing opens while books and venue differ without an explanation, or while a halt stands.
In: the desk's parts. Out: what was done, as values with plain facts.
Neighbours: over `risk` and `execution`; `surfaces` show it, `bootstrap` does it in rounds.
"""

from quorum.desk.trading.reconciling import Reconciled, Unreached, reconcile, reconcile_all

__all__ = ["Reconciled", "Unreached", "reconcile", "reconcile_all"]
