"""When a venue trades, what may be bought there, and in which order a batch leaves.

Promise: the venue's own word, or none at all.
In: a symbol, a batch of orders. Out: instants, an amount, sells and buys.
Neighbours: adapters implement Hours; `desk` asks before it sends.
"""

from quorum.execution.hours.when import Hours, RoundTheClock, VenueClock, sells_first

__all__ = ["Hours", "RoundTheClock", "VenueClock", "sells_first"]
