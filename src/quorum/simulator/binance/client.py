"""One connection to Binance's streams: what it asks for, and how it is answered."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from quorum.simulator.binance.forms import in_micros, shifted
from quorum.simulator.faults import ACKED
from quorum.simulator.serving import Line, Simulation

MOST_STREAMS = 1024
_METHODS = ("SUBSCRIBE", "UNSUBSCRIBE", "LIST_SUBSCRIPTIONS", "SET_PROPERTY", "GET_PROPERTY")
_ID = re.compile(r"[A-Za-z0-9_-]{0,36}")
_KNOWN = ("method", "params", "id")


class Wants(NamedTuple):
    """What tells the hub of a client's wishes: a stream more, a stream less."""

    more: Callable[[Client, str], None]
    less: Callable[[Client, str], None]


class Client:
    """A client and its streams; with `combined` each event comes with the name of its stream."""

    def __init__(self, simulation: Simulation, line: Line, wants: Wants, combined: bool, micros: bool) -> None:
        self._simulation = simulation
        self.line = line
        self._wants = wants
        self._combined = combined
        self._micros = micros
        self.names: dict[str, None] = {}

    def add(self, names: Iterable[str]) -> None:
        """Listen to streams too."""
        for name in names:
            self.names[name] = None
            self._wants.more(self, name)

    def drop(self, names: Iterable[str]) -> None:
        """Listen to streams no more."""
        for name in list(names):
            if name in self.names:
                del self.names[name]
                self._wants.less(self, name)

    def tell(self, stream: str, channel: str, symbol: str | None, event: Any) -> None:
        """An event of a stream."""
        shown = shifted(event, self._simulation.skew)
        shown = in_micros(shown) if self._micros else shown
        self.line.tell(channel, symbol, {"stream": stream, "data": shown} if self._combined else shown)

    def announce(self, time: int) -> None:
        """The connection is about to be closed by the venue."""
        event = {"e": "serverShutdown", "E": time}
        self.line.answer({"stream": "!serverShutdown", "data": event} if self._combined else event)

    def hear(self, said: str | bytes) -> None:
        """A message of the client."""
        try:
            wish = json.loads(said)
        except ValueError as error:
            place = f"line {error.lineno} column {error.colno}" if isinstance(error, json.JSONDecodeError) else "byte 0"
            self._refuse(3, f"Invalid JSON: expected value at {place}")
            return
        wrong = _wrong(wish)
        if wrong is not None:
            self._refuse(2, f"Invalid request: {wrong}", wish.get("id") if isinstance(wish, dict) else None)
            return
        self._act(wish["method"], wish.get("params", []), wish.get("id"))

    def _act(self, method: str, params: list[Any], number: Any) -> None:
        if method == "LIST_SUBSCRIPTIONS":
            self._answer(list(self.names), number)
        elif method == "GET_PROPERTY":
            self._property(params, number)
        elif method == "SET_PROPERTY":
            self._set(params, number)
        elif method == "SUBSCRIBE" and len({*self.names, *params}) > MOST_STREAMS:
            self._refuse(2, f"Invalid request: more than {MOST_STREAMS} streams", number)
        else:
            silent = self._simulation.faults.draw(ACKED, "STREAM acks", params[0] if params else None) is not None
            if not silent:
                self._answer(None, number)
            (self.add if method == "SUBSCRIBE" else self.drop)(params)

    def _property(self, params: list[Any], number: Any) -> None:
        if params != ["combined"]:
            self._refuse(0, "Unknown property", number)
        else:
            self._answer(self._combined, number)

    def _set(self, params: list[Any], number: Any) -> None:
        if not params or params[0] != "combined":
            self._refuse(0, "Unknown property", number)
        elif len(params) != 2 or not isinstance(params[1], bool):
            self._refuse(1, "Invalid value type: expected Boolean", number)
        else:
            self._combined = params[1]
            self._answer(None, number)

    def _answer(self, result: Any, number: Any) -> None:
        self.line.answer({"result": result, "id": number})

    def _refuse(self, code: int, message: str, number: Any = None) -> None:
        known = {} if number is None else {"id": number}
        self.line.answer({"code": code, "msg": message} | known)


def _wrong(wish: Any) -> str | None:
    """What is wrong with a message; None for a right one."""
    if not isinstance(wish, dict):
        return "expected an object"
    if unknown := [key for key in wish if key not in _KNOWN]:
        return f"unknown field `{unknown[0]}`, expected one of `method`, `params`, `id`"
    if "method" not in wish:
        return "missing field `method`"
    if wish["method"] not in _METHODS:
        known = ", ".join(f"`{name}`" for name in _METHODS)
        return f"unknown variant `{wish['method']}`, expected one of {known}"
    number, params = wish.get("id"), wish.get("params", [])
    whole = isinstance(number, int) and not isinstance(number, bool) and abs(number) < 2**63
    if not (number is None or whole or (isinstance(number, str) and _ID.fullmatch(number))):
        return "request ID must be an int64, a string of up to 36 letters and digits, or null"
    if not isinstance(params, list):
        return "params must be an array"
    subscribing = wish["method"] in ("SUBSCRIBE", "UNSUBSCRIBE")
    if subscribing and not (params and all(isinstance(each, str) for each in params)):
        return "params must be an array of stream names"
    return None
