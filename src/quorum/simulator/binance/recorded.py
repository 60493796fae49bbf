"""Recordings of Binance's combined stream: a line for each frame, `<instant> {"stream": …, "data": …}`.

The instant is nanoseconds as they were received, or seconds with a fraction and a colon. A bare REST answer with
`lastUpdateId` is the book of the one symbol that is recorded, one behind the address that was asked is that symbol's.
"""

from __future__ import annotations

import json
import re
from decimal import Decimal
from pathlib import Path
from typing import Any

from quorum.domain import SECOND, DataError, Instrument, Side, UsageError
from quorum.simulator.binance.forms import MS
from quorum.simulator.binance.listings import listing_of
from quorum.simulator.core import Listing
from quorum.simulator.public import Change, Frame, Played, Print, Recording, Touch, lines_of

_LINE = re.compile(r"(?:(?P<ns>\d{16,20}) |(?:(?P<url>https?://\S+) -> )?(?P<s>\d+\.\d+): )(?P<json>[{\[].*)")
_ASKED = re.compile(r"symbol=([A-Z0-9]+)")
_NOTE = ("wss://", "ws://")
_REMEDY = 'write each line as `1723161254087896568 {"stream": "btcusdt@trade", "data": {…}}`'


def recording_of(folder: Path, symbols: tuple[str, ...]) -> Recording:
    """The frames of `folder`, of `symbols` where some are named; DataError says which line is none."""
    rows: list[tuple[int, str, Played]] = []
    books: list[tuple[str, Change]] = []
    for place, line in lines_of(folder, lambda name: not name.startswith("DERIVED")):
        if not line or line.startswith(_NOTE):
            continue
        found = _LINE.fullmatch(line)
        try:
            if found is None:
                raise ValueError("no instant and JSON")
            at = int(found["ns"]) if found["ns"] else int(Decimal(found["s"]) * SECOND)
            said = json.loads(found["json"])
            if "lastUpdateId" in said:
                asked = _ASKED.search(found["url"] or "")
                books.append((asked[1] if asked else "", _whole(at, said)))
            elif "stream" in said:
                symbol, what = _happening(at, said["stream"], said["data"])
                rows.append((at, symbol, what))
        except (ValueError, KeyError, TypeError, ArithmeticError) as error:
            raise DataError(f"{place} is no frame of Binance ({type(error).__name__}: {error})", _REMEDY) from None
    return _sorted(folder, rows, books, symbols)


def _sorted(
    folder: Path, rows: list[tuple[int, str, Played]], books: list[tuple[str, Change]], symbols: tuple[str, ...]
) -> Recording:
    kept = [row for row in rows if not symbols or row[1] in symbols]
    if not kept:
        raise DataError(f"{folder} has no frame of {', '.join(symbols) or 'any symbol'}", _REMEDY)
    kept.sort(key=lambda row: row[0])
    names = tuple(dict.fromkeys(symbol for _, symbol, _ in kept))
    opening: dict[str, Change] = {}
    for symbol, change in books:
        opening.setdefault(symbol or names[0], change)
    return Recording(tuple(_listing(name) for name in names), kept, {s: c for s, c in opening.items() if s in names})


def _happening(at: int, stream: str, data: dict[str, Any]) -> tuple[str, Played]:
    name, _, channel = stream.partition("@")
    symbol = str(data.get("s", name.upper()))
    if channel == "trade":
        taker = Side.SELL if data["m"] else Side.BUY
        exact = Decimal(data["p"]), Decimal(data["q"])
        return symbol, Print(int(data["t"]), data["T"] * MS, *exact, taker, True, data)
    if channel == "bookTicker":
        bid, bid_size, ask, ask_size = (Decimal(data[key]) for key in "bBaA")
        return symbol, Touch(at, int(data["u"]), bid, bid_size, ask, ask_size, data)
    if channel == "depth@100ms":
        return symbol, Change(data["E"] * MS, data["U"], data["u"], _levels(data["b"]), _levels(data["a"]), False, data)
    return symbol, Frame(at, channel, data)


def _whole(at: int, said: dict[str, Any]) -> Change:
    number = int(said["lastUpdateId"])
    return Change(at, number, number, _levels(said["bids"]), _levels(said["asks"]), whole=True)


def _levels(rows: list[list[str]]) -> tuple[tuple[Decimal, Decimal], ...]:
    return tuple((Decimal(row[0]), Decimal(row[1])) for row in rows)


def _listing(symbol: str) -> Listing:
    try:
        return listing_of(symbol)
    except UsageError:  # a symbol of a time when there were more quotes
        step = Decimal("1e-8")
        return Listing(Instrument(symbol, "BINANCE", symbol, "USDT", step, step), Decimal(1), round_clock=True)
