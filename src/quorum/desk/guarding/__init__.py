"""Guarding: what risk looks at around a book, and what is done when a limit is reached.

Promise: every opening order is judged with all that surrounds it; a breaker acts once for each crossing, on record.
In: the desk, an account's transaction, a proposal. Out: Around, what was done, reports with plain facts.
Neighbours: over `risk`; `cycle`, `trading` and the rounds of `bootstrap` call it.
"""

from quorum.desk.guarding.acting import tightened_stops
from quorum.desk.guarding.around import allocation_of, surroundings
from quorum.desk.guarding.clusters import clusters_of
from quorum.desk.guarding.histories import symbol_history
from quorum.desk.guarding.overriding import override, sound_number
from quorum.desk.guarding.prices import price_time, priced
from quorum.desk.guarding.reporting import book_told, check_books, check_strategy, looked, use_told
from quorum.desk.guarding.watching import Watched, accounts_watched, watch_book, watch_books

__all__ = [
    "Watched",
    "accounts_watched",
    "allocation_of",
    "book_told",
    "check_books",
    "check_strategy",
    "clusters_of",
    "looked",
    "override",
    "price_time",
    "priced",
    "sound_number",
    "surroundings",
    "symbol_history",
    "tightened_stops",
    "use_told",
    "watch_book",
    "watch_books",
]
