"""The doors of positions: what is held, and closing it."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from aiohttp import web

from quorum.domain import Position
from quorum.simulator.alpaca.asking import listing_named, missing, number
from quorum.simulator.alpaca.forms import order_form, position_form, text
from quorum.simulator.alpaca.listings import is_pair, spoken
from quorum.simulator.alpaca.orders import Orders
from quorum.simulator.alpaca.refusals import BAD_REQUEST, FORBIDDEN, Complaint, complaint_of
from quorum.simulator.core import Kind, Life, Refused, Ticket
from quorum.simulator.faults import CLOSING
from quorum.simulator.serving import Simulation

_STEP = Decimal("1e-9")


class Positions:
    """GET and DELETE of /v2/positions."""

    def __init__(self, simulation: Simulation, orders: Orders) -> None:
        self._simulation = simulation
        self._exchange = simulation.exchange
        self._orders = orders

    def routes(self) -> Iterable[web.RouteDef]:
        """Every door, with its method."""
        return [
            web.get("/v2/positions", self.listed),
            web.delete("/v2/positions", self.close_all),
            web.get("/v2/positions/{symbol:.+}", self.one),
            web.delete("/v2/positions/{symbol:.+}", self.close),
        ]

    async def listed(self, request: web.Request) -> web.Response:
        """Every holding."""
        return web.json_response([position_form(self._simulation, held) for held in self._held()])

    async def one(self, request: web.Request) -> web.Response:
        """The holding of a symbol or an asset id."""
        return web.json_response(position_form(self._simulation, self._named(request.match_info["symbol"])))

    async def close(self, request: web.Request) -> web.Response:
        """Close a holding, or `qty` or `percentage` of it, at the market."""
        held, query = self._named(request.match_info["symbol"]), request.query
        quantity, percentage = number(query, "qty"), number(query, "percentage")
        if quantity is not None and percentage is not None:
            raise Complaint(422, BAD_REQUEST, "only one of qty and percentage is allowed")
        if percentage is not None:
            if percentage > 100:
                raise Complaint(422, BAD_REQUEST, "percentage must be between 0 and 100")
            quantity = (abs(held.quantity) * percentage / 100) // _STEP * _STEP
        return web.json_response(self._closed(held, quantity or abs(held.quantity)))

    async def close_all(self, request: web.Request) -> web.Response:
        """Close every holding at the market, after cancelling the orders if asked; a status for each holding."""
        if request.query.get("cancel_orders", "").lower() == "true":
            self._orders.cancelled()
        return web.json_response([self._one_of_all(held) for held in self._held()], status=207)

    def _one_of_all(self, held: Position) -> dict[str, Any]:
        symbol = spoken(held.symbol)
        try:
            if self._simulation.faults.draw(CLOSING, "DELETE /v2/positions", held.symbol):
                raise Complaint(403, FORBIDDEN, "insufficient qty available for order", _stuck(held))
            return {"symbol": symbol, "status": 200, "body": self._closed(held, abs(held.quantity))}
        except Refused as refusal:
            complaint = complaint_of(refusal)
        except Complaint as found:
            complaint = found
        return {"symbol": symbol, "status": complaint.status, "body": complaint.body}

    def _closed(self, held: Position, quantity: Decimal) -> dict[str, Any]:
        side = self._simulation.close_side(held.symbol)
        life = Life.GTC if is_pair(self._exchange.listings[held.symbol]) else Life.DAY
        name = self._exchange.new_id("close", len(self._exchange.floor.orders) + 1)
        placed = self._exchange.place(Ticket(name, held.symbol, side, Kind.MARKET, life, quantity))
        answer = order_form(self._exchange, placed, "pending_new")
        self._exchange.match(held.symbol)
        return answer

    def _held(self) -> list[Position]:
        return [held for held in self._exchange.floor.positions.values() if held.quantity]

    def _named(self, name: str) -> Position:
        listing = listing_named(self._exchange, name)
        held = self._exchange.floor.positions.get(listing.symbol) if listing else None
        if held is None or not held.quantity:
            raise missing("position")
        return held


def _stuck(held: Position) -> dict[str, Any]:
    quantity = text(abs(held.quantity))
    return {"available": "0", "existing_qty": quantity, "held_for_orders": quantity, "symbol": spoken(held.symbol)}
