"""Prices of a file, played from the start of the run with their own distances in time."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal, InvalidOperation
from pathlib import Path
from random import Random
from typing import Any

from quorum.domain import DataError, parse_instant
from quorum.simulator.core import Listing, Top
from quorum.simulator.prices.walk import top_at

_REMEDY = "give each row time, symbol and last, and, if known, bid, ask, bid_size, ask_size and last_size"


class Recorded:
    """Prices of a CSV file with a header, or of JSON lines; the first row plays at `start`, the rest after it."""

    def __init__(self, path: Path, listings: Mapping[str, Listing], start: int) -> None:
        rows = [(symbol, top) for place, row in _rows(path) for symbol, top in [_top(place, row, listings)] if symbol]
        if not rows:
            raise DataError(f"{path} has no price of {', '.join(listings)}", _REMEDY)
        rows.sort(key=lambda row: row[1].time)
        shift = start - rows[0][1].time
        self._rows = [(symbol, top._replace(time=top.time + shift)) for symbol, top in rows]
        self._played = 0

    @property
    def left(self) -> int:
        """Rows that have not played yet."""
        return len(self._rows) - self._played

    def due(self, now: int) -> Iterable[tuple[str, Top]]:
        """See Prices."""
        first = self._played
        while self._played < len(self._rows) and self._rows[self._played][1].time <= now:
            self._played += 1
        return self._rows[first : self._played]


def _rows(path: Path) -> Iterator[tuple[str, Mapping[str, Any]]]:
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{path} cannot be read ({error})", "give a CSV file or JSON lines") from None
    if not lines or not lines[0].lstrip().startswith("{"):
        yield from ((f"{path}:{n}", row) for n, row in enumerate(csv.DictReader(lines), 2))
        return
    for number, line in enumerate(lines, 1):
        try:
            yield f"{path}:{number}", json.loads(line)
        except ValueError:
            raise DataError(f"{path}:{number} is no JSON", _REMEDY) from None


def _top(place: str, row: Mapping[str, Any], listings: Mapping[str, Listing]) -> tuple[str, Top]:
    try:
        symbol, time = str(row["symbol"]), parse_instant(str(row["time"]))
        last = Decimal(str(row["last"]))
        given = {name: Decimal(str(row[name])) for name in Top._fields[1:] if row.get(name) not in (None, "")}
    except (KeyError, InvalidOperation, AttributeError, TypeError) as error:
        raise DataError(f"{place} cannot be read ({type(error).__name__}: {error})", _REMEDY) from None
    if symbol not in listings:
        return "", Top(time, *(Decimal(0),) * 6)
    if any(not value.is_finite() or value < 0 for value in given.values()) or last <= 0:
        raise DataError(f"{place} has a price or a size that is none", _REMEDY)
    drawn = top_at(listings[symbol], time, float(last), Random(place))
    return symbol, Top(time, *(given.get(name, value) for name, value in zip(Top._fields[1:], drawn[1:], strict=True)))
