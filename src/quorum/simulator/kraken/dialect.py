"""What the two protocols of Kraken's streams share: what a client may wish, and what each must be able to say."""

from __future__ import annotations

from typing import Any, NamedTuple, Protocol

from quorum.simulator.public import Candle, Levels, Market, Print, Touch


class Topic(NamedTuple):
    """What a client subscribes to; `setting` is the depth of a book or the minutes of candles, 1 for a ticker that
    follows the touch, else 0. All instruments are the topic of no symbol."""

    channel: str
    symbol: str
    setting: int = 0


class Wish(NamedTuple):
    """A client's message as it was understood: `word` is subscribe, unsubscribe or ping; `wrong` says what it is not.

    `said` is the message, for what the answer repeats of it.
    """

    word: str
    topics: tuple[Topic, ...]
    said: dict[str, Any]
    snapshot: bool = True
    wrong: str = ""


class Shown(NamedTuple):
    """A book's message: its levels that changed, or all of them, and the ten best of each side after it."""

    bids: Levels
    asks: Levels
    best_bids: Levels
    best_asks: Levels
    whole: bool
    spoiled: bool = False


class Dialect(Protocol):
    """A protocol: how a client is heard and how it is told."""

    heartbeat: dict[str, Any]
    snapshots: tuple[str, ...]

    def greeting(self, number: int, system: str) -> Any:
        """The first message of a connection, and what is said as the state of the venue changes."""
        ...

    def read(self, said: str | bytes) -> Wish:
        """What a client wishes."""
        ...

    def answer(self, wish: Wish, topic: Topic | None, wrong: str, now: int) -> Any:
        """The answer to a wish, for each of its topics."""
        ...

    def form(self, topic: Topic, market: Market, what: Print | Touch | Candle | Shown | None, first: bool) -> Any:
        """What happened, as a message of a topic; None where nothing is said. Nothing happened for a ticker."""
        ...
