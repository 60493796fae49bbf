"""Recordings of Kraken: frames of the first protocol, `<seconds>: <frame>`, and pages of trades as REST gives them."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

from quorum.domain import SECOND, DataError, Side
from quorum.simulator.core import Listing
from quorum.simulator.kraken.listings import made, named, new
from quorum.simulator.public import Change, Frame, Levels, Played, Print, Recording, lines_of

_LINE = re.compile(r"(\d+\.\d+): ([{\[].*)")
_REMEDY = 'write each line as `1618678142.592855: [993, [[…]], "trade", "XMR/USD"]`, or a page of Trades as .json'
_TRADE = 7
_QUOTES = ("USDT", "USDC", "USD", "EUR", "GBP", "CHF", "XBT", "ETH")
Row = tuple[int, str, Played]


def recording_of(folder: Path, symbols: tuple[str, ...]) -> Recording:
    """What `folder` holds, of `symbols` where some are named; DataError says what of it is none."""
    found = _Read()
    pages = [folder] if folder.suffix == ".json" else sorted(folder.glob("*.json")) if folder.is_dir() else []
    for path in pages:
        found.page(path)
    if not found.rows or any(not each.name.endswith(".json") for each in folder.glob("*")):
        for place, line in lines_of(folder, lambda name: not name.startswith("DERIVED") and ".json" not in name):
            found.line(place, line)
    rows = sorted((row for row in found.rows if not symbols or row[1] in symbols), key=lambda row: row[0])
    if not rows:
        raise DataError(f"{folder} has no message of {', '.join(symbols) or 'any pair'}", _REMEDY)
    names = tuple(dict.fromkeys(symbol for _, symbol, _ in rows))
    return Recording(tuple(found.listing(name) for name in names), rows, {})


class _Read:
    """What has been read so far: rows, counters where the venue has none, decimals by pair."""

    def __init__(self) -> None:
        self.rows: list[Row] = []
        self._numbers: Counter[str] = Counter()
        self._updates: Counter[str] = Counter()
        self._decimals: Counter[str] = Counter()
        self._prices: dict[str, Decimal] = {}

    def listing(self, symbol: str) -> Listing:
        """A pair with the decimals and a price that were seen."""
        return made(symbol, self._prices.get(symbol, Decimal(1)), Decimal(1).scaleb(-self._decimals[symbol]))

    def page(self, path: Path) -> None:
        """A page of Trades; any other JSON is left alone."""
        try:
            found = json.loads(path.read_text(encoding="utf-8"), parse_float=Decimal)
        except (OSError, ValueError) as error:
            raise DataError(f"{path} cannot be read ({error})", _REMEDY) from None
        result = found.get("result") if isinstance(found, dict) else None
        for name, rows in result.items() if isinstance(result, dict) else ():
            if isinstance(rows, list) and rows and isinstance(rows[0], list) and len(rows[0]) == _TRADE:
                self.rows += self._trades(_symbol(name), rows, None)

    def line(self, place: str, line: str) -> None:
        """A line of frames; what is no market data is left out."""
        found = _LINE.fullmatch(line)
        if found is None:
            if line and not line.startswith(("wss://", "ws://")):
                raise DataError(f"{place} is no frame of Kraken", _REMEDY)
            return
        try:
            frame = json.loads(found[2])
            if isinstance(frame, list):
                self._frame(int(Decimal(found[1]) * SECOND), frame)
        except (ValueError, KeyError, TypeError, IndexError, ArithmeticError) as error:
            raise DataError(f"{place} is no frame of Kraken ({type(error).__name__}: {error})", _REMEDY) from None

    def _frame(self, at: int, frame: list[Any]) -> None:
        channel, symbol = str(frame[-2]), new(str(frame[-1]))
        if channel == "trade":
            found = [(at, name, what) for _, name, what in self._trades(symbol, frame[1], frame)]
            self.rows += found
        elif channel.startswith("book-"):
            self.rows.append((at, symbol, self._change(at, symbol, frame)))
        else:
            self.rows.append((at, symbol, Frame(at, channel, frame)))

    def _trades(self, symbol: str, rows: list[Any], frame: Any) -> Iterator[Row]:
        for place, row in enumerate(rows):
            self._numbers[symbol] = int(row[6]) if len(row) == _TRADE else self._numbers[symbol] + 1
            time, side = int(Decimal(str(row[2])) * SECOND), Side.BUY if row[3] == "b" else Side.SELL
            shown = frame if frame is None or place == 0 else ()  # the message is said once
            price, size = Decimal(row[0]), Decimal(row[1])
            self._see(symbol, row[0], padded=frame is None)
            yield time, symbol, Print(self._numbers[symbol], time, price, size, side, row[4] == "l", shown)

    def _change(self, at: int, symbol: str, frame: list[Any]) -> Change:
        parts: dict[str, Any] = {}
        for part in frame[1:-2]:
            parts |= part
        whole = "as" in parts or "bs" in parts
        bids, asks = (self._levels(symbol, parts.get(name + "s" * whole, [])) for name in "ba")
        self._updates[symbol] += 1
        number = self._updates[symbol]
        return Change(at, number, number, bids, asks, whole, frame)

    def _levels(self, symbol: str, rows: list[Any]) -> Levels:
        for row in rows:
            self._see(symbol, row[0])
        return tuple((Decimal(row[0]), Decimal(row[1])) for row in rows)

    def _see(self, symbol: str, price: str, padded: bool = False) -> None:
        self._decimals[symbol] = max(
            self._decimals[symbol], len((price.rstrip("0") if padded else price).partition(".")[2])
        )
        self._prices.setdefault(symbol, Decimal(price))


def _symbol(name: str) -> str:
    """The symbol of a pair by its key in REST."""
    for quote in _QUOTES:
        for base in (name.removesuffix(quote), name.removesuffix(f"Z{quote}")):
            symbol = new(f"{base.removeprefix('X') if len(base) == 4 else base}/{quote}")
            if base != name and named(name, [symbol]):
                return symbol
    return name
