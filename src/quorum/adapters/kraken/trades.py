"""Bars of any length and age, made of Kraken's trades (GET /0/public/Trades, 1,000 a page)."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from typing import Any

from quorum.adapters.kraken.candles import Candle, Candles, Print
from quorum.adapters.kraken.words import pair, result
from quorum.adapters.rest import Answer, Host, Session, no_bars, page_of
from quorum.domain import DAY, MINUTE, SECOND, DataError, Timeframe
from quorum.lake import Span
from quorum.lake.pull import Page, Reach

_PATH, _ROWS = "/0/public/Trades", 1000
_FIELDS = (0, 1, 2, 3, 4, 5)
_LOOKS_BACK = (MINUTE, DAY, 30 * DAY)


class KrakenTrades:
    """BarVendor of candles made of Kraken's trades; `rows` trades a page."""

    venue = "kraken"
    restates = False

    def __init__(self, host: Host, rows: int = _ROWS) -> None:
        self._host = host
        self._rows = rows

    def reach(self, timeframe: Timeframe, now: int) -> Reach:
        return Reach()

    def pages(self, symbol: str, timeframe: Timeframe, span: Span) -> Iterator[Page]:
        step = timeframe.nanoseconds
        first = -(-span.start // step) * step
        end = -(-span.end // step) * step  # the close of the last candle that opens within the span
        with self._host.session() as session:
            candles = Candles(step, first, self._paid_before(session, symbol, first))
            for answer, prints, whole in self._trades(session, symbol, Span(first, end)):
                done = candles.add(prints)
                if whole:
                    done += candles.until(min(end, answer.now or end))
                if whole or done:
                    yield _page(answer, done, span.end if whole else done[-1].time + 1)

    def _trades(self, session: Session, symbol: str, span: Span) -> Iterator[tuple[Answer, list[Print], bool]]:
        """Trades from `span.start` on, a page each, and whether they reach its end, or that of all trades.

        A page begins with the last trade of the one before: trades may share an instant.
        """
        since, whole = span.start - 1, False
        while not whole:
            asked: dict[str, str | int] = {"pair": pair(symbol), "since": since, "count": self._rows}
            answer = session.get(_PATH, asked)
            rows, last = result(answer)
            prints = _prints(answer, rows)
            whole = len(prints) < self._rows or prints[-1].time >= span.end
            if not whole and _number(answer, last) <= since + 1:
                raise DataError(f"{answer.place} gives the same trades again and again", "run it again later")
            since = _number(answer, last) - 1
            yield answer, prints, whole

    def _paid_before(self, session: Session, symbol: str, instant: int) -> str | None:
        """The price of the last trade before `instant`, as far as the month before it tells."""
        for back in _LOOKS_BACK:
            paid = None
            for _, prints, _ in self._trades(session, symbol, Span(instant - back, instant)):
                paid = next((t.price for t in reversed(prints) if t.time < instant), paid)
            if paid is not None:
                return paid
        return None


def _page(answer: Answer, done: list[Candle], upto: int) -> Page:
    return page_of(answer, done, _FIELDS, int, lambda _: upto)


def _number(answer: Answer, last: Any) -> int:
    try:
        return int(last)
    except (TypeError, ValueError):
        raise DataError(f"{answer.place} does not say where its next trades begin", "run it again later") from None


def _prints(answer: Answer, rows: Any) -> list[Print]:
    """The trades of an answer: `["30243.4","0.3450",1688669597.8277369,"b","m","",61044952]`."""
    try:
        found = [Print(_ns(row[2]), _digits(row[0]), _digits(row[1]), int(row[6])) for row in rows]
    except (TypeError, IndexError, KeyError, ValueError, InvalidOperation):
        raise no_bars(answer) from None
    return sorted(found, key=lambda trade: trade.number)


def _ns(seconds: Any) -> int:
    return int(Decimal(str(seconds)) * SECOND)


def _digits(text: Any) -> str:
    if not Decimal(text).is_finite():
        raise ValueError(text)
    return str(text)
