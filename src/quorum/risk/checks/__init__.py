"""The single limits: each looks at one thing and leaves a Check.

Promise: every limit that applies is looked at, whether it binds or not; none changes anything.
In: what is asked, and what lies around it. Out: Checks, and the reasons of those that stop.
Neighbours: `risk.assess` puts them together; they know `domain` and the values of this room.
"""

from quorum.risk.checks.ask import Ask
from quorum.risk.checks.book import book_checks, smallest
from quorum.risk.checks.losses import loss_checks
from quorum.risk.checks.orders import duplicate, order_checks
from quorum.risk.checks.rooms import cluster_exposure, room_checks, sector_exposure
from quorum.risk.checks.wide import spent, wide_checks
from quorum.risk.checks.words import DESK, reasons

__all__ = [
    "DESK",
    "Ask",
    "book_checks",
    "cluster_exposure",
    "duplicate",
    "loss_checks",
    "order_checks",
    "reasons",
    "room_checks",
    "sector_exposure",
    "smallest",
    "spent",
    "wide_checks",
]
