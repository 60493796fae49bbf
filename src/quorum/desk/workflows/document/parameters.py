"""What a run is asked with: the parameters that a spec declares, and values of their kinds."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from typing import Any

from quorum.desk.workflows.document.sheet import Entry
from quorum.desk.workflows.spec import Parameter
from quorum.domain import QuorumError, Timeframe, UsageError, iso, parse_instant

FLAGS = {"true": True, "yes": True, "on": True, "1": True, "false": False, "no": False, "off": False, "0": False}
_SYMBOL = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/^-]{0,31}")


def read_parameters(entry: Entry) -> tuple[Parameter, ...]:
    """The parameters below the key `params`, in their order."""
    below = entry.below("params", "params")
    return () if below is None else tuple(_parameter(below, name) for name in below.values)


def _parameter(params: Entry, name: str) -> Parameter:
    entry = Entry(params.sheet, (*params.keys, name), f"parameter {name}")
    entry.only(("kind", "default", "required"))
    parameter = Parameter(
        name, entry.choice("kind", KINDS, entry.text("kind")), None, required=entry.flag("required", False)
    )
    default = entry.values.get("default")
    if default is None:
        return parameter
    if parameter.required:
        raise entry.refuse("default", "it is required, and has a default", "leave one of them out")
    try:
        return Parameter(name, parameter.kind, convert(parameter, default), False)
    except UsageError as error:
        raise entry.refuse("default", error.found, error.remedy) from None


def convert(parameter: Parameter, value: Any) -> Any:
    """A value of the parameter's kind as plain JSON; texts are read, as 7 for an integer or a,b for a list.

    UsageError naming the parameter for one of another kind.
    """
    try:
        return KINDS[parameter.kind](value)
    except (QuorumError, ValueError, TypeError, KeyError, OverflowError):
        found = f"parameter {parameter.name}: {str(value)[:80]!r} is no {parameter.kind}"
        raise UsageError(found, EXAMPLES[parameter.kind]) from None


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def _symbol(value: Any) -> str:
    text = _text(value).strip()
    if not _SYMBOL.fullmatch(text):
        raise ValueError
    return text


def _number(value: Any) -> float | int:
    read = value if isinstance(value, int | float) and not isinstance(value, bool) else float(_text(value))
    if not math.isfinite(read):
        raise ValueError
    return read


def _integer(value: Any) -> int:
    read = int(_text(value)) if isinstance(value, str) else value
    if isinstance(read, bool) or not isinstance(read, int):
        raise TypeError
    return read


def _flag(value: Any) -> bool:
    return value if isinstance(value, bool) else FLAGS[_text(value).strip().lower()]


def _instant(value: Any) -> str:
    return iso(parse_instant(_text(value).strip()))


def _timeframe(value: Any) -> str:
    return str(Timeframe.parse(_text(value).strip()))


def _list(value: Any) -> list[Any]:
    if isinstance(value, str):
        return [part.strip() for part in value.split(",") if part.strip()]
    if not isinstance(value, list | tuple):
        raise TypeError
    return list(value)


KINDS: Mapping[str, Callable[[Any], Any]] = {
    "text": _text,
    "symbol": _symbol,
    "number": _number,
    "integer": _integer,
    "flag": _flag,
    "instant": _instant,
    "timeframe": _timeframe,
    "list": _list,
}
EXAMPLES = {
    "text": "write words",
    "symbol": "write it as BTCUSDT or AAPL",
    "number": "write it as 0.5",
    "integer": "write it as 12",
    "flag": "write true or false",
    "instant": "write it as 2024-06-03T00:00:00Z or 2024-06-03",
    "timeframe": "write it as 1m, 15m, 1h, 4h or 1d",
    "list": "write it as a,b,c",
}
