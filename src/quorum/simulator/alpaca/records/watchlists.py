"""The doors of watchlists, by their ids and by their names."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from aiohttp import web

from quorum.domain import iso
from quorum.simulator.alpaca.asking import body_of, listing_named, missing
from quorum.simulator.alpaca.forms import asset_form
from quorum.simulator.alpaca.listings import asset_id
from quorum.simulator.alpaca.refusals import BAD_REQUEST, UNPROCESSABLE, Complaint
from quorum.simulator.core import Noted
from quorum.simulator.serving import Simulation

_NOTE = "watchlist:"
_LONGEST = 64


class Watchlists:
    """/v2/watchlists, /v2/watchlists/{id} and /v2/watchlists:by_name."""

    def __init__(self, simulation: Simulation) -> None:
        self._simulation = simulation
        self._exchange = simulation.exchange

    def routes(self) -> Iterable[web.RouteDef]:
        """Every door, with its method."""
        one, by_name = "/v2/watchlists/{id}", "/v2/watchlists:by_name"
        return [
            web.get("/v2/watchlists", self.listed),
            web.post("/v2/watchlists", self.create),
            *(web.route(method, path, self.one) for path in (one, by_name) for method in ("GET", "PUT", "POST")),
            *(web.delete(path, self.remove) for path in (one, by_name)),
            web.delete(f"{one}/{{symbol:.+}}", self.drop),
        ]

    async def listed(self, request: web.Request) -> web.Response:
        """Every list, without its assets."""
        return web.json_response([self._form(each, assets=False) for each in self._all()])

    async def create(self, request: web.Request) -> web.Response:
        """A new list of a name and symbols."""
        body = await body_of(request)
        number = self._exchange.journal.count
        new = {"id": self._exchange.new_id("watchlist", number), "created_at": iso(self._exchange.clock.now())}
        return self._keep(new | {"name": self._name(body, ""), "symbols": self._symbols(body)})

    async def one(self, request: web.Request) -> web.Response:
        """A list shown (GET), given another name and other symbols (PUT), or a symbol more (POST)."""
        found = self._asked(request)
        if request.method == "GET":
            return web.json_response(self._form(found))
        body = await body_of(request)
        if request.method == "POST":
            more = self._symbols({"symbols": [body.get("symbol")]})
            return self._keep(found | {"symbols": list(dict.fromkeys(found["symbols"] + more))})
        name = self._name(body, found["name"])
        return self._keep(found | {"name": name, "symbols": self._symbols(body) if "symbols" in body else []})

    async def drop(self, request: web.Request) -> web.Response:
        """A list without a symbol."""
        found, listing = self._asked(request), listing_named(self._exchange, request.match_info["symbol"])
        if listing is None or listing.symbol not in found["symbols"]:
            raise missing("symbol")
        return self._keep(found | {"symbols": [s for s in found["symbols"] if s != listing.symbol]})

    async def remove(self, request: web.Request) -> web.Response:
        """No such list any more."""
        self._exchange.emit(Noted(self._exchange.clock.now(), _NOTE + self._asked(request)["id"], None))
        return web.Response(status=204)

    def _all(self) -> list[dict[str, Any]]:
        return [json.loads(text) for name, text in self._exchange.floor.notes.items() if name.startswith(_NOTE)]

    def _asked(self, request: web.Request) -> dict[str, Any]:
        key = "id" if "id" in request.match_info else "name"
        wanted = request.match_info.get("id") or request.query.get("name", "")
        for each in self._all():
            if each[key] == wanted:
                return each
        raise missing("watchlist")

    def _keep(self, values: dict[str, Any]) -> web.Response:
        now = self._exchange.clock.now()
        kept = values | {"updated_at": iso(now)}
        self._exchange.emit(Noted(now, _NOTE + kept["id"], json.dumps(kept)))
        return web.json_response(self._form(kept))

    def _form(self, values: dict[str, Any], assets: bool = True) -> dict[str, Any]:
        names = ("id", "created_at", "updated_at", "name")
        form = {"account_id": asset_id(f"account:{self._simulation.options.seed}")} | {n: values[n] for n in names}
        listings = self._exchange.listings
        shown = [asset_form(listings[symbol]) for symbol in values["symbols"] if symbol in listings]
        return form | ({"assets": shown} if assets else {})

    def _name(self, body: dict[str, Any], now: str) -> str:
        name = body.get("name", now)
        if not isinstance(name, str) or not 1 <= len(name) <= _LONGEST:
            raise Complaint(422, BAD_REQUEST, f"watchlist name must be between 1 and {_LONGEST} characters")
        if name != now and any(each["name"] == name for each in self._all()):
            raise Complaint(422, BAD_REQUEST, "watchlist name must be unique")
        return name

    def _symbols(self, body: dict[str, Any]) -> list[str]:
        names = body.get("symbols") or []
        if not isinstance(names, list):
            raise Complaint(422, BAD_REQUEST, "invalid symbols")
        found: dict[str, None] = {}
        for name in names:
            listing = listing_named(self._exchange, str(name))
            if listing is None:
                raise Complaint(422, UNPROCESSABLE, f'asset "{name}" not found')
            found[listing.symbol] = None
        return list(found)
