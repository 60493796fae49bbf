"""The door to a venue, and the two that the simulated venue needs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Protocol

from quorum.domain import Fill, OrderIntent, OrderStatus, Trade


@dataclass(frozen=True, slots=True)
class BrokerOrder:
    """What a venue says of an order: its status there, and every fill so far, oldest first."""

    client_order_id: str
    status: OrderStatus
    fills: tuple[Fill, ...] = ()
    detail: str = ""


@dataclass(frozen=True, slots=True)
class BrokerAccount:
    """What a venue says is held: cash by currency, signed quantities by symbol."""

    cash: Mapping[str, Decimal]
    positions: Mapping[str, Decimal]


class Broker(Protocol):
    """A venue. Requests are known by client order id, and a second request with the same id makes no second order.

    Every verb raises BrokerUnreachable when no answer came: then the request may or may not have arrived.
    """

    def submit(self, intent: OrderIntent) -> BrokerOrder:
        """Place a market order that fills no worse than the intent's collar and ends at its expiry."""
        ...

    def order(self, client_order_id: str) -> BrokerOrder | None:
        """The order as the venue has it now; None when it has none with that id and never will have one.

        BrokerUnreachable while a request that is under way could still arrive.
        """
        ...

    def cancel(self, client_order_id: str) -> BrokerOrder:
        """Cancel what is open of an order; BrokerError when there is no such order."""
        ...

    def account(self) -> BrokerAccount:
        """Cash and holdings at the venue."""
        ...


class Prices(Protocol):
    """Where the simulated venue's prices come from."""

    def prints(self, symbol: str, since: int, until: int) -> Iterable[Trade]:
        """Trades of `symbol` at or after `since` and not after `until` (ns UTC), oldest first."""
        ...


class Journal(Protocol):
    """The simulated venue's memory: events in order, shared by every process that opens it."""

    def exclusive(self) -> AbstractContextManager[None]:
        """Nobody else reads or appends within the block."""
        ...

    def unread(self) -> Sequence[Mapping[str, Any]]:
        """Events appended since this was last called, by anyone; all of them the first time."""
        ...

    def append(self, event: Mapping[str, Any]) -> None:
        """Write an event; when this returns, it survives a kill. For this caller it is not unread."""
        ...
