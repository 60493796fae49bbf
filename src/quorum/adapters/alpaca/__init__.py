"""Alpaca: past bars of US shares and of crypto pairs.

Promise: every bar of the feed that is named in the settings, adjusted as they say; keys stay hidden.
In: a Host that signs with the keys. Out: BarVendor of `lake.pull`.
Neighbours: asks through `adapters.rest`; `adapters.vendors` knows it.
"""

from quorum.adapters.alpaca.bars import AlpacaBars, is_pair, refusal

__all__ = ["AlpacaBars", "is_pair", "refusal"]
