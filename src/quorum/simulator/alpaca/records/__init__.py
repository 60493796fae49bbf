"""What Alpaca keeps of an account beside its orders: its worth through time, its settings, its watchlists.

Promise: the worth follows from the journal; settings and lists are journaled, and outlive a restart.
In: requests. Out: JSON, and settings that the exchange heeds.
Neighbours: `simulator.core` keeps the journal; `alpaca.account` shows the worth at the last close.
"""

from quorum.simulator.alpaca.records.portfolio import Portfolio
from quorum.simulator.alpaca.records.settings import Settings
from quorum.simulator.alpaca.records.watchlists import Watchlists
from quorum.simulator.alpaca.records.worth import Worth

__all__ = ["Portfolio", "Settings", "Watchlists", "Worth"]
