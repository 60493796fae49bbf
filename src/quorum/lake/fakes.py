"""A lake in memory, for tests."""

from __future__ import annotations

from collections import defaultdict

from quorum.domain import NotFound, Timeframe
from quorum.lake.bars import Bars
from quorum.lake.series import Series, choose


class MemoryLake:
    """A BarSource over given bars; bars of one series with different `revision` are its revisions."""

    def __init__(self, *bars: Bars) -> None:
        self._held: dict[Series, dict[int, Bars]] = defaultdict(dict)
        for one in bars:
            self._held[Series(one.symbol, one.venue, one.timeframe)][one.revision] = one

    def bars(self, symbol: str, timeframe: Timeframe, venue: str | None = None, revision: int | None = None) -> Bars:
        series = choose(self._held, symbol, timeframe, venue)
        revisions = self._held[series]
        wanted = max(revisions) if revision is None else revision
        if wanted not in revisions:
            known = ", ".join(str(r) for r in sorted(revisions))
            raise NotFound(f"{series} has revisions {known}, no {wanted}", "ask for one of them")
        return revisions[wanted]
