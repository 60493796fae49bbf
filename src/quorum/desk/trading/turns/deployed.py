"""Deployed strategies: which trade now, and what each wants by the bars that are closed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from quorum.desk.deploying.known import strategy_of
from quorum.desk.desk import Desk
from quorum.desk.guarding import price_time
from quorum.desk.trading.turns.streaming import BarStream, PanelStream, Stand
from quorum.domain import DataError, Instrument, Timeframe
from quorum.lake import Bars, Panel, Series, SeriesInfo
from quorum.signals import is_portfolio, read_params
from quorum.validation.life import DEPLOYED, Idea, Status

LAG_BARS = 2
Poll = Callable[[Series], object]


@dataclass(frozen=True, slots=True)
class Deployed:
    """A deployment that trades: `share` is its fraction of the account's equity; a paused one keeps what it holds."""

    strategy_id: str
    deployment_id: str
    account: str
    decision_id: str
    share: Decimal
    idea: Idea
    params: Mapping[str, Any]
    paused: bool

    @property
    def timeframe(self) -> Timeframe:
        return Timeframe.parse(self.idea.timeframe)


@dataclass(frozen=True, slots=True)
class Wish:
    """What a deployed strategy wants of a symbol: where it stands, and its share of the account's equity there.

    `fresh` is until when its newest close is the market's price (ns UTC).
    """

    of: Deployed
    stand: Stand
    instrument: Instrument
    share: Decimal
    fresh: int

    @property
    def key(self) -> tuple[str, str]:
        return self.of.strategy_id, self.instrument.symbol


def deployed(desk: Desk, strategies: Sequence[str] = ()) -> list[Deployed]:
    """The deployments that trade, those of the named strategies alone where some are named."""
    newest = {record["strategy_id"]: record for record in desk.life.books.deployments.listed()}
    found = []
    for strategy_id, record in newest.items():
        candidate = desk.life.queue.get(strategy_id)
        stands = record["status"] in ("standing", "paused") and candidate.status in DEPLOYED
        if stands and (not strategies or strategy_id in strategies):
            found.append(
                Deployed(
                    strategy_id,
                    record["deployment_id"],
                    record["account"],
                    record["decision_id"],
                    Decimal(str(record["allocation"])),
                    candidate.idea,
                    record["params"],
                    candidate.status is Status.PAUSED or record["status"] == "paused",
                )
            )
    return found


def leaving(desk: Desk) -> dict[str, str]:
    """The strategies whose deployment ended with the word to close what they hold, and the decision that said so."""
    newest = {record["strategy_id"]: record for record in desk.life.books.deployments.listed()}
    return {
        name: record["decision_id"]
        for name, record in newest.items()
        if record["status"] == "ended" and record.get("positions") == "close"
    }


@dataclass
class Streams:
    """The streams of deployed strategies, kept from turn to turn; `poll` brings a series' newest bars before it is
    read."""

    desk: Desk
    poll: Poll | None = None
    _streams: dict[tuple[str, str], BarStream | PanelStream] = field(default_factory=dict)
    _bars: dict[Series, tuple[SeriesInfo | None, Bars]] = field(default_factory=dict)
    _series: dict[tuple[str, str, str | None], Series] = field(default_factory=dict)

    def wishes(self, of: Deployed, as_of: int) -> list[Wish]:
        """What it wants of each of its symbols. Errors of its strategy, DataError without bars that are closed."""
        strategy = strategy_of(self.desk, of.idea)
        params = read_params(strategy, of.params)
        lot = [self._closed(of, symbol, as_of) for symbol in of.idea.symbols]
        if is_portfolio(strategy):
            stream = self._streams.setdefault((of.deployment_id, ""), PanelStream(strategy, params))
            assert isinstance(stream, PanelStream)
            stands = stream.advance(_together(lot))
            return [self._wish(of, stand, bars, (1, as_of)) for stand, bars in zip(stands, lot, strict=True)]
        found = []
        for bars in lot:
            stream = self._streams.setdefault((of.deployment_id, bars.symbol), BarStream(strategy, params))
            assert isinstance(stream, BarStream)
            found.append(self._wish(of, stream.advance(bars), bars, (len(lot), as_of)))
        return found

    def _wish(self, of: Deployed, stand: Stand, bars: Bars, at: tuple[int, int]) -> Wish:
        """One of so many symbols that share its allocation, at an instant."""
        parts, as_of = at
        instrument = self.desk.settings.instruments.instrument(bars)
        return Wish(of, stand, instrument, of.share / parts, price_time(bars, as_of))

    def _closed(self, of: Deployed, symbol: str, as_of: int) -> Bars:
        """The bars of a symbol that were closed at `as_of`."""
        name = (symbol, of.idea.timeframe, of.idea.venue)
        if name not in self._series:
            known = self.desk.lake.bars(symbol, of.timeframe, of.idea.venue)
            self._series[name] = Series(known.symbol, known.venue, known.timeframe)
        series = self._series[name]
        if self.poll is not None:
            self.poll(series)
        info = self.desk.lake.newest(series)
        if series not in self._bars or self._bars[series][0] != info:
            self._bars[series] = (info, self.desk.lake.bars(series.symbol, series.timeframe, series.venue))
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
