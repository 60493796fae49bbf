"""The coordinator's chapter of the desk report: one run step by step, its vote, a person's word, the agents."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from quorum.surfaces.report.ballots import Ballot, DecisionStory, ballot

_TONES = {"completed": "gain", "approved": "gain", "healthy": "gain", "failed": "loss", "halted": "loss"} | {
    "rejected": "loss",
    "unhealthy": "loss",
}


@dataclass(frozen=True, slots=True)
class StepLine:
    """A kept step of a run: milliseconds from the run's first step to its beginning, and from there to its end."""

    step: str
    status: str
    began_ms: float
    took_ms: float
    agents: tuple[str, ...] = ()
    words: str = ""


@dataclass(frozen=True, slots=True)
class RunStory:
    """One run that voted: its steps, the vote with risk's word and the order, the signal's quality in words.

    `absent` names who gave no signal, and why.
    """

    workflow_id: str
    workflow: str
    status: str
    steps: tuple[StepLine, ...]
    decision: DecisionStory
    quality: str
    absent: tuple[tuple[str, str], ...] = ()

    @property
    def milliseconds(self) -> float:
        """From the beginning of the first step to the end of the last."""
        return max((step.began_ms + step.took_ms for step in self.steps), default=0.0)


@dataclass(frozen=True, slots=True)
class AnswerStory:
    """A question that a run put to a person, what became of it and of the trade; instants are ISO text."""

    approval_id: str
    workflow_id: str
    about: str
    size: str
    asked_at: str
    expires_at: str
    status: str
    by: str
    answered_at: str
    reason: str
    order: str


@dataclass(frozen=True, slots=True)
class AgentLine:
    """An agent that was called: its share of successes, seconds of the successful calls."""

    agent: str
    role: str
    health: str
    calls: int
    rate: float | None
    p50: float | None
    p95: float | None
    substitute: str = ""


@dataclass(frozen=True, slots=True)
class DecisionLine:
    """A decision on record, in words."""

    decision_id: str
    kind: str
    words: str


@dataclass(frozen=True, slots=True)
class CoordinatorStory:
    """What the coordinator did: how many runs and orders, one run in full, a question and its answer."""

    runs: int
    orders: int
    run: RunStory
    answer: AnswerStory | None
    agents: tuple[AgentLine, ...]
    decisions: tuple[DecisionLine, ...] = ()


class Lane(NamedTuple):
    """A step's line with its bar, in percent of the run's time."""

    line: StepLine
    tone: str
    left: float
    width: float


class CoordinatorChapter(NamedTuple):
    """The chapter as its template reads it."""

    story: CoordinatorStory
    lanes: list[Lane]
    ballot: Ballot
    tone: str
    agents: list[tuple[AgentLine, str]]
    has_words: bool
    has_substitutes: bool


def coordinator_chapter(story: CoordinatorStory) -> CoordinatorChapter:
    """The story as its template reads it."""
    return CoordinatorChapter(
        story,
        _lanes(story.run),
        ballot(story.run.decision),
        "" if story.answer is None else _TONES.get(story.answer.status, ""),
        [(line, _TONES.get(line.health, "")) for line in story.agents],
        any(step.words for step in story.run.steps),
        any(line.substitute for line in story.agents),
    )


def _lanes(run: RunStory) -> list[Lane]:
    percent = 100.0 / run.milliseconds if run.milliseconds > 0 else 0.0
    return [
        Lane(step, _TONES.get(step.status, ""), round(step.began_ms * percent, 2), round(step.took_ms * percent, 2))
        for step in run.steps
    ]
