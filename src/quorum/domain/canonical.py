"""Plain JSON forms of the words, the same bytes for the same value, and their hashes."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from decimal import Decimal
from enum import Enum
from typing import Any

_ENCODER = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
_AS_IT_IS = frozenset({str, int, bool})  # most values; asking for a type is much faster than asking for a family


def plain(value: Any) -> Any:
    """`value` as dicts, lists, strings, numbers, booleans and None; NaN and infinities become None.

    Dataclasses become dicts of their fields, Decimals strings, enums their values, sets sorted lists.
    TypeError for anything else, and for a mapping two of whose keys have the same text.
    """
    kind = type(value)
    if kind in _AS_IT_IS:
        return value
    if kind is float:
        return value if math.isfinite(value) else None
    if value is None or isinstance(value, (bool, str)):
        return value.value if isinstance(value, Enum) else value
    if isinstance(value, Enum):
        return plain(value.value)
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    if isinstance(value, Decimal):
        return format(value, "f") if value.is_finite() else None
    return _container(value)


def _container(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return {f.name: plain(getattr(value, f.name)) for f in fields(value)}
    if isinstance(value, Mapping):
        texts = {str(k): plain(v) for k, v in value.items()}
        if len(texts) < len(value):
            raise TypeError(f"two keys of {list(value)} have the same text")
        return texts
    if isinstance(value, frozenset | set):
        return sorted(plain(v) for v in value)
    if isinstance(value, list | tuple):
        return [plain(v) for v in value]
    raise TypeError(f"{type(value).__name__} cannot be written as canonical JSON")


def canonical(value: Any) -> bytes:
    """The one JSON text of `value`: sorted keys, no spaces, UTF-8."""
    return _ENCODER.encode(plain(value)).encode()


def content_hash(value: Any) -> str:
    """SHA-256 of the canonical form, 64 hexadecimal digits."""
    return hashlib.sha256(canonical(value)).hexdigest()
