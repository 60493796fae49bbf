"""Alpaca's historical bars: https://docs.alpaca.markets (GET /v2/stocks/bars and /v1beta3/crypto/us/bars)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from quorum.adapters.rest import Answer, Host, no_bars, page_of, refused, words
from quorum.domain import (
    DAY,
    HOUR,
    MINUTE,
    SECOND,
    ConfigError,
    NotFound,
    QuorumError,
    Timeframe,
    UsageError,
    iso,
    parse_instant,
    split_symbol,
)
from quorum.lake import Span
from quorum.lake.pull import Page, Reach

_SHARES, _PAIRS, _ROWS = "/v2/stocks/bars", "/v1beta3/crypto/us/bars", 10_000
_FIELDS = ("t", "o", "h", "l", "c", "v")
_OPENS_BY = 5 * HOUR  # a share's day begins at midnight in New York: 04:00 or 05:00 UTC
_RECENT = 42210000


def is_pair(symbol: str) -> bool:
    """Whether Alpaca trades `symbol` as a crypto pair, not as a share."""
    return split_symbol(symbol)[0] != symbol


def refusal(answer: Answer) -> QuorumError | None:
    """What Alpaca means by an answer."""
    code = answer.body.get("code") if isinstance(answer.body, dict) else None
    if code == _RECENT or "subscription" in words(answer):
        return ConfigError(
            f"{answer.place}: the plan does not allow it ({answer.status}{words(answer)})",
            "set alpaca.feed to iex in config/sources.yaml, or choose an earlier --until",
        )
    if answer.status in (401, 403):
        return ConfigError(
            f"{answer.place} refuses the keys ({answer.status}{words(answer)})", "check that both keys are of one pair"
        )
    if answer.status in (400, 404, 422) and "symbol" in words(answer):
        return NotFound(f"alpaca does not know it ({answer.place}{words(answer)})", "write it as AAPL or BTC/USD")
    return refused(answer)


def _length(timeframe: Timeframe) -> str | None:
    """Alpaca's name of a timeframe; None when it has none."""
    for unit, name, most in ((DAY, "Day", 1), (HOUR, "Hour", 23), (MINUTE, "Min", 59)):
        count, rest = divmod(timeframe.nanoseconds, unit)
        if count and not rest:
            return f"{count}{name}" if count <= most else None
    return None


class AlpacaBars:
    """BarVendor of Alpaca; `feed` is iex or sip, `adjustment` raw, split, dividend or all; `rows` a page."""

    venue = "alpaca"

    def __init__(self, host: Host, feed: str = "iex", adjustment: str = "raw", rows: int = _ROWS) -> None:
        self._host = host
        self._feed = feed
        self._adjustment = adjustment
        self._rows = rows

    @property
    def restates(self) -> bool:
        return self._adjustment != "raw"

    def reach(self, timeframe: Timeframe, now: int) -> Reach:
        if _length(timeframe) is None:
            raise UsageError(f"alpaca has no bars of {timeframe}", "choose 1m to 59m, 1h to 23h, or 1d")
        return Reach()

    def pages(self, symbol: str, timeframe: Timeframe, span: Span) -> Iterator[Page]:
        """As BarVendor; the day of a share opens at midnight UTC of its date, as dates do everywhere in the lake."""
        days = timeframe.nanoseconds == DAY and not is_pair(symbol)
        path, name, asked = self._question(symbol, timeframe, span, days)
        upto, token, seen = span.start, "", {""}
        with self._host.session() as session:
            while upto < span.end:
                answer = session.get(path, asked | ({"page_token": token} if token else {}))
                rows, token = _rows(answer, name)
                page = page_of(answer, rows, _FIELDS, lambda t: _open(t, days), lambda last: last + 1)
                if not token or token in seen or page.upto >= span.end:
                    page = Page(page.time, page.columns, span.end, page.as_of)
                seen.add(token)
                if page.upto > upto:
                    yield page
                    upto = page.upto

    def _question(
        self, symbol: str, timeframe: Timeframe, span: Span, days: bool
    ) -> tuple[str, str, dict[str, str | int]]:
        end = span.end - 1 + (_OPENS_BY if days else 0)
        asked: dict[str, str | int] = {
            "timeframe": _length(timeframe) or "",
            "start": iso(-(-span.start // SECOND) * SECOND),
            "end": iso(end // SECOND * SECOND),
            "limit": self._rows,
            "sort": "asc",
        }
        if is_pair(symbol):
            name = "/".join(split_symbol(symbol))
            return _PAIRS, name, {"symbols": name, **asked}
        return _SHARES, symbol, {"symbols": symbol, **asked, "feed": self._feed, "adjustment": self._adjustment}


def _open(text: str, days: bool) -> int:
    found = parse_instant(text)
    return found // DAY * DAY if days else found


def _rows(answer: Answer, name: str) -> tuple[Any, str]:
    """The bars of an answer, and the token of the next page, empty at the end."""
    body = answer.body if isinstance(answer.body, dict) else {}
    bars, token = body.get("bars", ""), body.get("next_page_token")
    if bars is None:
        bars = {}
    if not isinstance(bars, dict) or not isinstance(token, str | None):
        raise no_bars(answer)
    return bars.get(name, []), token or ""
