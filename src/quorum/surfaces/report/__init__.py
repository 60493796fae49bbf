"""Tear sheets and desk reports as values to self-contained HTML.

Promise: one page that opens without a network, every number with its meaning, the same bytes for the same input.
In: a backtest, several to compare, or a DeskStory of plain values. Out: HTML text, and a file written whole.
Neighbours: engine, lake and stats below; cli and web show the pages.
"""

from quorum.surfaces.report.charts import Mark
from quorum.surfaces.report.comparison import Luck, Ranked, comparison, luck, ranking
from quorum.surfaces.report.desk_report import (
    BacktestStory,
    ChartStory,
    Command,
    DecisionStory,
    DeskStory,
    LedgerCheck,
    StatementRow,
    Step,
    desk_report,
)
from quorum.surfaces.report.page import write_page
from quorum.surfaces.report.tearsheet import Evidence, tearsheet

__all__ = [
    "BacktestStory",
    "ChartStory",
    "Command",
    "DecisionStory",
    "DeskStory",
    "Evidence",
    "LedgerCheck",
    "Luck",
    "Mark",
    "Ranked",
    "StatementRow",
    "Step",
    "comparison",
    "desk_report",
    "luck",
    "ranking",
    "tearsheet",
    "write_page",
]
