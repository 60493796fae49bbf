"""Alpaca put together."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from aiohttp import web

from quorum.simulator.alpaca.account import Account
from quorum.simulator.alpaca.announced import Actions, Announced, News, read_announced
from quorum.simulator.alpaca.data import NEWS, PATHS, Feed, Listed, Market
from quorum.simulator.alpaca.door import doorkeeper
from quorum.simulator.alpaca.listings import DEFAULT, TEST_SYMBOL, listing_of
from quorum.simulator.alpaca.orders import Orders
from quorum.simulator.alpaca.positions import Positions
from quorum.simulator.alpaca.records import Portfolio, Settings, Watchlists, Worth
from quorum.simulator.alpaca.refusals import plain_complaint
from quorum.simulator.alpaca.updates import Updates
from quorum.simulator.serving import Simulation, Site, Venue


def _site(simulation: Simulation) -> Site:
    worth, settings = Worth(simulation.exchange), Settings(simulation)
    orders, updates, feed = Orders(simulation, settings.admit), Updates(simulation), Feed(simulation)
    file = simulation.options.events
    announced = read_announced(file, simulation.options.start) if file is not None else Announced()
    doors: list[Iterable[web.RouteDef]] = [
        orders.routes(),
        Positions(simulation, orders).routes(),
        Account(simulation, worth).routes(),
        Portfolio(simulation, worth).routes(),
        settings.routes(),
        Watchlists(simulation).routes(),
        [web.get("/stream", updates.stream), *(web.get(path, feed.stream) for path in PATHS)],
        News(simulation, announced.news, feed).routes(),
        Actions(simulation, announced.actions).routes(),
        Listed(simulation).routes(),
        Market(simulation).routes(),
    ]
    return Site([route for routes in doors for route in routes], (doorkeeper(simulation),))


def _addresses(url: str) -> Mapping[str, str]:
    stream = url.replace("http", "ws", 1)
    return {
        "trading": url,
        "data": url,
        "trade_updates": f"{stream}/stream",
        **{f"stream{path.replace('/', '_')}": f"{stream}{path}" for path in (*PATHS, NEWS)},
    }


ALPACA = Venue(
    name="alpaca",
    symbols=DEFAULT,
    listing=listing_of,
    site=_site,
    complaint=plain_complaint,
    addresses=_addresses,
    always=(TEST_SYMBOL,),
    announced=read_announced,
)
