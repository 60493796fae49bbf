"""Faults from a file or from the command line."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import fields
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from quorum.domain import ConfigError, Side
from quorum.simulator.faults.words import ABSURD, NEEDS_SYMBOL, Fault, FaultKind

_WORDS = {"fault": "kind", "for": "lasting"}
_MOST = 50_000_000
_FIELDS = {f.name for f in fields(Fault)}
_NUMBERS: dict[str, type[int] | type[float]] = {
    "at": int,
    "times": int,
    "status": int,
    "p": float,
    "after": float,
    "seconds": float,
    "lasting": float,
    "count": int,
}


def read_faults(path: Path) -> list[Fault]:
    """The faults of a YAML or JSON file, a list or one under `faults`; ConfigError names what is wrong in which."""
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    try:
        text = path.read_text(encoding="utf-8")
        found: Any = json.loads(text) if path.suffix == ".json" else YAML(typ="safe").load(text)
    except (OSError, ValueError, YAMLError) as error:
        raise ConfigError(f"{path} cannot be read ({' '.join(str(error).split())})", "write a list of faults") from None
    rows = found.get("faults") if isinstance(found, Mapping) else found
    if not isinstance(rows, list):
        raise ConfigError(f"{path} holds no list of faults", "begin each with `- fault: reset`")
    return [fault_of(row, f"{path}, fault {number}") for number, row in enumerate(rows, 1)]


def parse_faults(texts: Iterable[str]) -> list[Fault]:
    """Faults as `reset,on=POST /v2/orders,at=2`; ConfigError names what is wrong in which."""
    found = []
    for text in texts:
        kind, *rest = (part.strip() for part in text.split(","))
        pairs = [part.partition("=") for part in rest if part]
        found.append(fault_of({"fault": kind, **{key: value for key, _, value in pairs}}, f"--fault {text!r}"))
    return found


def fault_of(row: Any, place: str) -> Fault:
    """The fault that `row` describes; ConfigError with `place` when it describes none."""
    if not isinstance(row, Mapping):
        raise ConfigError(f"{place} is no fault", "write it as a mapping with `fault`")
    named = {_WORDS.get(str(key), str(key)): value for key, value in row.items()}
    if unknown := sorted(set(named) - _FIELDS):
        known = sorted((_FIELDS - {"kind", "lasting"}) | set(_WORDS))
        raise ConfigError(f"{place} has the unknown key {unknown[0]!r}", f"choose of {', '.join(known)}")
    try:
        values = {key: _value(key, value) for key, value in named.items()}
        fault = Fault(**values)
    except (TypeError, ValueError, InvalidOperation) as error:
        raise ConfigError(f"{place} cannot be read ({_why(named, error)})", "see `quorum sim --fault list`") from None
    _agree(fault, place)
    return fault


def _why(named: Mapping[str, Any], error: Exception) -> str:
    kind = str(named.get("kind", "")).replace("-", "_")
    return str(error) if kind in list(FaultKind) else f"there is no fault {kind!r}"


def _value(key: str, value: Any) -> Any:
    if key in _NUMBERS:
        return _NUMBERS[key](value)
    if key == "kind":
        return FaultKind(str(value).replace("-", "_"))
    if key == "quantity":
        return Decimal(str(value))
    return Side(str(value)) if key == "side" else str(value)


def _agree(fault: Fault, place: str) -> None:
    if fault.p is not None and not 0 <= fault.p <= 1:
        raise ConfigError(f"{place}: p is {fault.p}", "give a probability from 0 to 1")
    if fault.at is not None and fault.at < 1:
        raise ConfigError(f"{place}: at is {fault.at}", "count from 1")
    if fault.kind in NEEDS_SYMBOL and not fault.symbol:
        raise ConfigError(f"{place}: {fault.kind.value} needs a symbol", "add symbol: AAPL")
    if fault.count is not None and not 1 <= fault.count <= _MOST:
        raise ConfigError(f"{place}: count is {fault.count}", f"give a number from 1 to {_MOST:,}")
    if fault.value not in ("", *ABSURD):
        raise ConfigError(f"{place}: value is {fault.value!r}", f"choose of {', '.join(ABSURD)}")
    _finite(fault, place)
    if not fault.quantity.is_finite() or not fault.quantity:
        raise ConfigError(f"{place}: quantity is {fault.quantity}", "give a number other than 0")


def _finite(fault: Fault, place: str) -> None:
    for name, value in (("after", fault.after), ("seconds", fault.seconds), ("for", fault.lasting)):
        wrong = value is not None and (not math.isfinite(value) or (value < 0 and fault.kind is not FaultKind.CLOCK))
        if wrong:
            raise ConfigError(f"{place}: {name} is {value}", "give seconds from 0 on")
    if fault.times is not None and fault.times < 0:
        raise ConfigError(f"{place}: times is {fault.times}", "give 0 for without end, or a number")
    if fault.status is not None and fault.status and not 100 <= fault.status <= 4999:
        raise ConfigError(f"{place}: status is {fault.status}", "give a status of HTTP, or a closing code from 1000")
