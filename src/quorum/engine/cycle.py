"""The cycle: snapshot, signals, vote, proposal, risk, intent. Pure stages; the desk reads, commits and sends."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from quorum.domain import (
    MINUTE,
    Abstain,
    Approved,
    Book,
    Direction,
    ExitPlan,
    Instrument,
    OrderIntent,
    Proposal,
    Purpose,
    RiskVerdict,
    Shrunk,
    Side,
    Signal,
    Timeframe,
    Vetoed,
    View,
    iso,
)
from quorum.execution import make_intent
from quorum.lake import Bars
from quorum.risk import Around, RiskLimits, assess, collar, size_by_stop
from quorum.signals import Analyst, Consensus

VALID_BARS = 4


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What a decision saw: the bars of a symbol that were closed at `as_of`, by their hash."""

    symbol: str
    venue: str
    timeframe: str
    as_of: int
    revision: int
    rows: int
    first: str
    last: str
    close: float
    data_hash: str
    funding_revision: int = 0


def observe(bars: Bars, as_of: int) -> Snapshot:
    """Describe `bars`, all of them closed at `as_of`; there is at least one."""
    first, last = iso(int(bars.time[0])), iso(int(bars.time[-1]))
    close = float(bars.close[-1])
    return Snapshot(
        bars.symbol,
        bars.venue,
        str(bars.timeframe),
        as_of,
        bars.revision,
        len(bars),
        first,
        last,
        close,
        bars.data_hash,
        bars.funding_revision,
    )


def ask(bars: Bars, analysts: Sequence[Analyst], as_of: int, late: Mapping[str, str]) -> tuple[Signal, ...]:
    """What every analyst says of `bars`; one in `late` abstains with the reason given there."""
    return tuple(
        Abstain(a.name, bars.symbol, as_of, late[a.name]) if a.name in late else a.signal(bars) for a in analysts
    )


@dataclass(frozen=True, slots=True)
class Occasion:
    """Where and when a trade is wished for: account, instrument, bar length, the instant at which the newest bar was
    closed, the instant of the decision, and its id."""

    account: str
    instrument: Instrument
    timeframe: Timeframe
    closed: int
    as_of: int
    origin: str

    @property
    def key(self) -> str:
        """The same bar asked twice has the same key, so that it makes one intent, whenever within the next bar."""
        where = f"{self.instrument.symbol}.{self.instrument.venue}"
        return f"{where}|{self.timeframe}|{self.closed}"

    @property
    def expires(self) -> int:
        return self.as_of + VALID_BARS * self.timeframe.nanoseconds


@dataclass(frozen=True, slots=True)
class NoTrade:
    """Nothing is wished for, with the reason."""

    reason: str


def propose(outcome: Consensus, occasion: Occasion, book: Book, limits: RiskLimits) -> Proposal | NoTrade:
    """The trade that a consensus asks for: an entry sized by its stop, or the end of a holding that it speaks against.

    A holding in the consensus' direction is kept as it is.
    """
    view = outcome.lead
    if view is None:
        return NoTrade(outcome.reason)
    held = book.quantity(occasion.instrument.symbol)
    if held * view.direction.sign > 0:
        return NoTrade(f"the account already holds {held} {occasion.instrument.symbol}")
    if held:
        return reduce(occasion, held, book, "consensus")
    return _entry(view, occasion, book, limits)


def reduce(occasion: Occasion, held: Decimal, book: Book, why: str) -> Proposal:
    """The proposal that closes a holding of `held` units at about its mark, for the reason `why`."""
    symbol = occasion.instrument.symbol
    return Proposal(
        purpose=Purpose.REDUCTION,
        account=occasion.account,
        symbol=symbol,
        side=Side.SELL if held > 0 else Side.BUY,
        quantity=abs(held),
        price=book.marks[symbol],
        as_of=occasion.as_of,
        expires=occasion.expires,
        key=f"{occasion.key}|{why}",
        origin=occasion.origin,
    )


def _entry(view: View, occasion: Occasion, book: Book, limits: RiskLimits) -> Proposal | NoTrade:
    """An entry at the market: its price is the mark, so stop and targets are measured from there."""
    instrument = occasion.instrument
    price = book.marks[instrument.symbol]
    assert view.stop is not None
    stop = instrument.price(view.stop)
    targets = tuple(instrument.price(t) for t in view.targets)
    sign = view.direction.sign
    if sign * (price - stop) <= 0 or sign * (targets[0] - price) <= 0:
        return NoTrade(f"the price {price} has left the range between stop {stop} and target {targets[0]}")
    quantity = size_by_stop(book.equity, price, stop, limits.risk_per_trade, instrument)
    if quantity == 0:
        return NoTrade(f"the smallest order risks more than {limits.risk_per_trade:%} of equity {book.equity:.2f}")
    return Proposal(
        purpose=Purpose.SIGNAL,
        account=occasion.account,
        symbol=instrument.symbol,
        side=Side.BUY if view.direction is Direction.BULLISH else Side.SELL,
        quantity=quantity,
        price=price,
        as_of=occasion.as_of,
        expires=occasion.expires,
        key=f"{occasion.key}|signal",
        origin=occasion.origin,
        exit=ExitPlan(stop, targets, view.time + max(view.valid_minutes * MINUTE, 24 * occasion.timeframe.nanoseconds)),
    )


def judge(
    proposal: Proposal, book: Book, limits: RiskLimits, instrument: Instrument, around: Around | None = None
) -> RiskVerdict:
    """Risk's word on a proposal and what lies around its book; one in another currency than the book's is vetoed."""
    if instrument.quote != book.currency:
        reason = f"{instrument.symbol} trades in {instrument.quote}, the account {book.account} is in {book.currency}"
        return Vetoed((reason,), ())
    return assess(proposal, book, limits, instrument, around)


def intend(
    proposal: Proposal,
    verdict: Approved | Shrunk,
    decision_id: str,
    book: Book,
    terms: tuple[RiskLimits, Instrument],
) -> OrderIntent:
    """The intent of what risk let pass, within its collar, on this version of the book."""
    limits, instrument = terms
    worst = collar(proposal, limits, instrument)
    return make_intent(proposal, verdict.quantity, worst, decision_id, book.version, proposal.as_of)


def exit_due(plan: ExitPlan, held: Decimal, bars: Bars, as_of: int) -> str | None:
    """Why a holding of `held` units is to be left now, from the bars since its entry: stop, target or time; or None."""
    low = bars.close if bars.low is None else bars.low
    high = bars.close if bars.high is None else bars.high
    if len(bars):
        worst, best = (low.min(), high.max()) if held > 0 else (high.max(), low.min())
        sign = 1 if held > 0 else -1
        if plan.stop is not None and sign * (_exact(worst) - plan.stop) <= 0:
            return "stop"
        if plan.targets and sign * (_exact(best) - plan.targets[0]) >= 0:
            return "target"
    if plan.valid_until is not None and as_of >= plan.valid_until:
        return "time"
    return None


def _exact(price: float) -> Decimal:
    """The price as it is written: 0.3 touches a level of 0.3, its float alone lies just below."""
    return Decimal(str(float(price)))
