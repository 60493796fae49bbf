"""Which strategies there is more data for than when too little was found."""

from __future__ import annotations

import sys
from collections.abc import Iterable

from quorum.desk.desk import Desk
from quorum.domain import NotFound
from quorum.lake import SeriesInfo
from quorum.validation.life import Candidate, Status


def grown(desk: Desk, candidates: Iterable[Candidate]) -> frozenset[str]:
    """Of those that were inconclusive, the ones whose series are new or longer now; by id."""
    waiting = [candidate for candidate in candidates if candidate.status is Status.INCONCLUSIVE]
    if not waiting:
        return frozenset()
    series = desk.lake.series()
    return frozenset(one.strategy_id for one in waiting if newest(one, series) > _seen(desk, one))


def newest(candidate: Candidate, series: Iterable[SeriesInfo]) -> int:
    """The open (ns UTC) of the newest bar of its series; 0 when it has none."""
    idea = candidate.idea
    mine = (
        one.last
        for one in series
        if one.symbol in idea.symbols and str(one.timeframe) == idea.timeframe and idea.venue in (None, one.venue)
    )
    return max(mine, default=0)


def _seen(desk: Desk, candidate: Candidate) -> int:
    """The newest bar that there was when too little was found; one that nobody has noted is as new as any."""
    run_id = desk.life.queue.moves(candidate.strategy_id)[-1].by
    try:
        run = desk.life.books.runs.get(run_id)
    except NotFound:
        return sys.maxsize
    return int(run["by_strategy"].get(candidate.strategy_id, {}).get("newest", sys.maxsize))
