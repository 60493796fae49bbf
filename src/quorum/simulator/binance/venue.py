"""Binance put together: its public market data."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from quorum.simulator.binance.asking import doorkeeper, plain_complaint
from quorum.simulator.binance.listings import DEFAULT, listing_of
from quorum.simulator.binance.recorded import recording_of
from quorum.simulator.binance.rest import Rest
from quorum.simulator.binance.streams import Streams
from quorum.simulator.public import Markets, Recording
from quorum.simulator.serving import Simulation, Site, Take, Venue

_WEIGHT = 6000  # a minute


def _site(simulation: Simulation, recording: Recording | None = None) -> Site:
    markets = Markets(simulation, recording)
    routes = [*Rest(simulation, markets).routes(), *Streams(simulation, markets).routes(), *markets.routes()]
    return Site(routes, (doorkeeper(simulation),))


def _take(folder: Path, symbols: tuple[str, ...]) -> Take:
    found = recording_of(folder, symbols)
    return Take(found.start - 1, found.listings, lambda simulation: _site(simulation, found))


def _addresses(url: str) -> Mapping[str, str]:
    stream = url.replace("http", "ws", 1)
    return {"data": url, "stream": f"{stream}/ws", "combined": f"{stream}/stream"}


BINANCE = Venue(
    name="binance",
    symbols=DEFAULT,
    listing=listing_of,
    site=_site,
    complaint=plain_complaint,
    addresses=_addresses,
    currency="USDT",
    rate=_WEIGHT,
    recorded=_take,
)
