"""Kraken: past bars of its spot market, and older ones made of its trades.

Promise: a bar made of trades equals the venue's own; a bar that the venue has not committed is left out.
In: a Host. Out: BarVendor of `lake.pull`.
Neighbours: asks through `adapters.rest`; `adapters.vendors` knows it.
"""

from quorum.adapters.kraken.candles import Candles, Print
from quorum.adapters.kraken.ohlc import KrakenOhlc
from quorum.adapters.kraken.trades import KrakenTrades
from quorum.adapters.kraken.words import pair, refusal

__all__ = ["Candles", "KrakenOhlc", "KrakenTrades", "Print", "pair", "refusal"]
