"""A venue in memory whose refusals, silences and fills a test writes down."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from decimal import Decimal
from random import Random

from domain.words import NOW, fill
from quorum.domain import (
    ZERO,
    Book,
    BrokerError,
    BrokerUnreachable,
    Instrument,
    Order,
    OrderIntent,
    OrderStatus,
    SystemClock,
)
from quorum.execution import Abilities, BrokerAccount, BrokerOrder, Sender
from quorum.execution.fakes import NoHalts
from quorum.execution.stopping import Hears, Leaving, Quoted

BTC = Instrument("BTCUSDT", "binance", "BTC", "USDT", Decimal("0.01"), Decimal("0.001"))


@dataclass
class Small:
    """A broker that fills at once; with `chance` it refuses, and loses answers, in three requests of ten each."""

    held: dict[str, Decimal] = field(default_factory=dict)
    orders: dict[str, BrokerOrder] = field(default_factory=dict)
    sticky: set[str] = field(default_factory=set)
    chance: Random | None = None
    silent: bool = False
    asked: list[str] = field(default_factory=list)
    lowest: Decimal = ZERO

    @property
    def abilities(self) -> Abilities:
        return Abilities()

    def open_orders(self) -> list[BrokerOrder]:
        self._speak("open_orders")
        return [order for order in self.orders.values() if not order.status.terminal]

    def order(self, client_order_id: str, sent: int | None = None) -> BrokerOrder | None:
        self._speak("order")
        return self.orders.get(client_order_id)

    def cancel(self, client_order_id: str) -> BrokerOrder:
        self._speak("cancel")
        if client_order_id in self.sticky or self._refuses():
            raise BrokerError(f"{client_order_id} cannot be cancelled now", "ask again")
        return self._end(client_order_id)

    def cancel_all(self) -> dict[str, str]:
        self._speak("cancel_all")
        left = {}
        for order in self.open_orders():
            if order.client_order_id in self.sticky or self._refuses():
                left[order.client_order_id] = "cannot be cancelled now"
            else:
                self._end(order.client_order_id)
        return left

    def account(self) -> BrokerAccount:
        self._speak("account")
        return BrokerAccount({"USDT": Decimal(1000)}, dict(self.held))

    def submit(self, intent: OrderIntent) -> BrokerOrder:
        self._speak("submit")
        if self._refuses():
            raise BrokerError("insufficient quantity available", "cancel the others first")
        sign, name = intent.side.sign, intent.client_order_id
        self.held[intent.symbol] = self.held.get(intent.symbol, ZERO) + sign * intent.quantity
        self.lowest = min(self.lowest, self.held[intent.symbol])
        sold = fill(intent.side, str(intent.quantity), "100", fill_id=f"{name}-1", client_order_id=name, time=NOW)
        sold = replace(sold, symbol=intent.symbol)
        self.orders[name] = BrokerOrder(name, OrderStatus.FILLED, (sold,), "", intent.symbol, sign * intent.quantity)
        if self.chance is not None and self.chance.random() < 0.3:
            raise BrokerUnreachable("the answer was lost", "ask again")
        return self.orders[name]

    def rests(self, name: str, quantity: str, symbol: str = "BTCUSDT") -> None:
        """An order is open, of whoever placed it."""
        self.orders[name] = BrokerOrder(name, OrderStatus.ACCEPTED, (), "", symbol, Decimal(quantity))

    def _end(self, name: str) -> BrokerOrder:
        was = self.orders[name]
        self.orders[name] = BrokerOrder(name, OrderStatus.CANCELLED, was.fills, "", was.symbol, was.quantity)
        return self.orders[name]

    def _refuses(self) -> bool:
        return self.chance is not None and self.chance.random() < 0.3

    def _speak(self, verb: str) -> None:
        self.asked.append(verb)
        if self.silent:
            raise BrokerUnreachable("the venue gave no answer", "wait")


def empty(account: str) -> Book:
    """The book of an account that the store cannot tell of."""
    return Book(account, "USDT", 0, Decimal(1000), Decimal(1000))


@dataclass
class Told:
    """Ours, as a test tells it: whose what is, which orders have not ended, and what was crossed."""

    whose: Callable[[str], dict[str, Decimal]] = lambda _: {}
    orders: list[Order] = field(default_factory=list)
    crossed: list[str] = field(default_factory=list)

    def shares(self, symbol: str) -> dict[str, Decimal]:
        return self.whose(symbol)

    def cross(self, symbol: str, price: Decimal) -> None:
        self.crossed.append(symbol)

    def open(self) -> list[Order]:
        return self.orders


def leaving(broker: Small, works: tuple[object, ...], ours: Told | None = None) -> Leaving:
    """Closing orders of account `paper` by these units of work, at about 100."""
    hears = Hears(broker)
    senders = tuple(Sender(hears, work, SystemClock(), NoHalts()) for work in works)  # type: ignore[arg-type]

    def quote(symbol: str) -> Quoted:
        return Quoted(Instrument(symbol, "binance", symbol[:-4], "USDT", BTC.tick, BTC.lot), Decimal(100))

    def word(wish: object, book: object, instrument: object) -> dict[str, object]:
        return {"verdict": "approved", "limits": {}}

    return Leaving("paper", senders, (NOW, "a test"), quote, word, ours or Told())
