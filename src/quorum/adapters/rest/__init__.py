"""REST hosts asked with patience: a budget of requests, retries that back off, answers that are JSON.

Promise: an answer is whole or there is none; a host's wish to wait is heeded; no key is in any text.
In: a path and parameters. Out: Answer; DataError when the host stays busy, unreachable or unreadable.
Neighbours: the vendors ask through it and say what an answer means.
"""

from quorum.adapters.rest.answer import PAUSE, Answer, Busy, Refuse, Silent, asked_to_wait, no_bars, refused, words
from quorum.adapters.rest.budget import Budget
from quorum.adapters.rest.host import Host, Session, Terms
from quorum.adapters.rest.rows import page_of

__all__ = [
    "PAUSE",
    "Answer",
    "Budget",
    "Busy",
    "Host",
    "Refuse",
    "Session",
    "Silent",
    "Terms",
    "asked_to_wait",
    "no_bars",
    "page_of",
    "refused",
    "words",
]
