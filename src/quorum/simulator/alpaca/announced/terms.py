"""The terms of corporate actions: which there are, what each needs, and what follows from the rest."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from datetime import date
from typing import Any

from quorum.domain import ConfigError

_SPLIT = ("symbol", "new_rate", "old_rate", "ex_date")
_MERGER = ("acquirer_symbol", "acquirer_rate", "acquiree_symbol", "acquiree_rate")
_UNITS = ("old_symbol", "old_rate", "new_symbol", "new_rate", "alternate_symbol", "alternate_rate")
NEEDS: dict[str, tuple[str, ...]] = {
    "cash_dividend": ("symbol", "rate", "ex_date"),
    "cash_merger": ("acquiree_symbol", "rate", "effective_date"),
    "forward_split": _SPLIT,
    "name_change": ("old_symbol", "new_symbol", "process_date"),
    "redemption": ("symbol", "rate", "process_date"),
    "reverse_split": _SPLIT,
    "rights_distribution": ("source_symbol", "new_symbol", "rate", "ex_date"),
    "spin_off": ("source_symbol", "source_rate", "new_symbol", "new_rate", "ex_date"),
    "stock_and_cash_merger": (*_MERGER, "cash_rate", "effective_date"),
    "stock_dividend": ("symbol", "rate", "ex_date"),
    "stock_merger": (*_MERGER, "effective_date"),
    "unit_split": (*_UNITS, "effective_date"),
    "worthless_removal": ("symbol", "process_date"),
}
_MORE = ("acquirer_symbol", "record_date", "payable_date", "process_date", "declaration_date", "expiration_date")
_FLAGS = ("special", "foreign")


def action_of(row: Any, place: str) -> dict[str, Any]:
    """The corporate action that `row` describes, its dates and CUSIPs filled in; ConfigError with `place` if none."""
    kind = row.get("type") if isinstance(row, Mapping) else None
    if not isinstance(row, Mapping) or kind not in NEEDS:
        raise ConfigError(f"{place} has no type of corporate action", f"give a type of {', '.join(NEEDS)}")
    if absent := [name for name in NEEDS[kind] if row.get(name) is None]:
        raise ConfigError(f"{place}: a {kind} needs {absent[0]}", f"give {', '.join(NEEDS[kind])}")
    flags = _FLAGS if kind == "cash_dividend" else ()
    known = dict.fromkeys((*NEEDS[kind], *_MORE, *flags))
    if unknown := sorted(set(map(str, row)) - {"type", *known}):
        raise ConfigError(f"{place} has the unknown key {unknown[0]!r}", f"choose of {', '.join(known)}")
    given = {name: _value(name, row[name], place) for name in known if row.get(name) is not None}
    return {"type": kind, **dict.fromkeys(flags, False), **_dated(given, kind), **_cusips(given, kind)}


def cusip(symbol: str) -> str:
    """Nine characters that stand for a share; the same for the same symbol."""
    return f"{zlib.crc32(symbol.encode()) % 10**9:09d}"


def _value(name: str, value: Any, place: str) -> Any:
    if name.endswith("_date"):
        return _day(name, value, place)
    if name in _FLAGS:
        if isinstance(value, bool):
            return value
    elif name.endswith("symbol"):
        if isinstance(value, str) and value:
            return value
    elif isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < float("inf"):
        return value
    raise ConfigError(f"{place}: {name} is {value!r}", "give a symbol as text, a rate as a number above 0")


def _day(name: str, value: Any, place: str) -> str:
    try:
        return date.fromisoformat(str(value)[:10]).isoformat()
    except ValueError:
        raise ConfigError(f"{place}: {name} is {value!r}", "write it as 2026-11-20") from None


def _dated(given: dict[str, Any], kind: str) -> dict[str, Any]:
    """The terms with the dates that follow from others: paid and processed on the day from which they hold."""
    first = given.get("ex_date") or given.get("effective_date") or given["process_date"]
    usual = {"payable_date": first, "process_date": given.get("payable_date", first)}
    if "ex_date" in given:
        usual["record_date"] = given["ex_date"]
    return usual | given


def _cusips(given: Mapping[str, Any], kind: str) -> dict[str, str]:
    if kind == "reverse_split":
        symbol = given["symbol"]
        return {"old_cusip": cusip(symbol), "new_cusip": cusip(f"{symbol} after {given['ex_date']}")}
    return {f"{n.removesuffix('symbol')}cusip": cusip(given[n]) for n in given if n.endswith("symbol")}
