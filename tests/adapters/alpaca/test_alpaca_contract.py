"""Alpaca keeps what every broker promises."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from adapters.alpaca.alpaca_desk import Desk, desk_at, wish
from execution.every_broker import EveryBroker
from quorum.domain import OrderIntent, Side
from quorum.execution import Broker


@dataclass
class Quiet:
    """The simulated exchange, whose market moves when the test says so."""

    desk: Desk
    symbol: str = "AAPL"
    currency: str = "USD"

    @property
    def broker(self) -> Broker:
        return self.desk.broker

    def door(self) -> Broker:
        return self.desk.door()

    def wish(self, number: int = 1, quantity: str = "10", side: Side = Side.BUY, **changed: Any) -> OrderIntent:
        return wish(number, quantity, side, **changed)

    def price(self, last: str, size: str | None = None) -> None:
        self.later(1)
        shown = float(size or 1_000_000)
        self.desk.priced(self.symbol, float(last), bid=last, ask=last, bid_size=shown, ask_size=shown)

    def later(self, seconds: float) -> None:
        self.desk.later(seconds)


class TestAlpaca(EveryBroker):
    @pytest.fixture
    def market(self) -> Iterator[Quiet]:
        with desk_at() as desk:
            yield Quiet(desk)
