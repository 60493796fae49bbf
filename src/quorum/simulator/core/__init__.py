"""An exchange without a venue's words: tickets in, events out, state that is the sum of its journal.

Promise: price before time, no fill beyond a limit, money and holdings to the last unit; a restart goes on exactly.
In: listings, prices, a clock, hours, a journal. Out: placed orders, fills, refusals with a reason and facts.
Neighbours: the venues of `simulator` speak for it; `simulator.serving` gives it prices.
"""

from quorum.simulator.core.events import (
    KINDS,
    Accepted,
    Adjusted,
    Declined,
    Ended,
    Event,
    Fired,
    Marked,
    Noted,
    Opened,
    Sized,
    Suspended,
    Traded,
    Trailed,
    Triggered,
    written,
)
from quorum.simulator.core.exchange import ON_REQUEST, Exchange, changed
from quorum.simulator.core.floor import Floor
from quorum.simulator.core.hours import NEW_YORK, Always, Hours, NewYork, Session, is_awake, is_open
from quorum.simulator.core.journal import FileJournal, Happened, Journal, MemoryJournal, read_journal, replayed
from quorum.simulator.core.means import Means, Terms
from quorum.simulator.core.words import Kind, Life, Listing, Mode, Placed, Reason, Refused, State, Ticket, Top

__all__ = [
    "KINDS",
    "NEW_YORK",
    "ON_REQUEST",
    "Accepted",
    "Adjusted",
    "Always",
    "Declined",
    "Ended",
    "Event",
    "Exchange",
    "FileJournal",
    "Fired",
    "Floor",
    "Happened",
    "Hours",
    "Journal",
    "Kind",
    "Life",
    "Listing",
    "Marked",
    "Means",
    "MemoryJournal",
    "Mode",
    "NewYork",
    "Noted",
    "Opened",
    "Placed",
    "Reason",
    "Refused",
    "Session",
    "Sized",
    "State",
    "Suspended",
    "Terms",
    "Ticket",
    "Top",
    "Traded",
    "Trailed",
    "Triggered",
    "changed",
    "is_awake",
    "is_open",
    "read_journal",
    "replayed",
    "written",
]
