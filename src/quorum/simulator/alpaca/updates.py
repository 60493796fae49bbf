"""The stream of the account: /stream with trade_updates, in binary frames as the paper host sends them."""

from __future__ import annotations

import json
from typing import Any

from aiohttp import WSMsgType, web

from quorum.domain import SECOND, iso
from quorum.simulator.alpaca.door import allowed
from quorum.simulator.alpaca.forms import held, order_form, text
from quorum.simulator.core import ON_REQUEST, Accepted, Ended, Event, Placed, State, Top, Traded
from quorum.simulator.prices import Bar
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
        self._untold: dict[str, None] = {}  # orders that the market has not seen
        simulation.exchange.listen(self._happened)
        simulation.watch(self._moved)

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
            line.end()
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

    def _moved(self, symbol: str, top: Top, closed: Bar | None) -> None:
        self._arrive(symbol, top.time)

    def _happened(self, event: Event) -> None:
        match event:
            case Accepted():
                self._accepted(event)
            case Traded():
                if event.order_id in self._untold:
                    self._new(event.order_id, event.at)
                order = self._exchange.floor.orders[event.order_id]
                holding = self._exchange.floor.held(event.symbol)
                facts = {"price": text(event.price), "qty": text(event.quantity), "position_qty": text(holding)}
                word = "fill" if order.state is State.FILLED else "partial_fill"
                self._tell(event.order_id, event.at, word, facts, execution_id=event.fill_id)
                self._arrive(event.symbol, event.at)
            case Ended():
                self._untold.pop(event.order_id, None)
                self._ended(event)
            case _:
                pass

    def _accepted(self, event: Accepted) -> None:
        """An order on its way: routed at once, or kept until its market opens or its entry has filled."""
        order = self._exchange.floor.orders[event.order_id]
        self._untold[event.order_id] = None
        if event.replaces is not None:
            self._tell(event.replaces, event.at, "pending_replace", {}, "pending_replace")
        if held(self._exchange, order):
            self._tell(event.order_id, event.at, "held", {})
        elif self._exchange.trades_now(order.ticket.symbol, order.ticket.extended):
            self._tell(event.order_id, event.at, "pending_new", {}, "pending_new")
            self._arrive(order.ticket.symbol, event.at)
        else:
            self._tell(event.order_id, event.at, "accepted", {})

    def _arrive(self, symbol: str, at: int) -> None:
        """Orders of a symbol that stand in the market now, and did not before."""
        for order_id in list(self._untold):
            order = self._exchange.floor.orders[order_id]
            if order.ticket.symbol != symbol or held(self._exchange, order):
                continue
            if not self._exchange.trades_now(symbol, order.ticket.extended):
                continue
            self._new(order_id, at)

    def _new(self, order_id: str, at: int) -> None:
        del self._untold[order_id]
        self._tell(order_id, at, "new", {}, "new")

    def _ended(self, event: Ended) -> None:
        if event.state is State.CANCELED and event.detail == ON_REQUEST:
            self._tell(event.order_id, event.at, "pending_cancel", {}, "pending_cancel")
        self._tell(event.order_id, event.at, _ENDS[event.state], {})

    def _tell(
        self,
        order_id: str,
        at: int,
        word: str,
        facts: dict[str, Any],
        status: str | None = None,
        execution_id: str | None = None,
    ) -> None:
        self._count += 1
        order = self._exchange.floor.orders[order_id]
        form = order_form(self._exchange, order, status)
        if status is not None:  # what follows is not known yet
            form |= {"canceled_at": None, "replaced_at": None, "replaced_by": None, "filled_at": None}
        data = {
            "event": word,
            "execution_id": execution_id or self._exchange.new_id("update", self._count),
            "timestamp": iso(at + self._simulation.skew),
            "order": form,
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
            line.tell(CHANNEL, order.ticket.symbol, {"stream": CHANNEL, "data": data}, data["event"])


def _wish(data: str | bytes) -> dict[str, Any]:
    try:
        found = json.loads(data)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _authorization(status: str, action: str) -> dict[str, Any]:
    return {"stream": "authorization", "data": {"action": action, "status": status}}
