"""Votes drawn: every voter's bar to the left or right of its middle, and the consensus below them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from quorum.domain import Vote

_SIGNS = {"bullish": 1, "for": 1, "buy": 1, "bearish": -1, "against": -1, "sell": -1, "veto": -1}
_SILENT = frozenset({"abstain", "dropped"})


@dataclass(frozen=True, slots=True)
class DecisionStory:
    """A consensus, its votes, what risk made of it and the order that followed, in words.

    `as_of` is ISO text; `direction` is bullish, bearish or neutral, `strength` 0..1.
    """

    decision_id: str
    as_of: str
    symbol: str
    votes: tuple[Vote, ...]
    direction: str
    strength: float
    verdict: str
    order: str
    rationale: str


class Bar(NamedTuple):
    """One row of a vote chart: a bar of `width` percent to the left (-1) or right (1) of its middle."""

    voter: str
    choice: str
    sign: int
    silent: bool
    width: float
    thickness: float
    confidence: float | None
    weight: float
    reason: str


class Ballot(NamedTuple):
    """A decision with its vote drawn."""

    story: DecisionStory
    bars: list[Bar]
    consensus: Bar


def ballot(story: DecisionStory) -> Ballot:
    """The vote of a decision, drawn."""
    heaviest = max((vote.weight for vote in story.votes), default=0.0)
    bars = [_bar(vote, heaviest) for vote in story.votes]
    outcome = Vote("consensus", story.direction, heaviest, abs(story.strength), "")
    return Ballot(story, bars, _bar(outcome, heaviest))


def _bar(vote: Vote, heaviest: float) -> Bar:
    choice = vote.choice.lower()
    silent = choice in _SILENT
    sure = 1.0 if vote.confidence is None else min(max(vote.confidence, 0.0), 1.0)
    return Bar(
        voter=vote.voter,
        choice=choice,
        sign=_SIGNS.get(choice, 0),
        silent=silent,
        width=0.0 if silent else round(50.0 * sure, 2),
        thickness=round(5.0 + 9.0 * (vote.weight / heaviest if heaviest > 0 else 1.0), 1),
        confidence=vote.confidence,
        weight=vote.weight,
        reason=vote.reason,
    )
