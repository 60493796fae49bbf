"""Chapters of the desk report: the lab, the coordinator, the strategy's life, risk and execution.

Promise: each tells what was done in plain values and words, nothing is worked out again.
In: a story, made by the demo. Out: the chapter as its template reads it.
Neighbours: `desk_report` puts them on its page; `comparison` and `charts` draw for them.
"""

from quorum.surfaces.report.chapters.coordinator import (
    AgentLine,
    AnswerStory,
    CoordinatorChapter,
    CoordinatorStory,
    DecisionLine,
    RunStory,
    StepLine,
    coordinator_chapter,
)
from quorum.surfaces.report.chapters.execution import (
    Agreement,
    ClosedStory,
    ExecutionChapter,
    ExecutionStory,
    LimitLine,
    LostStory,
    SentLine,
    execution_chapter,
)
from quorum.surfaces.report.chapters.lab import Chapter, Checked, LabStory, Proof, chapter
from quorum.surfaces.report.chapters.life import (
    FixLine,
    GateLine,
    IdeaLine,
    LifeChapter,
    LifeStory,
    MeetingStory,
    MendedStory,
    ProposalLine,
    ReadyStory,
    RejectedStory,
    TierMark,
    life_chapter,
)

__all__ = [
    "AgentLine",
    "Agreement",
    "AnswerStory",
    "Chapter",
    "Checked",
    "ClosedStory",
    "CoordinatorChapter",
    "CoordinatorStory",
    "DecisionLine",
    "ExecutionChapter",
    "ExecutionStory",
    "FixLine",
    "GateLine",
    "IdeaLine",
    "LabStory",
    "LifeChapter",
    "LifeStory",
    "LimitLine",
    "LostStory",
    "MeetingStory",
    "MendedStory",
    "Proof",
    "ProposalLine",
    "ReadyStory",
    "RejectedStory",
    "RunStory",
    "SentLine",
    "StepLine",
    "TierMark",
    "chapter",
    "coordinator_chapter",
    "execution_chapter",
    "life_chapter",
]
