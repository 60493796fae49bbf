"""Messages gone wrong: absurd prices, wrong types, unknown words, frames that clients seldom see."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from typing import Any

from quorum.simulator.faults import ABSURD, Fault, FaultKind

_PRICES = ("p", "bp", "ap", "c", "o", "price", "last", "close", "b", "a", "bid", "ask", "bids", "asks", "bs", "as")
_TYPES = ("e", "T", "event", "channel", "type")
_UNKNOWN = "unforeseen"
_HUGE = 10_000_000
TEXT, BINARY, _MORE, _FIN = 0x1, 0x2, 0x0, 0x80
_SHORT, _LONG = 126, 1 << 16
Change = Callable[[Any], Any]


def spoiled(fault: Fault, message: Any, turn: int) -> Any:
    """`message` as `fault` wants it; the `turn`-th one chooses the price of a fault that names none."""
    match fault.kind:
        case FaultKind.ABSURD:
            word = fault.value or ABSURD[turn % len(ABSURD)]
            return _priced(message, lambda price: absurd(price, word))
        case FaultKind.WRONG_TYPE:
            return _priced(message, lambda price: [price])
        case FaultKind.UNKNOWN_FIELD:
            return _first(message, lambda row: row | {_UNKNOWN: {"of": [1, None, "x"]}})
        case FaultKind.UNKNOWN_EVENT:
            return _first(message, _renamed)
        case FaultKind.HUGE_FRAME:
            return _first(message, lambda row: row | {"padding": "x" * fault.counts(_HUGE)})
        case _:
            return message


def absurd(price: Any, word: str) -> Any:
    """A price that is none, written as `price` is: a number or a text."""
    mark = "#" if isinstance(price, str) and price.startswith("#") else ""
    number = float(price.removeprefix(mark)) if isinstance(price, str) else float(price)
    wrong = {"nan": float("nan"), "negative": -abs(number), "zero": 0.0, "huge": abs(number) * 1e9}[word]
    if not isinstance(price, str) or (mark and word == "nan"):
        return wrong
    return "NaN" if word == "nan" else f"{mark}{wrong:.8f}"


def fragments(frame: str | bytes, count: int) -> Iterator[bytes]:
    """A message as `count` frames of the wire, unmasked and uncompressed (RFC 6455, 5.4)."""
    payload = frame.encode() if isinstance(frame, str) else frame
    step = max(-(-len(payload) // count), 1)
    parts = [payload[first : first + step] for first in range(0, len(payload), step)] or [b""]
    for number, part in enumerate(parts):
        opcode = _MORE if number else (TEXT if isinstance(frame, str) else BINARY)
        yield framed(part, opcode | (_FIN if number == len(parts) - 1 else 0))


def framed(payload: bytes, head: int) -> bytes:
    """A frame of the wire with that first byte."""
    if len(payload) < _SHORT:
        return struct.pack("!BB", head, len(payload)) + payload
    if len(payload) < _LONG:
        return struct.pack("!BBH", head, _SHORT, len(payload)) + payload
    return struct.pack("!BBQ", head, _SHORT + 1, len(payload)) + payload


def ill_text() -> bytes:
    """A text frame whose bytes are no UTF-8."""
    return framed(b'{"\xff\xfe\xc0":1}', TEXT | _FIN)


def _priced(message: Any, change: Change) -> Any:
    """`message` with its first price changed; as it was where it has none."""
    done: list[bool] = []

    def once(price: Any) -> Any:
        done.append(True)
        return change(price)

    def walk(value: Any, inside: bool) -> Any:
        if done:
            return value
        if isinstance(value, dict):
            return {key: walk(each, inside or _priced_under(key, each)) for key, each in value.items()}
        if isinstance(value, list):
            first = _place_of(value)
            return [*value[:first], *(walk(each, inside or first > 0) for each in value[first:])]
        return once(value) if inside and _is_number(value) else value

    return walk(message, False)


def _priced_under(key: str, value: Any) -> bool:
    """Whether a price stands under `key`; `a` and `b` are numbers of trades where they are whole."""
    return key in _PRICES and not isinstance(value, bool) and not (key in "ab" and isinstance(value, int))


def _place_of(value: list[Any]) -> int:
    """Where prices may begin in a list: behind the channel's number in a message of Kraken's first protocol."""
    numbered = len(value) > 2 and isinstance(value[0], int) and isinstance(value[1], list | dict)
    return 1 if numbered else 0


def _is_number(value: Any) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return False
    try:
        float(value.removeprefix("#") if isinstance(value, str) else value)
    except ValueError:
        return False
    return True


def _first(message: Any, change: Change) -> Any:
    """`message` with its innermost first object changed."""
    if isinstance(message, list):
        for place, each in enumerate(message):
            if isinstance(each, dict | list):
                return [*message[:place], _first(each, change), *message[place + 1 :]]
        return message
    if isinstance(message, dict):
        data = message.get("data")
        if isinstance(data, dict) and "stream" in message:
            return message | {"data": change(data)}
        return change(message)
    return message


def _renamed(row: dict[str, Any]) -> dict[str, Any]:
    found = next((name for name in _TYPES if isinstance(row.get(name), str)), "e")
    return row | {found: _UNKNOWN}
