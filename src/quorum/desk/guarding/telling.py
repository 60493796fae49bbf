"""What people are told of losses: from 80 % of a limit on, once a day for each limit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from quorum.desk.desk import Desk
from quorum.desk.notices import Event, Occurrence
from quorum.domain import Book, Severity, Transaction, plain, utc_day
from quorum.risk import Around, RiskLimits, Use, limits_used, warnings

LOSSES = frozenset({"max_total_loss", "max_day_loss", "max_week_loss", "halve_at", "no_entries_at", "black_at"})
FALLS = frozenset({"halve_at", "no_entries_at", "black_at", "close_all_at"})


def tell_losses(desk: Desk, book: Book, limits: RiskLimits, around: Around, within: Transaction) -> None:
    """Every loss that is near its limit or has reached it; it commits with what was found."""
    for use in warnings(limits_used(book, limits, around)):
        if use.limit in LOSSES:
            desk.outbox.raise_(_warning(book, use, around.now), within)


def tell_strategy(desk: Desk, strategy_id: str, reason: str, now: int) -> None:
    """A strategy that was stopped for its fall."""
    key = f"{strategy_id}/strategy_red_at/{utc_day(now)}"
    action = f"See `quorum risk check {strategy_id}`; `quorum resume` lets it trade again"
    desk.outbox.raise_(Occurrence(Event.DRAWDOWN_WARNING, key, reason, {"strategy_id": strategy_id}, action))


def tell_left(desk: Desk, account: str, failed: Mapping[str, str], now: int) -> None:
    """What a breaker wanted and a venue did not do, once a day for each."""
    for name, why in sorted(failed.items()):
        summary = f"account {account}: what its breaker asks for is not done: {why}"
        action = "It is tried again at every look; `quorum close-all` closes the account by hand"
        details = {"account": account, "order": name, "why": why}
        key = f"{account}/breaker/{name}/{utc_day(now)}"
        desk.outbox.raise_(Occurrence(Event.DRAWDOWN_WARNING, key, summary, details, action))


def tell_blind(desk: Desk, account: str, symbols: Iterable[str], closes: bool, now: int) -> None:
    """Holdings that are not valued at a price of today, once a day for each."""
    for symbol in sorted(symbols):
        summary = f"account {account} holds {symbol}, of which the lake has no bars: it counts at its last known price"
        if closes:
            summary += "; its breaker closes it at what the venue pays"
        action = f"Import bars of {symbol} (`quorum data import`), or close it at the venue"
        key = f"{account}/blind/{symbol}/{closes}/{utc_day(now)}"
        desk.outbox.raise_(
            Occurrence(Event.DATA_UNAVAILABLE, key, summary, {"account": account, "symbol": symbol}, action)
        )


def _warning(book: Book, use: Use, now: int) -> Occurrence:
    share = use.share or 0
    reached = share >= 1
    word = "has reached" if reached else "comes near"
    said = f"{use.used:.1%} of {use.allowed:.0%}" if use.limit in FALLS else f"{use.used:.2f} of {use.allowed:.2f}"
    summary = f"account {book.account} {word} {use.limit}: {said}"
    details = {"account": book.account, "limit": use.limit, "used": plain(use.used), "allowed": plain(use.allowed)}
    worse = Severity.BLACK if reached and use.limit in ("black_at", "close_all_at", "max_total_loss") else Severity.RED
    key = f"{book.account}/{use.limit}/{'reached' if reached else 'near'}/{utc_day(now)}"
    return Occurrence(Event.DRAWDOWN_WARNING, key, summary, details, severity=worse)
