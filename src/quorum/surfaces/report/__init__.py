"""Tear sheets and desk reports as values to self-contained HTML.

Promise: one page that opens without a network, every number with its meaning, the same bytes for the same input.
In: a backtest, several to compare, or a DeskStory of plain values. Out: HTML text, and a file written whole.
Neighbours: validation, engine, lake and stats below; cli and web show the pages.
"""

from quorum.surfaces.report.ballots import DecisionStory
from quorum.surfaces.report.chapters import (
    AgentLine,
    Agreement,
    AnswerStory,
    Checked,
    ClosedStory,
    CoordinatorStory,
    DecisionLine,
    ExecutionStory,
    FixLine,
    GateLine,
    IdeaLine,
    LabStory,
    LifeStory,
    LimitLine,
    LostStory,
    MeetingStory,
    MendedStory,
    Proof,
    ProposalLine,
    ReadyStory,
    RejectedStory,
    RunStory,
    SentLine,
    StepLine,
    TierMark,
)
from quorum.surfaces.report.charts import Mark
from quorum.surfaces.report.comparison import Luck, Ranked, comparison, luck, ranking
from quorum.surfaces.report.desk_report import (
    BacktestStory,
    ChartStory,
    Command,
    DeskStory,
    LedgerCheck,
    StatementRow,
    Step,
    desk_report,
)
from quorum.surfaces.report.page import write_page
from quorum.surfaces.report.tearsheet import Evidence, tearsheet

__all__ = [
    "AgentLine",
    "Agreement",
    "AnswerStory",
    "BacktestStory",
    "ChartStory",
    "Checked",
    "ClosedStory",
    "Command",
    "CoordinatorStory",
    "DecisionLine",
    "DecisionStory",
    "DeskStory",
    "Evidence",
    "ExecutionStory",
    "FixLine",
    "GateLine",
    "IdeaLine",
    "LabStory",
    "LedgerCheck",
    "LifeStory",
    "LimitLine",
    "LostStory",
    "Luck",
    "Mark",
    "MeetingStory",
    "MendedStory",
    "Proof",
    "ProposalLine",
    "Ranked",
    "ReadyStory",
    "RejectedStory",
    "RunStory",
    "SentLine",
    "StatementRow",
    "Step",
    "StepLine",
    "TierMark",
    "comparison",
    "desk_report",
    "luck",
    "ranking",
    "tearsheet",
    "write_page",
]
