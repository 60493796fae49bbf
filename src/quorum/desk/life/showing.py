"""Showing the strategies' lives: every file that is made from the store, written after the commit."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

from quorum.desk.desk import Desk
from quorum.desk.life import pages
from quorum.desk.life.counts import NEWEST as RUNS
from quorum.desk.life.counts import statistics_of
from quorum.desk.life.pages.briefing import NEWEST
from quorum.desk.life.ports import Record
from quorum.desk.life.skills import briefing_path
from quorum.desk.life.taking import taken_in_turn
from quorum.desk.life.turn import turn
from quorum.domain import DecisionKind, QuorumError
from quorum.validation.life import DEPLOYED, Candidate

FOLDERS = "knowledge/strategies"
Write = tuple[Path, Callable[[Path], object]]


class Shown(NamedTuple):
    """The files that were written, and what could not be: each doubt names its file and why."""

    written: tuple[Path, ...]
    doubts: tuple[str, ...]


def show_life(desk: Desk, strategies: Collection[str] | None = None) -> Shown:
    """Write the files of the queue, of what was learnt, and the folder of each strategy, or of these strategies
    and those that have none.

    What others wrote into them is taken in before. A file that makes no sense, or cannot be written, stays as it is
    and is a doubt: the store has everything. Nothing is written before there is a strategy, a learning or a cell.
    """
    with turn(desk.workspace):
        return _shown(desk, strategies)


def _shown(desk: Desk, strategies: Collection[str] | None) -> Shown:
    taken = taken_in_turn(desk)
    candidates = desk.life.queue.listed()
    written: list[Path] = []
    doubts = list(taken.doubts)
    for path, write in _writes(desk, candidates, strategies):
        if str(path) in taken.refused:
            continue  # what somebody has begun to write there is not lost
        try:
            found = write(path)
        except QuorumError as error:
            doubts.append(str(error))
        else:
            written += found if isinstance(found, list) else [path] if found else []
    return Shown(tuple(written), tuple(dict.fromkeys(doubts)))


def _writes(desk: Desk, candidates: Sequence[Candidate], strategies: Collection[str] | None) -> Iterator[Write]:
    home, books = desk.workspace.home, desk.life.books
    learnings, cells = books.learnings.listed(), books.cells.listed()
    if not candidates and not learnings and not cells:
        return
    runs, deployments = books.runs.listed(RUNS), books.deployments.listed()
    numbers = statistics_of(candidates, runs, desk.life.intake.next_number())
    yield home / pages.QUEUE, partial(pages.write_queue, candidates=candidates)
    yield home / pages.REGISTRY, partial(pages.write_registry, candidates=candidates, numbers=numbers)
    yield home / pages.CURRENT, partial(pages.write_current, candidates=candidates, runs=runs, now=desk.clock.now())
    yield home / pages.LEARNINGS, partial(pages.write_learnings, learnings=learnings)
    yield home / pages.TAXONOMY, partial(pages.write_taxonomy, failures=books.failures.listed())
    yield home / pages.MAP, partial(pages.write_map, cells=cells)
    for candidate in candidates:
        folder = home / FOLDERS / candidate.strategy_id
        if strategies is None or candidate.strategy_id in strategies or not folder.is_dir():
            mine = [d for d in deployments if d["strategy_id"] == candidate.strategy_id]
            kept = _kept(desk, candidate, mine)
            yield folder, partial(pages.write_folder, kept=kept)
    exposure = _exposure(candidates, deployments)
    decisions = desk.decisions.recent(NEWEST, DecisionKind.STATUS)
    brief = pages.Brief(desk.clock.now(), numbers, candidates, decisions, exposure, len(learnings))
    yield briefing_path(desk.workspace), partial(pages.write_briefing, brief=brief)


def _kept(desk: Desk, candidate: Candidate, deployments: Sequence[Record]) -> pages.Kept:
    mine = candidate.strategy_id
    return pages.Kept(candidate, desk.life.queue.moves(mine), desk.life.results.of(mine), deployments)


def _exposure(candidates: Sequence[Candidate], deployments: Sequence[Record]) -> float:
    """What the deployed strategies may have of their books, each by its newest deployment."""
    deployed = {c.strategy_id for c in candidates if c.status in DEPLOYED}
    newest = {d["strategy_id"]: d["allocation"] for d in deployments if d["strategy_id"] in deployed}
    return float(sum(newest.values()))
