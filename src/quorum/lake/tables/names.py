"""What a file's name tells: symbol, venue and timeframe."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from quorum.domain import Timeframe
from quorum.lake.tables.reading import SUFFIXES

LOCAL = "local"
_UNIT = r"s|sec|second|m|min|minute|t|h|hr|hour|d|day|w|wk|week|mo|mon|month"
_WORD = rf"(?:(?P<count>\d+)[-_ ]?(?P<unit>{_UNIT})s?|(?P<mt>[MHDW]\d+)|(?P<name>hourly|daily|weekly|monthly))"
_TIMEFRAME = re.compile(rf"(?:^|(?<=[-_. ])){_WORD}(?=[-_. ]|$)", re.IGNORECASE)
_DATES = re.compile(r"(?:[-_ .]+(?:\d{8}|(?:19|20)\d\d(?:[-_]\d\d){0,2}))+$")
_SHARE_CLASS = re.compile(r"[A-Z0-9^=-]+\.[A-Z]{1,2}(?=\.|$)")
_NAMED = {"hourly": "1h", "daily": "1d", "weekly": "1w"}


@dataclass(frozen=True, slots=True)
class FileName:
    """A file's name taken apart; `symbol` is empty and `timeframe` None where the name does not tell."""

    symbol: str
    venue: str
    timeframe: Timeframe | None


def read_name(path: Path) -> FileName:
    """`BTCUSDT.binance_usdm.perp_1h.parquet` is BTCUSDT at binance_usdm.perp, 1h; `BTC-USDT_1h.csv` is at local.

    Up to the first dot stands the symbol, then the venue; a timeframe (1h, M15, daily) may stand behind either and
    is left out of both, as are dates at the end. One or two capitals after a dot (BRK.B) belong to the symbol.
    """
    stem = _stem(path.name)
    words = list(_TIMEFRAME.finditer(stem))
    if words:
        stem = stem[: words[-1].start()].rstrip("-_. ") or stem[words[-1].end() :].lstrip("-_. ")
    stem = _DATES.sub("", stem)
    share = _SHARE_CLASS.match(stem)
    symbol, _, venue = (share.group(), ".", stem[share.end() + 1 :]) if share else stem.partition(".")
    return FileName(symbol.strip(), venue.strip("-_. ") or LOCAL, _timeframe(words[-1]) if words else None)


def _stem(name: str) -> str:
    suffix = max((s for s in SUFFIXES if name.lower().endswith(s)), key=len, default="")
    return name[: len(name) - len(suffix)] if suffix else name


def _timeframe(word: re.Match[str]) -> Timeframe | None:
    """The timeframe that a word names; None for months, and for 1M, which may mean a month or a minute."""
    if word["name"]:
        named = _NAMED.get(word["name"].lower())
        return Timeframe.parse(named) if named else None
    if word["mt"]:
        letter, count = word["mt"][0], word["mt"][1:]
        return Timeframe.parse(count + letter.lower()) if count.isdigit() and int(count) else None
    unit = word["unit"].lower()
    if unit.startswith("mo") or word.group() == "1M" or not int(word["count"]):
        return None
    return Timeframe.parse(word["count"] + ("m" if unit == "t" else unit[0]))
