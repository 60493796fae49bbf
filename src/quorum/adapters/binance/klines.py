"""Binance's klines: https://developers.binance.com/docs/binance-spot-api-docs/rest-api (GET /api/v3/klines)."""

from __future__ import annotations

from collections.abc import Iterator

from quorum.adapters.rest import Answer, Host, page_of, refused, words
from quorum.domain import (
    DAY,
    HOUR,
    MINUTE,
    SECOND,
    DataError,
    NotFound,
    QuorumError,
    Timeframe,
    UsageError,
    split_symbol,
)
from quorum.lake import Span
from quorum.lake.pull import Page, Reach

_PATH, _WEIGHT, _ROWS = "/api/v3/klines", 2, 1000
_MS = 1_000_000
_COUNTED = 6_000  # weight a minute and address that Binance allows
_INTERVALS = {
    SECOND: "1s",
    **{n * MINUTE: f"{n}m" for n in (1, 3, 5, 15, 30)},
    **{n * HOUR: f"{n}h" for n in (1, 2, 4, 6, 8, 12)},
    **{n * DAY: f"{n}d" for n in (1, 3)},
    7 * DAY: "1w",
}
_FIELDS = (0, 1, 2, 3, 4, 5)
_UNKNOWN_SYMBOL = -1121


def refusal(answer: Answer) -> QuorumError | None:
    """What Binance means by an answer."""
    if isinstance(answer.body, dict) and answer.body.get("code") == _UNKNOWN_SYMBOL:
        return NotFound(f"binance does not know the symbol ({answer.place}{words(answer)})", "write it as BTCUSDT")
    if answer.status == 451:
        return DataError(
            f"{answer.place} does not serve this place (451{words(answer)})",
            "name another host as binance.base in config/sources.yaml, as https://data-api.binance.vision",
        )
    return refused(answer)


class BinanceKlines:
    """BarVendor of Binance's spot market; `rows` a page."""

    venue = "binance"
    restates = False

    def __init__(self, host: Host, rows: int = _ROWS) -> None:
        self._host = host
        self._rows = rows

    def reach(self, timeframe: Timeframe, now: int) -> Reach:
        if timeframe.nanoseconds not in _INTERVALS:
            raise UsageError(f"binance has no bars of {timeframe}", f"choose one of {', '.join(_INTERVALS.values())}")
        return Reach()

    def pages(self, symbol: str, timeframe: Timeframe, span: Span) -> Iterator[Page]:
        base, quote = split_symbol(symbol)
        name = symbol if base == symbol else base + quote
        interval = _INTERVALS[timeframe.nanoseconds]
        asked: dict[str, str | int] = {"symbol": name, "interval": interval, "limit": self._rows}
        start, step = span.start, timeframe.nanoseconds
        with self._host.session() as session:
            while start < span.end:
                times = {"startTime": -(-start // _MS), "endTime": (span.end - 1) // _MS}
                answer = session.get(_PATH, asked | times, _WEIGHT)
                self._heed(answer)
                page = page_of(answer, answer.body, _FIELDS, lambda ms: ms * _MS, lambda last: last + 1)
                if not len(page.time) or page.upto - 1 + step >= span.end:
                    page = Page(page.time, page.columns, span.end, page.as_of)
                yield page
                start = page.upto

    def _heed(self, answer: Answer) -> None:
        """Slow down when others at this address have used up what Binance allows."""
        used = answer.headers.get("x-mbx-used-weight-1m", "")
        if used.isdigit():
            self._host.budget.at_most(_COUNTED - float(used))
