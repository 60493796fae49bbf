"""The served run: an exchange behind doors, its market played, its faults acted out.

Promise: loopback only; one port; what is answered was journaled before; a run ends clean at a signal.
In: a venue, options. Out: addresses and keys, and the control doors under /sim.
Neighbours: the venues bring their doors; `simulator.core` is what they open to.
"""

from quorum.simulator.serving.clock import SpeedClock, web_date
from quorum.simulator.serving.control import said
from quorum.simulator.serving.line import Line
from quorum.simulator.serving.options import ALWAYS, CALENDAR, GENERATED, QUIET, USUAL, Keys, Options
from quorum.simulator.serving.server import Address, opened, running, serve
from quorum.simulator.serving.simulation import Simulation
from quorum.simulator.serving.venue import Site, Take, Venue

__all__ = [
    "ALWAYS",
    "CALENDAR",
    "GENERATED",
    "QUIET",
    "USUAL",
    "Address",
    "Keys",
    "Line",
    "Options",
    "Simulation",
    "Site",
    "SpeedClock",
    "Take",
    "Venue",
    "opened",
    "running",
    "said",
    "serve",
    "web_date",
]
