"""The stream of the account: /stream with trade_updates, in binary frames as the paper host sends them."""

from __future__ import annotations

import json
from typing import Any

from aiohttp import WSMsgType, web

from quorum.domain import SECOND, iso
from quorum.simulator.alpaca.door import allowed
from quorum.simulator.alpaca.forms import order_form, text
from quorum.simulator.core import Accepted, Ended, Event, Placed, State, Traded
from quorum.simulator.serving import Line, Simulation

CHANNEL = "trade_updates"
_ENDS = {
    State.CANCELED: "canceled",
    State.EXPIRED: "expired",
    State.REJECTED: "rejected",
    State.REPLACED: "replaced",
}


class Updates:
    """Every client that listens, and what the exchange tells them."""

    def __init__(self, simulation: Simulation) -> None:
        self._simulation = simulation
        self._exchange = simulation.exchange
        self._lines: list[Line] = []
        self._count = 0
        simulation.exchange.listen(self._happened)

    async def stream(self, request: web.Request) -> web.StreamResponse:
        """One client, from its greeting to its end."""
        ws = web.WebSocketResponse()
        await ws.prepare(request)
        line = Line(self._simulation, ws, request, lambda message: json.dumps(message).encode())
        known = False
        try:
            async for said in ws:
                if said.type not in (WSMsgType.TEXT, WSMsgType.BINARY):
                    continue
                wish = _wish(said.data)
                action = wish.get("action")
                if action in ("authenticate", "auth"):
                    known = self._authorise(line, wish)
                elif action == "listen" and known:
                    self._listen(line, wish)
                else:
                    line.answer(_authorization("unauthorized", str(action)))
        finally:
            self._drop(line)
        return ws

    def _authorise(self, line: Line, wish: dict[str, Any]) -> bool:
        given = wish.get("data")
        data = given if isinstance(given, dict) else wish
        key, secret = data.get("key_id", data.get("key")), data.get("secret_key", data.get("secret"))
        known = allowed(self._simulation, key, secret)
        line.answer(_authorization("authorized" if known else "unauthorized", "authenticate"))
        return known

    def _listen(self, line: Line, wish: dict[str, Any]) -> None:
        data = wish.get("data")
        asked = data.get("streams") if isinstance(data, dict) else None
        streams = [CHANNEL] if isinstance(asked, list) and CHANNEL in asked else []
        self._drop(line)
        if streams:
            self._lines.append(line)
        line.answer({"stream": "listening", "data": {"streams": streams}})

    def _drop(self, line: Line) -> None:
        if line in self._lines:
            self._lines.remove(line)

    def _happened(self, event: Event) -> None:
        match event:
            case Accepted():
                self._tell(event.order_id, event.at, "new", {})
            case Traded():
                order = self._exchange.floor.orders[event.order_id]
                held = self._exchange.floor.held(event.symbol)
                facts = {"price": text(event.price), "qty": text(event.quantity), "position_qty": text(held)}
                word = "fill" if order.state is State.FILLED else "partial_fill"
                self._tell(event.order_id, event.at, word, facts, event.fill_id)
            case Ended():
                self._tell(event.order_id, event.at, _ENDS[event.state], {})
            case _:
                pass

    def _tell(self, order_id: str, at: int, word: str, facts: dict[str, Any], execution_id: str | None = None) -> None:
        self._count += 1
        order = self._exchange.floor.orders[order_id]
        data = {
            "event": word,
            "execution_id": execution_id or self._exchange.new_id("update", self._count),
            "timestamp": iso(at + self._simulation.skew),
            "order": order_form(self._exchange, order),
            **facts,
        }
        hidden = self._simulation.hidden_until(order_id) - self._simulation.clock.now()
        if hidden > 0:
            self._simulation.spawn(self._appear(hidden / SECOND, order, data))
        else:
            self._send(order, data)

    async def _appear(self, seconds: float, order: Placed, data: dict[str, Any]) -> None:
        await self._simulation.sleep(seconds)
        self._send(order, data)

    def _send(self, order: Placed, data: dict[str, Any]) -> None:
        for line in list(self._lines):
            line.tell(CHANNEL, order.ticket.symbol, {"stream": CHANNEL, "data": data})


def _wish(data: str | bytes) -> dict[str, Any]:
    try:
        found = json.loads(data)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _authorization(status: str, action: str) -> dict[str, Any]:
    return {"stream": "authorization", "data": {"action": action, "status": status}}
