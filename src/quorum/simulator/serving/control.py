"""The doors that no venue has, under /sim: what really happened, and how to steer it."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Iterable
from decimal import Decimal, InvalidOperation
from typing import Any

from aiohttp import web

from quorum.domain import SECOND, ZERO, QuorumError, Side, UsageError, iso, plain
from quorum.simulator.core import KINDS, Kind, Life, Ticket, Top
from quorum.simulator.faults import fault_of
from quorum.simulator.serving.simulation import Simulation

Answer = Callable[[Any], Any]


class Control:
    """Journal, state, faults, prices, clock, and what somebody does by hand at the venue."""

    def __init__(self, simulation: Simulation) -> None:
        self._simulation = simulation
        self._exchange = simulation.exchange

    def routes(self) -> Iterable[web.RouteDef]:
        """Every door, with its method."""
        return [
            web.get("/sim/journal", self.journal),
            web.get("/sim/state", self.state),
            web.get("/sim/faults", self.faults),
            web.post("/sim/faults", said(self.plant)),
            web.delete("/sim/faults", self.clear),
            web.post("/sim/prices", said(self.price)),
            web.post("/sim/clock", said(self.clock)),
            web.post("/sim/orders", said(self.order)),
            web.delete("/sim/orders/{order_id}", self.cancel),
            web.post("/sim/positions", said(self.position)),
            web.post("/sim/halts", said(self.halt)),
            web.post("/sim/fills", said(self.fills)),
        ]

    async def journal(self, request: web.Request) -> web.Response:
        """Lines after number `after`, of the kinds in `kind` where it is given."""
        wanted = set(filter(None, request.query.get("kind", "").split(",")))
        try:
            after = int(request.query.get("after", "0"))
        except ValueError:
            return _refuse(UsageError("after is no number", "give the last line's n"))
        if unknown := sorted(wanted - set(KINDS)):
            return _refuse(UsageError(f"{unknown[0]!r} is no kind of line", f"choose of {', '.join(KINDS)}"))
        lines = self._exchange.journal.lines(max(after, 0), wanted)
        return web.json_response([line for line in lines if not wanted or line["kind"] in wanted])

    async def state(self, request: web.Request) -> web.Response:
        """Cash, worth, holdings, open orders, halts, and the time."""
        floor, means = self._exchange.floor, self._exchange.means
        return web.json_response(
            {
                "now": iso(self._simulation.clock.now()),
                "skew_seconds": self._simulation.skew / SECOND,
                "cash": plain(floor.cash),
                "equity": plain(means.equity),
                "buying_power": plain(means.buying_power),
                "positions": {s: plain(p.quantity) for s, p in floor.positions.items() if p.quantity},
                "open_orders": [plain(order) for order in floor.open_orders()],
                "orders": len(floor.orders),
                "fills": len(floor.fills),
                "halted": sorted(floor.halted),
                "withheld": sorted(self._exchange.withheld),
                "revoked": self._simulation.revoked,
            }
        )

    async def faults(self, request: web.Request) -> web.Response:
        """What is planted, and how often it fired."""
        planted = self._simulation.faults.planted
        return web.json_response([{**plain(p.fault), "seen": p.seen, "fired": p.fired} for p in planted])

    def plant(self, body: Any) -> Any:
        """Plant one fault or a list of them; their names."""
        rows = body if isinstance(body, list) else [body]
        return self._simulation.plant(
            [fault_of(row, f"fault {number} of the request") for number, row in enumerate(rows, 1)]
        )

    async def clear(self, request: web.Request) -> web.Response:
        """Take away the fault `name`, or all; how many went."""
        return web.json_response({"cleared": self._simulation.faults.clear(request.query.get("name"))})

    def price(self, body: Any) -> Any:
        """Move the market of one symbol, or of each in a list: `last`, and `bid`, `ask`, sizes where they matter."""
        for row in body if isinstance(body, list) else [body]:
            symbol = self._symbol(row)
            self._simulation.moved(symbol, self._top(symbol, row))
        return self._simulation.clock.now()

    def clock(self, body: Any) -> Any:
        """Move the clock ahead by `advance` seconds; let it be wrong by `skew` seconds; the time."""
        self._simulation.clock.advance(int(float(body.get("advance", 0)) * SECOND))
        if "skew" in body:
            self._simulation.skew = int(float(body["skew"]) * SECOND)
        self._simulation.settle()
        return {"now": iso(self._simulation.clock.now())}

    def order(self, body: Any) -> Any:
        """Place an order by hand, as if somebody did at the venue's own page; the order."""
        symbol = self._symbol(body)
        quantity, limit, stop = (
            Decimal(str(body[name])) if name in body else None for name in ("quantity", "limit", "stop")
        )
        name = str(body.get("client_order_id") or self._exchange.new_id("manual", len(self._exchange.floor.orders)))
        usual = Life.GTC if self._exchange.listings[symbol].round_clock else Life.DAY
        side, kind = Side(body.get("side", "buy")), Kind(body.get("type", "market"))
        life = Life(body.get("time_in_force", usual.value))
        ticket = Ticket(name, symbol, side, kind, life, quantity, None, limit, stop, origin="manual")
        placed = self._exchange.place(ticket)
        self._exchange.match(symbol)
        return plain(self._exchange.floor.orders[placed.order_id])

    async def cancel(self, request: web.Request) -> web.Response:
        """Cancel an order by hand."""
        try:
            return web.json_response(plain(self._exchange.cancel(request.match_info["order_id"], "cancelled by hand")))
        except QuorumError as error:
            return _refuse(error)

    def position(self, body: Any) -> Any:
        """Move a holding, or cash where no symbol is given, by `quantity`, without an order."""
        symbol = self._symbol(body) if body.get("symbol") else None
        quantity = Decimal(str(body["quantity"]))
        if not quantity.is_finite() or not quantity:
            raise UsageError(f"quantity is {quantity}", "give a number other than 0")
        self._exchange.adjust(symbol, quantity, str(body.get("detail", "moved by hand")))
        return {"held": plain(self._exchange.floor.held(symbol) if symbol else self._exchange.floor.cash)}

    def halt(self, body: Any) -> Any:
        """Halt trading of a symbol, or let it go on with `halted: false`."""
        self._exchange.suspend(self._symbol(body), bool(body.get("halted", True)))
        return sorted(self._exchange.floor.halted)

    def fills(self, body: Any) -> Any:
        """Let orders of a symbol fill no more, or again with `withheld: false`."""
        symbol, withheld = self._symbol(body), self._exchange.withheld
        (withheld.add if body.get("withheld", True) else withheld.discard)(symbol)
        self._exchange.match(symbol)
        return sorted(withheld)

    def _symbol(self, body: Any) -> str:
        symbol = str(body["symbol"])
        if symbol not in self._exchange.listings:
            raise UsageError(f"{symbol} is not traded here", f"choose of {', '.join(self._exchange.listings)}")
        return symbol

    def _top(self, symbol: str, row: Any) -> Top:
        listing = self._exchange.listings[symbol]
        tick = listing.instrument.tick
        last = Decimal(str(row["last"] if "last" in row else row["price"]))
        most = listing.depth / last if last > 0 else ZERO
        usual = {"bid": last - tick, "ask": last + tick, "bid_size": most, "ask_size": most, "last_size": most / 50}
        given = {name: Decimal(str(row.get(name, value))) for name, value in usual.items()}
        given["last"] = last
        if any(not value.is_finite() or value < 0 for value in given.values()) or last <= 0:
            raise UsageError(f"a price or a size of {symbol} makes no sense", "give positive numbers")
        if given["bid"] > given["ask"]:
            raise UsageError(f"bid {given['bid']} of {symbol} is above ask {given['ask']}", "give bid below ask")
        return Top(self._simulation.clock.now(), *(given[name] for name in Top._fields[1:]))


def said(act: Answer) -> Callable[[web.Request], Awaitable[web.Response]]:
    """A door that answers what `act` makes of the JSON of a request, and what was wrong with it with 422."""

    async def answer(request: web.Request) -> web.Response:
        try:
            return web.json_response(act(json.loads(await request.read())))
        except QuorumError as error:
            return _refuse(error)
        except (KeyError, TypeError, ValueError, AttributeError, InvalidOperation) as error:
            return _refuse(UsageError(f"the request cannot be read ({type(error).__name__}: {error})", "see the guide"))

    return answer


def _refuse(error: QuorumError) -> web.Response:
    return web.json_response({"error": error.found, "remedy": error.remedy}, status=422)
