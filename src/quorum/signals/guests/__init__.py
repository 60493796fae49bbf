"""Strategies from outside: found by entry point or by path, watched, and hashed.

Promise: one that is broken is one clear error and stops no other; whatever it raises names strategy, symbol and bar.
In: the entry points of `quorum.strategies`, a path as ./my_rule.py or ./my_rule.py:NAME, or an object.
Out: Guests, which are Strategies and Portfolios like any other; the hash of the files that they were written in.
"""

from quorum.signals.guests.guest import Guest, GuestPortfolio, failure, guard, is_ours
from quorum.signals.guests.loading import GROUP, guests, is_path, load_path
from quorum.signals.guests.origin import Origin, origin, origin_hash

__all__ = [
    "GROUP",
    "Guest",
    "GuestPortfolio",
    "Origin",
    "failure",
    "guard",
    "guests",
    "is_ours",
    "is_path",
    "load_path",
    "origin",
    "origin_hash",
]
