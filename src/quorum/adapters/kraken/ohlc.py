"""Kraken's own candles: https://docs.kraken.com/api (GET /0/public/OHLC), the newest 720 and the running one."""

from __future__ import annotations

from collections.abc import Iterator

from quorum.adapters.kraken.words import pair, result
from quorum.adapters.rest import Host, page_of
from quorum.domain import DAY, HOUR, MINUTE, SECOND, Timeframe, UsageError
from quorum.lake import Span
from quorum.lake.pull import Page, Reach

_PATH = "/0/public/OHLC"
_KEPT = 720
_LENGTHS = (*(n * MINUTE for n in (1, 5, 15, 30)), HOUR, 4 * HOUR, DAY, 7 * DAY, 15 * DAY)
_FIELDS = (0, 1, 2, 3, 4, 6)
_OLDER = f"kraken gives its newest {_KEPT} candles; older ones are made of its trades with --from-trades"


class KrakenOhlc:
    """BarVendor of Kraken's candles."""

    venue = "kraken"
    restates = False

    def __init__(self, host: Host) -> None:
        self._host = host

    def reach(self, timeframe: Timeframe, now: int) -> Reach:
        if timeframe.nanoseconds not in _LENGTHS:
            known = ", ".join(str(Timeframe(length)) for length in _LENGTHS)
            raise UsageError(f"kraken has no candles of {timeframe}", f"choose one of {known}, or add --from-trades")
        running = now // timeframe.nanoseconds * timeframe.nanoseconds
        return Reach(running - _KEPT * timeframe.nanoseconds, _OLDER)

    def pages(self, symbol: str, timeframe: Timeframe, span: Span) -> Iterator[Page]:
        before = span.start // SECOND - timeframe.nanoseconds // SECOND
        asked: dict[str, str | int] = {"pair": pair(symbol), "interval": timeframe.nanoseconds // MINUTE}
        with self._host.session() as session:
            answer = session.get(_PATH, asked | {"since": max(0, before)})
        rows, last = result(answer)
        if isinstance(rows, list) and isinstance(last, int):
            rows = [r for r in rows if not (isinstance(r, list) and r and isinstance(r[0], int) and r[0] > last)]
        yield page_of(answer, rows, _FIELDS, lambda seconds: seconds * SECOND, lambda _: span.end)
