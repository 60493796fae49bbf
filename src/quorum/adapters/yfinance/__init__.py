"""Yahoo Finance through the library yfinance: past bars of shares, funds, indices, currencies and crypto pairs.

Promise: prices as they were paid, adjusted for splits and for nothing else; a restated past is pulled again.
In: a ticker, an interval, a period. Out: BarVendor of `lake.pull`; ConfigError where the extra is not installed.
Neighbours: `adapters.vendors` knows it; the library is imported when it is asked.
"""

from quorum.adapters.yfinance.bars import Download, YahooBars
from quorum.adapters.yfinance.library import download_with, has_library

__all__ = ["Download", "YahooBars", "download_with", "has_library"]
