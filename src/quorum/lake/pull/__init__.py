"""Bars from vendors: what is missing is asked for, page after page, and nothing twice.

Promise: a page that came is kept, whatever happens after it; a bar that is not closed never enters the lake.
In: a vendor, a symbol, a timeframe, a period, a clock. Out: bars in the lake, a PullReport.
Neighbours: `adapters` has the vendors; `lake` keeps the bars by the rules of an import.
"""

from quorum.lake.pull.fakes import ShelfVendor
from quorum.lake.pull.pulling import Asked, Progress, PullReport, listed, pull
from quorum.lake.pull.vendor import COLUMNS, BarVendor, Page, Reach

__all__ = ["COLUMNS", "Asked", "BarVendor", "Page", "Progress", "PullReport", "Reach", "ShelfVendor", "listed", "pull"]
