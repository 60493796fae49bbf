"""Desks on which planted strategies stand in the queue, each before the tier at which it is decided."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from quorum.bootstrap import open_desk
from quorum.desk import Desk, make_workspace, write_text
from quorum.desk.settings.validation import PARALLEL_FILE
from quorum.domain import QuorumError
from quorum.surfaces.bench.planted import Case, plant
from quorum.validation.ladder import Tier
from quorum.validation.life import Candidate, Idea, Status

BY = "bench"
USUAL_SECONDS = 600.0
Which = Callable[[Case], Idea]


def planted_desk(home: Path, cases: Sequence[Case], which: Which, seconds: float | None = None) -> Desk:
    """A desk with the cases' markets and their ideas in the queue; with `seconds` its checks of L1 have as many."""
    make_workspace(home, None)
    if seconds is not None:
        _hurry(home / "config" / PARALLEL_FILE, seconds)
    desk = open_desk(home)
    plant(desk.lake, cases)
    for case in cases:
        desk.life.queue.add([which(case)], BY)
    return desk


def numbered(desk: Desk, cases: Sequence[Case]) -> dict[str, Case]:
    """Each case by the id that its idea has in the queue."""
    symbols = {case.idea.symbols[0]: case for case in cases}
    return {one.strategy_id: symbols[one.idea.symbols[0]] for one in desk.life.queue.listed()}


def stand_before(desk: Desk, strategy_id: str, tier: Tier) -> None:
    """Let a strategy pass the tiers below unseen: its fault concerns this one."""
    for earlier in (one for one in Tier if one < tier):
        candidate = desk.life.queue.get(strategy_id)
        busy = _moved(desk, candidate, Status(f"{earlier}_VALIDATING"), tier)
        _moved(desk, busy, Status(f"{earlier}_PASSED"), tier)


def _moved(desk: Desk, candidate: Candidate, after: Status, tier: Tier) -> Candidate:
    why = f"planted before {tier}"
    moved = desk.life.queue.move(candidate.strategy_id, candidate.status, after, BY, why, tier=str(after)[:2])
    if moved is None:
        raise QuorumError(f"{candidate.strategy_id} was moved by somebody else")
    return moved


def _hurry(file: Path, seconds: float) -> None:
    text = file.read_text(encoding="utf-8")
    usual = "l1_timeout_multiplier: 1.5"
    if usual not in text:
        raise QuorumError(f"{file.name} has no {usual}", "mend the benchmark")
    write_text(file, text.replace(usual, f"l1_timeout_multiplier: {seconds / USUAL_SECONDS:.6f}"))
