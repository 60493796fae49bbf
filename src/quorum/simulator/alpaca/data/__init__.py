"""Alpaca's market data: REST and streams of the market that the run plays."""

from quorum.simulator.alpaca.data.feed import NEWS, PATHS, Feed
from quorum.simulator.alpaca.data.listed import Listed
from quorum.simulator.alpaca.data.market import Market

__all__ = ["NEWS", "PATHS", "Feed", "Listed", "Market"]
