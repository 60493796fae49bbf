"""Which column of a foreign table means what, and what an importer may be told about a file."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from quorum.domain import DataError, Timeframe, UsageError
from quorum.lake.calendars import CALENDARS

PRICES = ("open", "high", "low", "close")
VALUES = (*PRICES, "volume")
CANONICAL = ("time", *VALUES, "symbol")
UNITS = {"s": 10**9, "ms": 10**6, "us": 10**3, "ns": 1}
TIME_IS = ("open", "close")
FUNDING = "funding rates"

# In order of preference; names are compared by their letters and digits only, in lower case.
SYNONYMS: Mapping[str, tuple[str, ...]] = {
    "time": (
        *("time", "unix", "unixtime", "unixtimestamp", "opentime", "timestamp", "ts", "datetime", "t", "date"),
        *("gmttime", "utctime", "utc", "localtime", "starttime", "start", "begin", "day", "index", "indexlevel0"),
        *("unnamed0", ""),
    ),
    "open": ("open", "o", "openprice", "openingprice"),
    "high": ("high", "h", "highprice"),
    "low": ("low", "l", "lowprice"),
    "close": ("close", "c", "closeprice", "closingprice", "closelast", "price", "last", "lastprice"),
    "volume": ("volume", "v", "vol", "qty", "quantity", "basevolume", "volumebase", "tickvol", "tickvolume"),
    "symbol": ("symbol", "ticker", "pair", "instrument", "sym", "tic"),
}
FUNDING_SYNONYMS: Mapping[str, tuple[str, ...]] = {
    "time": ("fundingtime", "fundingratetimestamp", "calctime", *SYNONYMS["time"]),
    "rate": ("relativefundingrate", "fundingrate", "lastfundingrate", "realizedrate", "rate", "funding"),
    "symbol": (*SYNONYMS["symbol"], "contract", "contracts", "coin"),
}
ADJUSTED = ("adjclose", "adjustedclose", "closeadj", "closeadjusted")
HEADERLESS: Mapping[int, tuple[str, ...]] = {
    6: ("time", *VALUES),
    12: (
        *("time", *VALUES, "close_time", "quote_volume", "trades"),
        *("taker_base_volume", "taker_quote_volume", "ignored"),
    ),
}


class NotBars(DataError):
    """A table of another kind than bars, as funding rates or trades."""


@dataclass(frozen=True, slots=True)
class ImportOptions:
    """What the caller knows better than the file; None means: find out from the file.

    `tz` is the zone of times without offset (a date alone stays a date). `unit` (s, ms, us, ns) is that of numeric
    times. `columns` maps canonical names (time, open, high, low, close, volume, symbol; or rate) to the file's.
    `calendar` is one of CALENDARS; one that is chosen stays with the series, auto finds out where none is chosen.
    `time_is` says whether the file stamps a bar with its open or its close. `date_format` is dmy, mdy or a pattern
    as of strptime. UsageError for a value that is none of these.
    """

    symbol: str | None = None
    venue: str | None = None
    timeframe: Timeframe | None = None
    tz: str | None = None
    unit: str | None = None
    columns: Mapping[str, str] = field(default_factory=dict)
    calendar: str = "auto"
    time_is: str = "open"
    date_format: str | None = None

    def __post_init__(self) -> None:
        _one_of("unit", self.unit, UNITS)
        _one_of("calendar", self.calendar, CALENDARS)
        _one_of("time_is", self.time_is, TIME_IS)
        for name in self.columns:
            _one_of("columns", name, (*CANONICAL, "rate"))
        if self.date_format is not None and self.date_format not in ("dmy", "mdy") and "%" not in self.date_format:
            raise UsageError(
                f"date_format {self.date_format!r} is no format",
                "give dmy, mdy or a pattern such as %d/%m/%Y %H:%M",
            )
        if "" in (self.symbol, self.venue):
            raise UsageError("an empty symbol or venue names no series", "leave it out or give a name")


def _one_of(option: str, value: str | None, known: Iterable[str]) -> None:
    if value is not None and value not in known:
        raise UsageError(f"{option} {value!r} is unknown", f"give one of {', '.join(known)}")


def plain_name(name: str) -> str:
    """A column name by its letters and digits alone, in lower case: `Open time` and `open_time` are one."""
    return "".join(c for c in name.lower() if c.isalnum())


def foreign_kind(names: Sequence[str]) -> str | None:
    """What a table without bars holds, as its columns tell: funding, trades, an order book; else None."""
    plain = {plain_name(n) for n in names}
    if plain & {"close", "c", "closeprice", *ADJUSTED} or plain >= {"open", "high", "low"}:
        return None
    if any("fundingrate" in n for n in plain):
        return FUNDING
    if plain & {"tradeid", "aggtradeid", "isbuyermaker", "side", "aggressor"} and not plain & {"lastid"}:
        return "trades" if not plain & {"orderid"} else "an order book"
    if plain & {"lastid", "bidpx0", "bidpx1"} or plain >= {"bid", "ask"}:
        return "an order book"
    return None


def find_columns(names: Sequence[str], options: ImportOptions, file: str) -> dict[str, str]:
    """The file's column for each canonical name that it has.

    Needed are time and close; open, high and low come together or not at all. DataError names what is missing.
    """
    found = _found(SYNONYMS, names, options, file)
    missing = [c for c in ("time", "close") if c not in found]
    if 0 < len({"open", "high", "low"} & set(found)) < 3:
        missing += [c for c in ("open", "high", "low") if c not in found]
    _need(missing, names, file)
    return found


def find_funding_columns(names: Sequence[str], options: ImportOptions, file: str) -> dict[str, str]:
    """The columns of a table of funding rates: time, rate and maybe symbol; DataError names what is missing."""
    found = _found(FUNDING_SYNONYMS, names, options, file)
    _need([c for c in ("time", "rate") if c not in found], names, file)
    return found


def _found(
    synonyms: Mapping[str, Sequence[str]], names: Sequence[str], options: ImportOptions, file: str
) -> dict[str, str]:
    found = {}
    for canonical, wanted in synonyms.items():
        name = _asked(canonical, names, options, file) or _recognised(canonical, wanted, names, file)
        if name is not None:
            found[canonical] = name
    return found


def _need(missing: Sequence[str], names: Sequence[str], file: str) -> None:
    if missing:
        raise DataError(
            f"{file}: no column for {' and '.join(missing)} among {', '.join(names)}",
            f"name it with `--column {missing[0]}=NAME`",
        )


def _asked(canonical: str, names: Sequence[str], options: ImportOptions, file: str) -> str | None:
    name = options.columns.get(canonical)
    if name is not None and name not in names:
        raise DataError(
            f"{file}: no column {name!r} among {', '.join(names)}",
            f"correct `--column {canonical}={name}`",
        )
    return name


def _recognised(canonical: str, wanted: Sequence[str], names: Sequence[str], file: str) -> str | None:
    for synonym in (*wanted, *(ADJUSTED if canonical == "close" else ())):
        matches = [n for n in names if plain_name(n) == synonym]
        if len(matches) > 1:
            raise DataError(
                f"{file}: columns {' and '.join(repr(m) for m in matches)} both look like {canonical}",
                f"say which with `--column {canonical}={matches[0]}`",
            )
        if matches:
            return matches[0]
    if canonical == "volume":  # `Volume BTC` stands before `Volume USDT`
        return next((n for n in names if n.lower().startswith(("volume ", "volume_", "volume("))), None)
    return None
