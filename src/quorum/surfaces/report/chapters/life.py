"""The chapter of the strategy's life: how far each idea came, what was mended, what is asked of a person, a meeting."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from quorum.surfaces.report.page import percent

_TONES = {"passed": "gain", "mended": "gain", "AWAITING_HUMAN": "gain", "failed": "loss"} | {
    "REJECTED": "loss",
    "REJECTED_AUTO_RETRY": "loss",
}


class TierMark(NamedTuple):
    """How an idea fared at a tier: passed, mended, failed or any other verdict; empty where it never came to."""

    tier: str
    word: str


@dataclass(frozen=True, slots=True)
class IdeaLine:
    """An idea, what is true of its market, how it fared at each tier, and where it stands with the reason."""

    strategy_id: str
    name: str
    hypothesis: str
    truth: str
    tiers: tuple[TierMark, ...]
    status: str
    reason: str


@dataclass(frozen=True, slots=True)
class FixLine:
    """An attempt at mending: who changed what, and the failing metric before and after it."""

    number: int
    agent: str
    action: str
    changes: str
    metric: str
    before: float
    after: float
    asked: float
    outcome: str
    trials: int


@dataclass(frozen=True, slots=True)
class MendedStory:
    """A strategy that passed a tier because it was changed."""

    strategy_id: str
    tier: str
    failed: str
    fixes: tuple[FixLine, ...]
    learnt: str


@dataclass(frozen=True, slots=True)
class RejectedStory:
    """A strategy that was rejected, the fixes that did not help, and what was learnt from it."""

    strategy_id: str
    reason: str
    fixes: tuple[FixLine, ...]
    learning_id: str
    learnt: str
    advice: str


class GateLine(NamedTuple):
    """A gate of a tier: what was found, what is asked for, and how it ended."""

    tier: str
    metric: str
    found: str
    asked: str
    outcome: str


@dataclass(frozen=True, slots=True)
class ReadyStory:
    """A strategy that waits for a person's word: the question and its evidence, returns as fractions of what it gets.

    `day` is the mean daily net return in the test with its 95 % interval; `bands` have the days, and the 95 % interval
    of the total return over as many. `trials` is how often its family was tried.
    """

    strategy_id: str
    question: str
    gates: tuple[GateLine, ...]
    sharpe: float
    day: tuple[float, float, float]
    bands: tuple[tuple[int, float, float], ...]
    trials: int
    critic: str
    risk: str


@dataclass(frozen=True, slots=True)
class ProposalLine:
    """What a seat of a meeting put forward, and its id in the queue if it was chosen."""

    by: str
    hypothesis: str
    cell: str
    novelty: str
    score: float
    queued: str


@dataclass(frozen=True, slots=True)
class MeetingStory:
    """A meeting: its proposals, the best first, and how many there were in all."""

    meeting_id: str
    theme: str
    proposals: tuple[ProposalLine, ...]
    proposed: int
    anomalies: str


@dataclass(frozen=True, slots=True)
class LifeStory:
    """Ideas on their way to a person's word; the parts that did not come to pass are None."""

    run_id: str
    work: str
    ideas: tuple[IdeaLine, ...]
    ready: ReadyStory | None
    mended: MendedStory | None
    rejected: RejectedStory | None
    meeting: MeetingStory


class IdeaRow(NamedTuple):
    """An idea with the tones of its tiers and of its status."""

    line: IdeaLine
    tiers: list[tuple[TierMark, str]]
    tone: str


class LifeChapter(NamedTuple):
    """The chapter as its template reads it."""

    story: LifeStory
    rows: list[IdeaRow]
    day: str
    bands: list[tuple[int, str]]


def life_chapter(story: LifeStory) -> LifeChapter:
    """The story as its template reads it."""
    rows = [
        IdeaRow(line, [(mark, _TONES.get(mark.word, "")) for mark in line.tiers], _TONES.get(line.status, ""))
        for line in story.ideas
    ]
    ready = story.ready
    if ready is None:
        return LifeChapter(story, rows, "", [])
    mean, low, high = ready.day
    day = f"{1e4 * mean:.1f} basis points a day, 95 % within {1e4 * low:.1f} and {1e4 * high:.1f}"
    return LifeChapter(story, rows, day, [(days, f"{percent(a)} to {percent(b)}") for days, a, b in ready.bands])
