"""The simulated venue keeps what every broker promises."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import pytest

from domain.words import NOW
from execution.every_broker import EveryBroker
from execution.venues import CASH, FREE, listed, served, wish
from quorum.adapters.process import RemoteBroker
from quorum.domain import MINUTE, SECOND, Clock, OrderIntent, Side, Trade, VirtualClock
from quorum.execution import Broker, SimulatedBroker
from quorum.execution.fakes import MemoryJournal


@dataclass
class Printed:
    """A simulated venue over prints that are added as the test goes on."""

    stack: ExitStack
    remote: bool = False
    symbol: str = "BTCUSDT"
    currency: str = "USDT"
    clock: VirtualClock = field(default_factory=lambda: VirtualClock(NOW))
    trades: list[Trade] = field(default_factory=list)
    journal: MemoryJournal = field(default_factory=MemoryJournal)

    def __post_init__(self) -> None:
        self.broker = self.door()

    def prints(self, symbol: str, since: int, until: int) -> Iterable[Trade]:
        return [t for t in self.trades if t.symbol == symbol and since <= t.time <= until]

    def door(self) -> Broker:
        if self.remote:
            return RemoteBroker(self.stack.enter_context(served(self._simulated)), self.clock, timeout=5)
        return self._simulated(self.clock)

    def wish(self, number: int = 1, quantity: str = "10", side: Side = Side.BUY, **changed: Any) -> OrderIntent:
        near = {"collar": Decimal(100 + side.sign), "expires_at": NOW + 60 * MINUTE}
        return wish(number, quantity, side, **{**near, **changed})

    def price(self, last: str, size: str | None = None) -> None:
        self.later(1)
        self.trades.append(Trade(self.symbol, self.clock.now(), Decimal(last), Decimal(size or 0)))

    def later(self, seconds: float) -> None:
        self.clock.advance_to(self.clock.now() + round(seconds * SECOND))

    def _simulated(self, clock: Clock) -> SimulatedBroker:
        return SimulatedBroker(self.journal.opened_again(), self, clock, FREE, CASH, listed)


class TestInProcess(EveryBroker):
    @pytest.fixture
    def market(self) -> Iterator[Printed]:
        with ExitStack() as stack:
            yield Printed(stack)


class TestBehindASocket(EveryBroker):
    @pytest.fixture
    def market(self) -> Iterator[Printed]:
        with ExitStack() as stack:
            yield Printed(stack, remote=True)
