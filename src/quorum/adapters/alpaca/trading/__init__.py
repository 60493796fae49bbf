"""Alpaca as a venue: orders, fills and the account over REST, and trade updates by WebSocket.

Promise: a request that changes something is sent once, every fill has the venue's id, no key is in any text.
In: an address, two keys, intents. Out: Broker, Clockwork, TradeUpdates, and the line that they ask through.
Neighbours: asks through `adapters.rest`; `bootstrap` opens it for accounts whose venue is alpaca.
"""

from quorum.adapters.alpaca.trading.broker import ARRIVES, SHOWS, AlpacaBroker
from quorum.adapters.alpaca.trading.clockwork import Clockwork, MarketHours, Session
from quorum.adapters.alpaca.trading.forms import ABILITIES
from quorum.adapters.alpaca.trading.line import LIVE, PAPER, Line
from quorum.adapters.alpaca.trading.opening import open_line
from quorum.adapters.alpaca.trading.updates import Patience, TradeUpdates

__all__ = [
    "ABILITIES",
    "ARRIVES",
    "LIVE",
    "PAPER",
    "SHOWS",
    "AlpacaBroker",
    "Clockwork",
    "Line",
    "MarketHours",
    "Patience",
    "Session",
    "TradeUpdates",
    "open_line",
]
