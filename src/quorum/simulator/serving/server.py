"""The server: one port on loopback for REST, streams and control, and the loop that plays the market."""

from __future__ import annotations

import asyncio
import signal
import socket
import threading
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import ExitStack, asynccontextmanager, closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from aiohttp import web
from aiohttp.typedefs import Handler

from quorum.domain import SECOND, QuorumError, UsageError
from quorum.simulator.core import FileJournal, Listing, MemoryJournal
from quorum.simulator.prices import Prices, Quiet, Recorded, Walk
from quorum.simulator.serving.control import Control
from quorum.simulator.serving.options import GENERATED, QUIET, USUAL, Keys, Options
from quorum.simulator.serving.simulation import Simulation, refuse_strangers
from quorum.simulator.serving.spoiling import Spoiler
from quorum.simulator.serving.venue import Site, Take, Venue

_LARGEST_REQUEST = 1_000_000
_GOODBYE = 0.2  # seconds for requests that are still open when the run ends


@dataclass(frozen=True, slots=True)
class Address:
    """Where a run listens, what stands there by name, and the keys that it takes."""

    venue: str
    url: str
    addresses: dict[str, str]
    keys: Keys
    control: str


def listings_of(venue: Venue, options: Options) -> list[Listing]:
    """What the run trades."""
    asked = options.symbols or venue.symbols
    return [venue.listing(symbol) for symbol in dict.fromkeys((*asked, *venue.always))]


@asynccontextmanager
async def opened(venue: Venue, options: Options) -> AsyncIterator[tuple[Address, Simulation]]:
    """The run while it serves. UsageError when the port is taken, DataError for a journal or prices that are none."""
    options = replace(options, rate=venue.rate if options.rate == USUAL else options.rate)
    take = _take(venue, options)
    if take is not None:
        options = replace(options, start=take.start, prices=QUIET)
    listings = take.listings if take is not None else listings_of(venue, options)
    recorded = _checked(venue, options, listings)
    with ExitStack() as stack:
        door = stack.enter_context(closing(_bound(options)))
        journal = FileJournal(options.journal) if options.journal else MemoryJournal()
        if isinstance(journal, FileJournal):
            stack.callback(journal.close)
        simulation = Simulation(options, listings, journal, venue.currency)
        site = take.site if take is not None else venue.site
        app = _app(site(simulation), venue, simulation)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=_GOODBYE)
        await runner.setup()
        try:
            url = await _listen(runner, door)
            simulation.on_unreachable.append(lambda seconds: simulation.spawn(_away(runner, seconds)))
            simulation.spawn(_market(simulation, recorded or _prices(simulation)))
            yield Address(venue.name, url, dict(venue.addresses(url)), options.keys, f"{url}/sim"), simulation
        finally:
            await simulation.end()
            await runner.cleanup()


def serve(venue: Venue, options: Options, tell: Callable[[Address], None]) -> None:
    """Serve until SIGINT or SIGTERM; `tell` gets the address once requests are answered."""

    async def until_told() -> None:
        stop, loop = asyncio.Event(), asyncio.get_running_loop()
        for name in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(name, stop.set)
        async with opened(venue, options) as (address, _):
            tell(address)
            await stop.wait()

    asyncio.run(until_told())


@contextmanager
def running(venue: Venue, options: Options) -> Iterator[Address]:
    """The run in a thread of its own, until the block ends; what keeps it from starting is raised here."""
    started: list[Address | BaseException] = []
    ready, loops = threading.Event(), []

    async def until_told() -> None:
        stop = asyncio.Event()
        loops.append((asyncio.get_running_loop(), stop))
        async with opened(venue, options) as (address, _):
            started.append(address)
            ready.set()
            await stop.wait()

    def work() -> None:
        try:
            asyncio.run(until_told())
        except (QuorumError, OSError) as error:
            started.append(error)
            ready.set()

    thread = threading.Thread(target=work, name=f"sim-{venue.name}", daemon=True)
    thread.start()
    ready.wait()
    first = started[0]
    try:
        if isinstance(first, BaseException):
            raise first
        yield first
    finally:
        if thread.is_alive() and not isinstance(first, BaseException):
            loop, stop = loops[0]
            loop.call_soon_threadsafe(stop.set)
        thread.join()


def _checked(venue: Venue, options: Options, listings: Sequence[Listing]) -> Prices | None:
    """The prices of a file, None where they are none; what is wrong in a file is told before a journal begins."""
    known = {each.symbol: each for each in listings}
    refuse_strangers(options.faults, known)
    if options.events is not None:
        if venue.announced is None:
            raise UsageError(f"{venue.name} tells no news here", "leave the file of events away, or choose alpaca")
        venue.announced(options.events, options.start)
    file = options.prices not in (GENERATED, QUIET)
    return Recorded(Path(options.prices), known, options.start) if file else None


def _take(venue: Venue, options: Options) -> Take | None:
    if options.recording is None:
        return None
    if venue.recorded is None:
        raise UsageError(f"{venue.name} plays no recordings", "give --prices a file, or choose another venue")
    return venue.recorded(options.recording, options.symbols)


def _app(site: Site, venue: Venue, simulation: Simulation) -> web.Application:
    spoiler = Spoiler(simulation, venue.complaint)

    @web.middleware
    async def spoil(request: web.Request, handler: Handler) -> web.StreamResponse:
        return await spoiler.spoil(request, handler)

    app = web.Application(middlewares=[spoil, *site.middlewares], client_max_size=_LARGEST_REQUEST)
    app.add_routes([*Control(simulation).routes(), *site.routes])
    return app


def _bound(options: Options) -> socket.socket:
    """The port of the run, taken before anything is written."""
    family = socket.AF_INET6 if ":" in options.host else socket.AF_INET
    try:
        return socket.create_server((options.host, options.port), family=family)
    except OSError as error:
        raise UsageError(
            f"port {options.port} of {options.host} cannot be taken ({error.strerror})", "choose another, or 0"
        ) from None


async def _listen(runner: web.AppRunner, door: socket.socket) -> str:
    await web.SockSite(runner, door).start()
    host, port = runner.addresses[0][:2]
    return f"http://[{host}]:{port}" if ":" in str(host) else f"http://{host}:{port}"


async def _away(runner: web.AppRunner, seconds: float) -> None:
    """Take no connection for so long, then listen where it was."""
    host, port = runner.addresses[0][:2]
    for site in list(runner.sites):
        await site.stop()
    await asyncio.sleep(seconds)
    await web.TCPSite(runner, host, port, reuse_address=True).start()


def _prices(simulation: Simulation) -> Prices:
    options, exchange = simulation.options, simulation.exchange
    now = simulation.clock.now()
    if options.prices == QUIET:
        return Quiet()
    step = max(int(SECOND * (options.speed or 1) / options.ticks), 1)
    return Walk(exchange.listings.values(), exchange.mark, options.seed, now, step)


async def _market(simulation: Simulation, prices: Prices) -> None:
    """Play what falls due, for as long as the run lasts."""
    while not simulation.closing.is_set():
        await simulation.play(prices)
        await asyncio.sleep(min(1 / simulation.options.ticks, 0.1))
