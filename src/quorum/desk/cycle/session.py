"""What one cycle works with: the bars it may see, the account it trades for, and the clock it runs on."""

from __future__ import annotations

from dataclasses import dataclass

from quorum.desk.desk import Desk
from quorum.domain import Clock, DataError, Instrument, Timeframe, UsageError, VirtualClock, iso
from quorum.engine import Occasion, Snapshot, observe
from quorum.lake import Bars
from quorum.risk import RiskLimits


@dataclass(frozen=True, slots=True)
class Question:
    """What to decide: a symbol at an instant (None is now), for an account; `paper` trades what is approved."""

    symbol: str
    timeframe: Timeframe
    as_of: int | None = None
    venue: str | None = None
    account: str | None = None
    paper: bool = False


@dataclass(frozen=True, slots=True)
class Session:
    """A question with its data. In the past the clock is a virtual one that starts at the snapshot's instant."""

    bars: Bars
    snapshot: Snapshot
    instrument: Instrument
    account: str
    limits: RiskLimits
    clock: Clock

    def occasion(self, origin: str) -> Occasion:
        """The occasion of a trade that follows from decision `origin`."""
        closed = int(self.bars.time[-1]) + self.bars.timeframe.nanoseconds
        length, as_of = self.bars.timeframe, self.snapshot.as_of
        return Occasion(self.account, self.instrument, length, closed, as_of, origin)


def open_session(desk: Desk, question: Question) -> Session:
    """Read what the question is about.

    DataError when no bar was closed then, NotFound for an unknown series, UsageError for an instant to come.
    """
    whole = desk.lake.bars(question.symbol, question.timeframe, question.venue)
    now = desk.clock.now()
    as_of = now if question.as_of is None else question.as_of
    if as_of > now:
        raise UsageError(f"{iso(as_of)} lies in the future, it is {iso(now)}", "decide at an instant that has passed")
    bars = whole.as_of(as_of)
    if len(bars) == 0:
        raise DataError(
            f"{whole.symbol} {whole.timeframe} has no bar that was closed at {iso(as_of)}",
            f"its first bar opens at {iso(int(whole.time[0]))}: choose a later instant",
        )
    return _session(desk, bars, observe(bars, as_of), question.account, as_of < now)


def reopen_session(desk: Desk, snapshot: Snapshot, account: str | None, past: bool) -> Session:
    """The session of a snapshot that was taken before; with `past` its clock is a virtual one, else the desk's.

    Errors as above, and DataError when the lake has other bars now.
    """
    length, seen = Timeframe.parse(snapshot.timeframe), (snapshot.revision, snapshot.funding_revision)
    bars = desk.lake.bars(snapshot.symbol, length, snapshot.venue, *seen).as_of(snapshot.as_of)
    if len(bars) != snapshot.rows:
        raise DataError(f"the lake has {len(bars)} of the {snapshot.rows} bars of the snapshot", "restore its files")
    return _session(desk, bars, snapshot, account, past)


def _session(desk: Desk, bars: Bars, snapshot: Snapshot, account: str | None, past: bool) -> Session:
    instrument = desk.settings.instruments.instrument(bars)
    name = desk.account_for(instrument.quote, account)
    clock: Clock = VirtualClock(snapshot.as_of) if past else desk.clock
    return Session(bars, snapshot, instrument, name, desk.limits(name), clock)
