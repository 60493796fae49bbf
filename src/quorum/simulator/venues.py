"""The venues that can be simulated, by name."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager

from quorum.domain import NotFound
from quorum.simulator.alpaca import ALPACA
from quorum.simulator.binance import BINANCE
from quorum.simulator.kraken import KRAKEN
from quorum.simulator.serving import Address, Options, Venue
from quorum.simulator.serving import running as run_in_thread
from quorum.simulator.serving import serve as serve_venue

VENUES: dict[str, Venue] = {venue.name: venue for venue in (ALPACA, BINANCE, KRAKEN)}


def venue_named(name: str) -> Venue:
    """The venue of that name; NotFound when it is not simulated."""
    found = VENUES.get(name.lower())
    if found is None:
        raise NotFound(f"no venue {name!r} is simulated", f"choose of {', '.join(sorted(VENUES))}")
    return found


def serve(options: Options, tell: Callable[[Address], None]) -> None:
    """Serve the venue of `options` until SIGINT or SIGTERM; `tell` gets its address once it answers."""
    serve_venue(venue_named(options.venue), options, tell)


def running(options: Options) -> AbstractContextManager[Address]:
    """The venue of `options` in a thread, for as long as a `with` lasts; its address."""
    return run_in_thread(venue_named(options.venue), options)
