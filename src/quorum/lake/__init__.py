"""Market data at rest: frozen bars, every revision of them, and what is wrong with them.

Promise: a row of a file is a bar, a rate, a duplicate, or set aside with its reason; nothing is ever overwritten.
In: Parquet and CSV files, frames, a folder, a clock. Out: Bars by BarSource; reports of imports, gaps and flags.
Neighbours: domain below; features, signals and engine take Bars from here. Polars and pandas load when needed.
"""

from quorum.lake.bars import Bars, BarSource
from quorum.lake.calendars import CALENDARS, Gap
from quorum.lake.fakes import MemoryLake
from quorum.lake.funding import Funding, FundingCheck, FundingInfo, FundingReport, with_funding
from quorum.lake.intake import Rows
from quorum.lake.panel import Panel, PanelRow
from quorum.lake.quality import Fault, Findings, Outlier, Run
from quorum.lake.reports import CheckReport, ImportReport, Revised, SeriesInfo, Skipped, SymbolReport, Taken
from quorum.lake.samples import index_bars, sample_bars, stock_closes, synthetic_market
from quorum.lake.schema import ImportOptions, NotBars
from quorum.lake.series import Series, Span
from quorum.lake.store import Lake
from quorum.lake.tables import Rejected, bars_of_frame, is_frame, is_table

__all__ = [
    "CALENDARS",
    "BarSource",
    "Bars",
    "CheckReport",
    "Fault",
    "Findings",
    "Funding",
    "FundingCheck",
    "FundingInfo",
    "FundingReport",
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
    "Rows",
    "Run",
    "Series",
    "SeriesInfo",
    "Skipped",
    "Span",
    "SymbolReport",
    "Taken",
    "bars_of_frame",
    "index_bars",
    "is_frame",
    "is_table",
    "sample_bars",
    "stock_closes",
    "synthetic_market",
    "with_funding",
]
