"""Public market data: what a venue shows to everybody, made of a seed or played from a recording.

Promise: numbers of trades and updates are contiguous; candles of any length are those of the trades; books agree.
In: touches of the run, or recorded frames. Out: trades, deals, changes of the book, candles, told as they happen.
Neighbours: `simulator.serving` plays the run; `simulator.binance` and `simulator.kraken` speak of it on the wire.
"""

from quorum.simulator.public.asking import Pace, Turnstile, Weight
from quorum.simulator.public.book import Book, Pending
from quorum.simulator.public.market import Market
from quorum.simulator.public.markets import Markets
from quorum.simulator.public.playing import Played, Player, Recording, lines_of
from quorum.simulator.public.wire import Manners, Wire
from quorum.simulator.public.words import Beat, Candle, Change, Deal, Frame, Happening, Levels, Print, Touch

__all__ = [
    "Beat",
    "Book",
    "Candle",
    "Change",
    "Deal",
    "Frame",
    "Happening",
    "Levels",
    "Manners",
    "Market",
    "Markets",
    "Pace",
    "Pending",
    "Played",
    "Player",
    "Print",
    "Recording",
    "Touch",
    "Turnstile",
    "Weight",
    "Wire",
    "lines_of",
]
