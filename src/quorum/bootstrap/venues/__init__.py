"""The venues of a workspace's accounts.

Promise: each account's venue is opened once, when it is first asked for, and tells time by its caller's clock.
In: a workspace with its settings, a lake, the store. Out: Broker, Clockwork, TradeUpdates.
Neighbours: `bootstrap.desk` gives them to the desk.
"""

from quorum.bootstrap.venues.doors import Venues, listens, socket_of

__all__ = ["Venues", "listens", "socket_of"]
