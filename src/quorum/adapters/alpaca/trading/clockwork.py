"""What Alpaca says of time and means: whether it is open, when it opens, what the account may buy."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, NamedTuple
from urllib.parse import quote
from zoneinfo import ZoneInfo

from quorum.adapters.alpaca.trading.line import Line
from quorum.adapters.alpaca.trading.words import Unreadable, exact, instant, is_pair
from quorum.domain import SECOND, Clock

_NEW_YORK = ZoneInfo("America/New_York")
_LAST_CALL, _EVENING = 9 * 60 + 28, 19 * 60
"""Minutes of New York's day between which no opening order is taken."""


class MarketHours(NamedTuple):
    """Whether shares trade at `now`, and when they next open and close; ns UTC, by the venue's clock."""

    now: int
    is_open: bool
    next_open: int
    next_close: int


class Session(NamedTuple):
    """A session: its date as 2026-11-20, its open and close in ns UTC."""

    date: str
    open: int
    close: int


class Clockwork:
    """Time and means of an account, asked anew each time but for the hours, which hold until they change."""

    def __init__(self, line: Line, clock: Clock) -> None:
        self._line = line
        self._clock = clock
        self._hours: tuple[int, MarketHours] | None = None

    def hours(self) -> MarketHours:
        """The venue's own clock; BrokerUnreachable when it does not tell."""
        form = self._line.facts("/v2/clock")
        if not isinstance(form.get("is_open"), bool):
            raise Unreadable("alpaca does not say whether it is open", "ask again")
        times = (instant(form, name) for name in ("timestamp", "next_open", "next_close"))
        now, opens, closes = times
        found = MarketHours(now, form["is_open"], opens, closes)
        self._hours = (self._clock.now(), found)
        return found

    def market_open(self) -> bool:
        """Whether shares trade now."""
        return self._standing().is_open

    def next_open(self) -> int:
        """When shares open next (ns UTC)."""
        return self._standing().next_open

    def trades(self, symbol: str) -> bool:
        """As Hours: an asset that the venue has, and that may be traded."""
        answer = self._line.get(f"/v2/assets/{quote(symbol, safe='')}")
        return isinstance(answer.body, dict) and answer.status != 404 and answer.body.get("tradable") is not False

    def closed_until(self, symbol: str) -> int | None:
        """As Hours: pairs trade round the clock, shares in their sessions."""
        return None if is_pair(symbol) or self.market_open() else self.next_open()

    def skew(self) -> int:
        """How far the venue's clock is ahead of ours, in ns, as of one question."""
        asked = self._clock.now()
        told = self.hours().now
        return told - (asked + self._clock.now()) // 2

    def takes_opening(self, at: int) -> bool:
        """Whether an order for the opening may be placed at `at` (ns UTC): not from 09:28 to 19:00 in New York."""
        moment = datetime.fromtimestamp(at // SECOND, _NEW_YORK)
        return not _LAST_CALL <= moment.hour * 60 + moment.minute < _EVENING

    def opens_by_auction(self, symbol: str, at: int) -> bool:
        """As Hours: a pair has no opening."""
        return not is_pair(symbol) and self.takes_opening(at)

    def sessions(self, first: date, last: date) -> list[Session]:
        """The sessions from `first` to `last`, both included."""
        rows = self._line.rows("/v2/calendar", {"start": first.isoformat(), "end": last.isoformat()})
        return [_session(row) for row in rows]

    def buying_power(self) -> Decimal:
        """Dollars that new orders for shares may cost; open buys are taken off, sales count once they have filled."""
        return exact(self._line.facts("/v2/account"), "buying_power")

    def _standing(self) -> MarketHours:
        """The hours as last told, while they hold by our clock."""
        now = self._clock.now()
        if self._hours is not None:
            asked, found = self._hours
            at = found.now + (now - asked)
            if asked <= now and at < min(found.next_open, found.next_close):
                return found
        return self.hours()


def _session(row: dict[str, Any]) -> Session:
    try:
        day = str(row["date"])
        opens, closes = (datetime.fromisoformat(f"{day}T{row[name]}") for name in ("open", "close"))
    except (KeyError, ValueError):
        raise Unreadable("alpaca tells a session without its times", "ask again") from None
    start, end = (int(t.replace(tzinfo=_NEW_YORK).astimezone(UTC).timestamp()) * SECOND for t in (opens, closes))
    return Session(day, start, end)
