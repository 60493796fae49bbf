"""What Kraken's REST and both of its protocols write alike: numbers, times, checksums."""

from __future__ import annotations

import json
import re
import zlib
from collections.abc import Container
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, NamedTuple

from quorum.domain import DAY, HOUR, MINUTE, SECOND
from quorum.simulator.core import Listing
from quorum.simulator.kraken.listings import decimals
from quorum.simulator.public import Candle, Levels, Market

INTERVALS = {n: n * MINUTE for n in (1, 5, 15, 30)} | {
    60: HOUR,
    240: 4 * HOUR,
    1440: DAY,
    10080: 7 * DAY,
    21600: 15 * DAY,
}
DEPTHS = (10, 25, 100, 500, 1000)
_SUMMED = 10
_EXACT = re.compile(r'"#(-?[0-9.]+)"')


class Day(NamedTuple):
    """Today, since midnight UTC, and the last 24 hours."""

    today: Candle
    whole: Candle


def price_text(listing: Listing, value: Decimal) -> str:
    """A price with the decimals of its pair."""
    return f"{value:.{decimals(listing)}f}"


def old_price_text(listing: Listing, value: Decimal) -> str:
    """A price as the first protocol and Trades write it, with five decimals at least."""
    return f"{value:.{max(5, decimals(listing))}f}"


def size_text(value: Decimal) -> str:
    """A quantity."""
    return f"{value:.8f}"


def exact(text: str) -> str:
    """A number that `written` writes with all its digits."""
    return f"#{text}"


def written(message: Any) -> str:
    """A message as JSON, in which `exact` numbers are numbers."""
    return _EXACT.sub(r"\1", json.dumps(message, separators=(",", ":")))


def seconds(time: int) -> str:
    """An instant as seconds with six decimals."""
    return f"{time // SECOND}.{time % SECOND // 1000:06d}"


def rfc(time: int, digits: int = 6) -> str:
    """An instant as RFC 3339 with so many digits of its second."""
    whole, rest = divmod(time, SECOND)
    return f"{datetime.fromtimestamp(whole, UTC):%Y-%m-%dT%H:%M:%S}.{f'{rest:09d}'[:digits]}Z"


def checksum(asks: list[tuple[str, str]], bids: list[tuple[str, str]]) -> int:
    """CRC32 of the ten best of each side, asks first, each price and size without its point and leading zeros.

    Source: https://docs.kraken.com/api/docs/guides/spot-ws-book-v2.
    """
    digits = (text.replace(".", "").lstrip("0") for row in (*asks[:_SUMMED], *bids[:_SUMMED]) for text in row)
    return zlib.crc32("".join(digits).encode())


def setting_of(given: Any, known: Container[int]) -> int | None:
    """A depth or an interval that a client gave; None for one that is none."""
    return given if isinstance(given, int) and not isinstance(given, bool) and given in known else None


def rows_of(listing: Listing, rows: Levels, old: bool) -> list[tuple[str, str]]:
    """Levels as texts, of the first protocol where that is `old`."""
    price = old_price_text if old else price_text
    return [(price(listing, each), size_text(size)) for each, size in rows]


def day_of(market: Market) -> Day | None:
    """The day of a market; None before its first trade."""
    today, whole = market.running(DAY), market.day()
    return Day(today, whole) if today is not None and whole is not None else None
