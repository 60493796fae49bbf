"""The doors of orders."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from aiohttp import web

from quorum.simulator.alpaca.asking import body_of, client_id_of, instant, missing, terms_of, whole
from quorum.simulator.alpaca.complex import tickets_of
from quorum.simulator.alpaca.forms import class_of, is_leg, nested_form, order_form
from quorum.simulator.alpaca.listings import spoken
from quorum.simulator.alpaca.refusals import BAD_REQUEST, UNPROCESSABLE, Complaint
from quorum.simulator.core import Kind, Placed, State, Ticket, changed
from quorum.simulator.faults import CANCELLING, PLACING
from quorum.simulator.serving import Simulation

_MOST = 500
_CANCEL = "DELETE /v2/orders/{order_id}"
_STATUSES = {"open": (False,), "closed": (True,), "all": (False, True)}


class Orders:
    """POST, GET, PATCH and DELETE of /v2/orders."""

    def __init__(self, simulation: Simulation, admit: Callable[[Ticket], None]) -> None:
        self._admit = admit
        self._simulation = simulation
        self._exchange = simulation.exchange

    def routes(self) -> Iterable[web.RouteDef]:
        """Every door, with its method."""
        return [
            web.post("/v2/orders", self.place),
            web.get("/v2/orders", self.listed),
            web.delete("/v2/orders", self.cancel_all),
            web.get("/v2/orders:by_client_order_id", self.by_client_id),
            web.get("/v2/orders/{order_id}", self.one),
            web.patch("/v2/orders/{order_id}", self.replace),
            web.delete("/v2/orders/{order_id}", self.cancel),
        ]

    async def place(self, request: web.Request) -> web.Response:
        """A new order. Its fills come afterwards: the answer knows none of them."""
        tickets = tickets_of(self._exchange, await body_of(request))
        symbol = tickets[0].symbol
        self._admit(tickets[0])
        placed = self._exchange.place_family(tickets)[0] if tickets[1:] else self._exchange.place(tickets[0])
        routed = self._exchange.trades_now(symbol, tickets[0].extended)
        status = "pending_new" if routed else "accepted"
        answer = nested_form(self._exchange, placed, status)
        if self._simulation.faults.draw(PLACING, "POST /v2/orders", symbol) is not None:
            self._exchange.reject(placed.order_id)
        self._exchange.match(symbol)
        return web.json_response(answer)

    async def listed(self, request: web.Request) -> web.Response:
        """Orders by status, time, symbol, class and side, newest first unless asked."""
        query = request.query
        ended = _STATUSES[_choice(request, "status", "open", tuple(_STATUSES))]
        side = _choice(request, "side", "", ("", "buy", "sell"))
        numbers = [self._number(request, name) for name in ("after_order_id", "before_order_id")]
        after, until = (instant(query, name) for name in ("after", "until"))
        symbols = {s.replace("/", "") for s in query.get("symbols", "").split(",") if s}
        classes = {each for each in query.get("asset_class", "").split(",") if each}
        found = [
            order
            for order in self._exchange.floor.orders.values()
            if order.state.ended in ended
            and self._simulation.visible(order)
            and (after is None or order.at > after)
            and (until is None or order.at < until)
            and (not symbols or spoken(order.ticket.symbol) in symbols)
            and side in ("", order.ticket.side.value)
            and (numbers[0] is None or order.number > numbers[0])
            and (numbers[1] is None or order.number < numbers[1])
            and (not classes or classes & {"all", class_of(self._exchange.listings[order.ticket.symbol])})
        ]
        if _choice(request, "direction", "desc", ("asc", "desc")) == "desc":
            found.reverse()
        form = order_form
        if _nested(request):
            found, form = [each for each in found if not is_leg(each)], nested_form
        shown = found[: whole(request, "limit", 50, _MOST)]
        return web.json_response([form(self._exchange, order) for order in shown])

    async def by_client_id(self, request: web.Request) -> web.Response:
        """The order of a client's id."""
        name = request.query.get("client_order_id", "")
        return web.json_response(self._form(self._shown(self._exchange.floor.by_client_id.get(name), name)))

    async def one(self, request: web.Request) -> web.Response:
        """The order of an id."""
        name = request.match_info["order_id"]
        form = nested_form if _nested(request) else order_form
        return web.json_response(form(self._exchange, self._shown(name, name)))

    async def replace(self, request: web.Request) -> web.Response:
        """Another order in the place of an open one: its open rest, at other terms."""
        name = request.match_info["order_id"]
        order, body = self._shown(name, name), await body_of(request)
        if order.ticket.kind is Kind.MARKET:
            raise Complaint(422, UNPROCESSABLE, "cannot replace market order")
        if order.state is State.NEW and not self._exchange.trades_now(order.ticket.symbol, order.ticket.extended):
            raise Complaint(422, UNPROCESSABLE, "unable to replace order, order isn't sent to exchange yet")
        ticket = changed(order, client_id_of(body) or self._new_id(), terms_of(body, order.ticket))
        placed = self._exchange.replace(order.order_id, ticket)
        answer = self._form(placed, "pending_new")
        self._exchange.match(ticket.symbol)
        return web.json_response(answer)

    async def cancel(self, request: web.Request) -> web.Response:
        """Cancel one order."""
        name = request.match_info["order_id"]
        order = self._shown(name, name)
        late = not order.state.ended and self._simulation.faults.draw(CANCELLING, _CANCEL, order.ticket.symbol)
        (self._exchange.fill_rest if late else self._exchange.cancel)(order.order_id)
        return web.Response(status=204)

    async def cancel_all(self, request: web.Request) -> web.Response:
        """Cancel every open order; a status for each."""
        return web.json_response(self.cancelled(), status=207)

    def cancelled(self) -> list[dict[str, Any]]:
        """Cancel every open order; what became of each."""
        found: list[dict[str, Any]] = []
        for order in self._exchange.floor.open_orders():
            if self._simulation.visible(order) and order.order_id in self._exchange.floor.working:
                self._exchange.cancel(order.order_id)
                found.append({"id": order.order_id, "status": 200, "body": self._form_of(order.order_id)})
        return found

    def _form_of(self, order_id: str) -> dict[str, Any]:
        return self._form(self._exchange.floor.orders[order_id])

    def _form(self, order: Placed, status: str | None = None) -> dict[str, Any]:
        return order_form(self._exchange, order, status)

    def _shown(self, order_id: str | None, name: str) -> Placed:
        order = self._exchange.floor.orders.get(order_id or "")
        if order is None or not self._simulation.visible(order):
            raise missing(f"order for {name}" if name else "order")
        return order

    def _number(self, request: web.Request, name: str) -> int | None:
        """The place in time of the order that the query names; None where it names none."""
        found = request.query.get(name)
        return None if not found else self._shown(found, found).number

    def _new_id(self) -> str:
        return self._exchange.new_id("client", len(self._exchange.floor.orders) + 1)


def _choice(request: web.Request, name: str, usual: str, choices: tuple[str, ...]) -> str:
    found = request.query.get(name, usual).lower()
    if found not in choices:
        raise Complaint(422, BAD_REQUEST, f"invalid {name} {found!r}")
    return found


def _nested(request: web.Request) -> bool:
    return request.query.get("nested", "").lower() == "true"
