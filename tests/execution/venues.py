"""Simulated venues behind every kind of door, over prints that the test writes down."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from domain.words import NOW, intent
from quorum.adapters.process import BrokerServer, FileJournal, RemoteBroker, RequestClock
from quorum.domain import MINUTE, Clock, Instrument, Money, NotFound, OrderIntent, Side, Trade, VirtualClock
from quorum.execution import Broker, Journal, SimulatedBroker, VenueCosts
from quorum.execution.fakes import ListedPrices, MemoryJournal

FREE = VenueCosts(Decimal(0), Decimal(0), Decimal(1))
CASH = Money(Decimal(10_000), "USDT")
SYMBOLS = {
    "BTCUSDT": Instrument("BTCUSDT", "binance", "BTC", "USDT", Decimal("0.01"), Decimal("0.001")),
    "ETHUSDT": Instrument("ETHUSDT", "binance", "ETH", "USDT", Decimal("0.05"), Decimal(1)),
}


def listed(symbol: str) -> Instrument:
    if symbol not in SYMBOLS:
        raise NotFound(f"there are no prices of {symbol}", "import them")
    return SYMBOLS[symbol]


def at(minutes: float) -> int:
    """The instant that many minutes after the first."""
    return NOW + int(minutes * MINUTE)


def printed(minutes: float, price: str, volume: str = "0", symbol: str = "BTCUSDT") -> Trade:
    return Trade(symbol, at(minutes), Decimal(price), Decimal(volume))


def wish(number: int = 1, quantity: str = "10", side: Side = Side.BUY, **changed: Any) -> OrderIntent:
    """An intent of its own number, far from its collar unless told otherwise; valid for an hour."""
    values: dict[str, Any] = {
        "intent_id": f"INT-{number}",
        "client_order_id": f"Q{number}",
        "side": side,
        "quantity": Decimal(quantity),
        "collar": Decimal(1000) if side is Side.BUY else Decimal(1),
    }
    return intent(**{**values, **changed})


@dataclass
class Venue:
    """A venue, the clock of its callers, and another door to it for every call of `door`."""

    clock: VirtualClock
    door: Callable[[], Broker]
    doors: list[Broker] = field(default_factory=list)

    @property
    def broker(self) -> Broker:
        """The first door."""
        if not self.doors:
            self.doors.append(self.door())
        return self.doors[0]


class Venues:
    """Opens venues of one kind; each kind keeps its memory and answers its callers in a way of its own."""

    def __init__(self, kind: str, stack: ExitStack) -> None:
        self._kind = kind
        self._stack = stack

    def open(self, prints: Sequence[Trade] = (), costs: VenueCosts = FREE) -> Venue:
        clock = VirtualClock(NOW)
        journals = self._journals()

        def door(clock: Clock = clock) -> SimulatedBroker:
            return SimulatedBroker(next(journals), ListedPrices(prints), clock, costs, CASH, listed)

        if self._kind != "remote":
            return Venue(clock, door)
        path = self._stack.enter_context(served(door))
        return Venue(clock, lambda: RemoteBroker(path, clock, timeout=5))

    def _journals(self) -> Iterator[Journal]:
        if self._kind == "memory":
            memory = MemoryJournal()
            while True:
                yield memory.opened_again()
        folder = Path(self._stack.enter_context(TemporaryDirectory()))
        while True:
            journal = FileJournal(folder / "venue.jsonl")
            self._stack.callback(journal.close)
            yield journal


@contextmanager
def served(door: Callable[[Clock], Broker]) -> Iterator[Path]:
    """The socket of a venue that answers in a thread of its own."""
    clock = RequestClock(0)
    with TemporaryDirectory() as folder, BrokerServer(Path(folder) / "venue", door(clock), clock) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield Path(folder) / "venue"
        server.shutdown()
        thread.join()
