"""Market data at rest: frozen bars, every revision of them, and what is wrong with them.

Promise: a row of a file is a bar, a duplicate, or set aside with its reason; no bar is ever overwritten.
In: Parquet and CSV files, a folder, a clock. Out: Bars by BarSource; reports of imports, gaps, flags, quarantine.
Neighbours: domain below; features, signals and engine take Bars from here. Polars and pandas load when needed.
"""

from quorum.lake.bars import Bars, BarSource
from quorum.lake.calendars import CALENDARS, Gap
from quorum.lake.fakes import MemoryLake
from quorum.lake.panel import Panel, PanelRow
from quorum.lake.quality import Fault, Findings, Outlier, Run
from quorum.lake.reports import CheckReport, ImportReport, Revised, SeriesInfo, Skipped, SymbolReport
from quorum.lake.samples import index_bars, sample_bars, stock_closes, synthetic_market
from quorum.lake.schema import ImportOptions, NotBars
from quorum.lake.store import Lake
from quorum.lake.tables import Rejected

__all__ = [
    "CALENDARS",
    "BarSource",
    "Bars",
    "CheckReport",
    "Fault",
    "Findings",
    "Gap",
    "ImportOptions",
    "ImportReport",
    "Lake",
    "MemoryLake",
    "NotBars",
    "Outlier",
    "Panel",
    "PanelRow",
    "Rejected",
    "Revised",
    "Run",
    "SeriesInfo",
    "Skipped",
    "SymbolReport",
    "index_bars",
    "sample_bars",
    "stock_closes",
    "synthetic_market",
]
