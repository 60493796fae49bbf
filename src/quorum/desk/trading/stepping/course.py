"""A deployed strategy on its symbols, and its steps over their bars, kept from turn to turn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from quorum.desk.trading.stepping.polling import Poll
from quorum.desk.trading.stepping.streams import BarStream, PanelStream, Stand
from quorum.domain import DataError, Timeframe
from quorum.lake import Bars, Lake, Panel, Series, SeriesInfo
from quorum.signals import AnyStrategy, is_portfolio, read_params
from quorum.signals.registry import OURS
from quorum.signals.specs import is_spec_file

LAG_BARS = 2


@dataclass(frozen=True, slots=True)
class Course:
    """What is stepped: a strategy's name, or a spec as data, its parameters, and the series that it looks at."""

    deployment_id: str
    strategy: str | Mapping[str, Any]
    params: Mapping[str, Any]
    symbols: tuple[str, ...]
    timeframe: str
    venue: str | None

    @property
    def is_foreign(self) -> bool:
        """Whether its code is none of ours; nothing of it is loaded to tell."""
        name = self.strategy
        return isinstance(name, str) and name not in OURS and not is_spec_file(name)


class Stood(NamedTuple):
    """Where a strategy stands in its symbols; `together` where its targets are weights of one portfolio."""

    stands: list[Stand]
    together: bool


@dataclass
class Steps:
    """Streams of strategies by deployment, with the bars of their series; `poll` brings the newest before a look."""

    lake: Lake
    poll: Poll | None = None
    _streams: dict[tuple[str, str], BarStream | PanelStream] = field(default_factory=dict)
    _bars: dict[Series, tuple[SeriesInfo | None, Bars]] = field(default_factory=dict)
    _series: dict[tuple[str, str, str | None], Series] = field(default_factory=dict)

    def stood(self, course: Course, strategy: AnyStrategy, lot: Sequence[Bars]) -> Stood:
        """Where it stands in each of its symbols after the newest of their bars. Errors of its strategy."""
        params = read_params(strategy, course.params)
        if is_portfolio(strategy):
            panel = self._streams.setdefault((course.deployment_id, ""), PanelStream(strategy, params))
            assert isinstance(panel, PanelStream)
            return Stood(panel.advance(_together(lot)), True)
        found = []
        for bars in lot:
            stream = self._streams.setdefault((course.deployment_id, bars.symbol), BarStream(strategy, params))
            assert isinstance(stream, BarStream)
            found.append(stream.advance(bars))
        return Stood(found, False)

    def closed(self, course: Course, as_of: int) -> list[Bars]:
        """The bars of its symbols that were closed at `as_of` (ns UTC); DataError where one has none."""
        return [self._closed((symbol, course.timeframe, course.venue), as_of) for symbol in course.symbols]

    def _closed(self, name: tuple[str, str, str | None], as_of: int) -> Bars:
        if name not in self._series:
            known = self.lake.bars(name[0], Timeframe.parse(name[1]), name[2])
            self._series[name] = Series(known.symbol, known.venue, known.timeframe)
        series = self._series[name]
        if self.poll is not None:
            self.poll(series)
        info = self.lake.newest(series)
        if series not in self._bars or self._bars[series][0] != info:
            self._bars[series] = (info, self.lake.bars(series.symbol, series.timeframe, series.venue))
        bars = self._bars[series][1].as_of(as_of)
        if not len(bars):
            raise DataError(f"{series} has no bar that is closed", "bring bars in with `quorum data pull`")
        return bars


def _together(lot: Sequence[Bars]) -> Panel:
    """A panel up to the newest bar that all have; one that lags by more than a few bars is not waited for."""
    step = lot[0].timeframe.nanoseconds
    ends = [int(bars.time[-1]) for bars in lot]
    until = min(end for end in ends if end >= max(ends) - LAG_BARS * step)
    return Panel.of([bars.between(end=until + 1) for bars in lot])
