"""The demo's chapter on risk and execution: a deployed strategy at a venue in a process of its own.

Promise: real orders over a real protocol, on loopback; what is told was read back from the books and the journal.
In: the workspace after the strategy's life, a seed. Out: an ExecutionStory, or None where nothing was deployed.
Neighbours: drives `desk.trading` and `bootstrap` as a user does; `quorum sim` is the venue; `report` draws the page.
"""

from quorum.surfaces.demo.trading.scenes import Market, run_trading
from quorum.surfaces.demo.trading.venue import ACCOUNT, Venue, open_venue

__all__ = ["ACCOUNT", "Market", "Venue", "open_venue", "run_trading"]
