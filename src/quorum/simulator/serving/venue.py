"""What a venue brings: its listings, its doors, its way to complain, its addresses."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from aiohttp import web
from aiohttp.typedefs import Middleware

from quorum.simulator.core import Listing
from quorum.simulator.serving.simulation import Simulation


class Site(NamedTuple):
    """The doors of a venue, and what stands before each of them."""

    routes: Iterable[web.AbstractRouteDef]
    middlewares: tuple[Middleware, ...] = ()


class Take(NamedTuple):
    """A recording as a run plays it: when it begins (ns UTC), what it trades, and its doors."""

    start: int
    listings: tuple[Listing, ...]
    site: Callable[[Simulation], Site]


@dataclass(frozen=True, slots=True)
class Venue:
    """A venue by name.

    `symbols` are traded where none are asked for, `always` besides those that are. `listing` makes one of a symbol,
    UsageError where the venue has none of that name. `complaint` is its JSON for a status that a fault wants,
    `addresses` names what stands at a base address, `rate` is requests (or weight) a minute, `recorded` reads a
    recording of the symbols asked for, of all where none are. `announced` reads
    a file of news and corporate actions, None for a venue that tells none.
    """

    name: str
    symbols: tuple[str, ...]
    listing: Callable[[str], Listing]
    site: Callable[[Simulation], Site]
    complaint: Callable[[int], dict[str, Any]]
    addresses: Callable[[str], Mapping[str, str]]
    always: tuple[str, ...] = ()
    currency: str = "USD"
    rate: int = 200
    recorded: Callable[[Path, tuple[str, ...]], Take] | None = None
    announced: Callable[[Path, int], object] | None = None
