"""Binance: past bars of its spot market.

Promise: every closed kline of the span, page by page; the weight that Binance counts is kept below its limit.
In: a Host. Out: BarVendor of `lake.pull`.
Neighbours: asks through `adapters.rest`; `adapters.vendors` knows it.
"""

from quorum.adapters.binance.klines import BinanceKlines, refusal

__all__ = ["BinanceKlines", "refusal"]
