"""The demo's ideas on their way: queued on a Friday, on Saturday before a person, or rejected; then a meeting."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from quorum.bootstrap import open_desk
from quorum.desk import Desk
from quorum.desk.life import queue_idea
from quorum.desk.meeting import run_meeting
from quorum.desk.proving import Asked, validate
from quorum.domain import DAY, VirtualClock, parse_instant
from quorum.surfaces.demo.biography import Queued, biography
from quorum.surfaces.demo.ideas import Planted
from quorum.surfaces.demo.market import LAB_SYMBOLS, LAB_TIMEFRAME
from quorum.surfaces.report import LifeStory
from quorum.validation.life import Idea

Say = Callable[[str], None]

FRIDAY = parse_instant("2024-06-07T16:00:00Z")
AFTER = FRIDAY + DAY
WORKERS = 2
BY_NAME = Idea("demo_ma", LAB_SYMBOLS[:1], str(LAB_TIMEFRAME), hypothesis="A trend that has begun goes on.")
RANDOM = "nothing: its moves are a random walk"


def run_life(home: Path, ideas: Sequence[Planted], say: Say) -> LifeStory:
    """Queue the ideas and one by name, prove them as far as they go, and hold a meeting, on a clock of their own."""
    clock = VirtualClock(FRIDAY)
    desk = open_desk(home, clock)
    queued = _queue(desk, ideas)
    say(f"  {len(queued)} ideas are in the queue")
    clock.advance_to(AFTER)
    record = validate(desk, Asked(workers=WORKERS))
    story = biography(desk, queued, record, run_meeting(desk))
    for line in story.ideas:
        say(f"  {line.strategy_id} {line.name}: {line.status}")
    chosen = [line.queued for line in story.meeting.proposals if line.queued]
    say(f"  {story.meeting.meeting_id}: {story.meeting.proposed} proposals, {len(chosen)} are in the queue")
    return story


def _queue(desk: Desk, ideas: Sequence[Planted]) -> list[Queued]:
    found = [Queued(queue_idea(desk, one.idea()).candidate, one.truth) for one in ideas]
    return [*found, Queued(queue_idea(desk, BY_NAME).candidate, RANDOM)]
