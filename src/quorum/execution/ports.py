"""The door to a venue, and the two that the simulated venue needs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Protocol

from quorum.domain import ZERO, Fill, Halt, Hold, OrderIntent, OrderKind, OrderStatus, Trade


@dataclass(frozen=True, slots=True)
class BrokerOrder:
    """What a venue says of an order: its status there, and every fill so far, oldest first.

    `symbol` and `quantity` (signed) where the venue tells them: of an order that nobody here knows it is all there is.
    """

    client_order_id: str
    status: OrderStatus
    fills: tuple[Fill, ...] = ()
    detail: str = ""
    symbol: str = ""
    quantity: Decimal = ZERO


@dataclass(frozen=True, slots=True)
class BrokerAccount:
    """What a venue says is held: cash by currency, signed quantities by symbol.

    `paid` is what a unit of a holding cost on average, of those of which the venue tells it.
    """

    cash: Mapping[str, Decimal]
    positions: Mapping[str, Decimal]
    paid: Mapping[str, Decimal] = field(default_factory=dict, compare=False)


@dataclass(frozen=True, slots=True)
class Abilities:
    """What a venue can do with an account: which orders, for how long they may hold, short and fractional sizes.

    `protects` says whether a stop can rest there; `enforces_collar` whether no fill is ever beyond an order's collar.
    Where it is `exclusive`, an open order reserves what it lets go of and bars every order of the other side.
    `fee_assets` are those that fees may be taken in beside the two of a symbol. `between` is what its orders have
    between the two of a pair, None where any way of writing it does.
    """

    kinds: frozenset[OrderKind] = frozenset(OrderKind)
    holds: frozenset[Hold] = frozenset(Hold)
    short: bool = True
    fractional: bool = True
    protects: bool = True
    enforces_collar: bool = True
    exclusive: bool = False
    fee_assets: frozenset[str] = frozenset()
    between: str | None = None


class Broker(Protocol):
    """A venue. Requests are known by client order id, and a second request with the same id makes no second order.

    Every verb raises BrokerUnreachable when no answer came: then the request may or may not have arrived.
    """

    @property
    def abilities(self) -> Abilities:
        """What it can do; asks nobody."""
        ...

    def submit(self, intent: OrderIntent) -> BrokerOrder:
        """Place an order by the intent's terms, which fills no worse than its collar and ends at its expiry.

        BrokerError for what the venue refuses, or cannot do.
        """
        ...

    def order(self, client_order_id: str, sent: int | None = None) -> BrokerOrder | None:
        """The order as the venue has it now; None when it has none with that id and never will have one.

        BrokerUnreachable while a request that was sent at `sent` (ns UTC) could still arrive, or be seen.
        """
        ...

    def open_orders(self) -> Sequence[BrokerOrder]:
        """Every order of the account that may still fill, whoever placed it."""
        ...

    def cancel(self, client_order_id: str) -> BrokerOrder:
        """Cancel what is open of an order; BrokerError when there is no such order."""
        ...

    def cancel_all(self) -> Mapping[str, str]:
        """Ask the venue at once to cancel every order that is open; what it refused, by client order id, with why.

        What it did not refuse may still fill until it is seen to have ended.
        """
        ...

    def account(self) -> BrokerAccount:
        """Cash and holdings at the venue."""
        ...


class Halts(Protocol):
    """What is halted, to be looked at last before an order leaves."""

    def standing(self) -> Sequence[Halt]:
        """The halts that hold now; never raises: what cannot be read is a BLACK halt of the desk that says so."""
        ...

    def leaving(self) -> AbstractContextManager[Sequence[Halt]]:
        """The halts that hold, while an order leaves: who halts can wait for the end of the block."""
        ...


class HaltBook(Halts, Protocol):
    """Halts on record; what one process halts, every other one sees at its next look."""

    def raise_(self, halt: Halt) -> None:
        """Put a halt on record; when this returns, it survives a kill. QuorumError when it cannot be kept."""
        ...

    def lift(self, halt: Halt, by: str, reason: str) -> None:
        """End a halt; one that does not stand any more is left as it is."""
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
