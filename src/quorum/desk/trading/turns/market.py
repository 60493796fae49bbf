"""What a pass is held in: what the account's venue says, who may open; and what it comes to."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, NamedTuple

from quorum.domain import ZERO, Hold, Order, iso
from quorum.execution import Abilities
from quorum.execution.hours import Hours

Key = tuple[str, str]


@dataclass
class Market:
    """The venue at an instant (ns UTC), each thing asked once; `auctions` says that orders may wait for an opening.

    BrokerUnreachable from whoever asks it while the venue does not answer.
    """

    hours: Hours
    abilities: Abilities
    now: int
    auctions: bool = False
    _closed: dict[str, int | None] = field(default_factory=dict)
    _power: list[Decimal | None] = field(default_factory=list)

    def hold(self, symbol: str, quantity: Decimal, until: int) -> Hold | None:
        """Opg where the market is closed, auctions are asked for, and this order fits into the next one."""
        opens = self.closed_until(symbol)
        fits = self.auctions and Hold.OPG in self.abilities.holds and quantity == quantity.to_integral_value()
        if opens is None or not fits or opens > until:
            return None
        return Hold.OPG if self.hours.opens_by_auction(symbol, self.now) else None

    def closed(self, symbol: str) -> str:
        """Why nothing of a symbol may be sent now; empty while it trades."""
        opens = self.closed_until(symbol)
        return "" if opens is None else f"the market of {symbol} is closed until {iso(opens)}"

    def closed_until(self, symbol: str) -> int | None:
        """As Hours, asked once for a symbol."""
        if symbol not in self._closed:
            self._closed[symbol] = self.hours.closed_until(symbol)
        return self._closed[symbol]

    def short_by(self, cost: Decimal) -> Decimal:
        """How much of the buying power is missing for an order of this cost, 0 for nothing; what fits is taken off."""
        if not self._power:
            self._power.append(self.hours.buying_power())
        (power,) = self._power
        if power is None:
            return ZERO
        if cost > power:
            return cost - power
        self._power[0] = power - cost
        return ZERO


class Around(NamedTuple):
    """What a pass is held in: the account, the instant, its venue then, and who may open.

    `barred` says why a strategy may open nothing in a symbol, empty where it may. `closes` are strategies that let go
    of all they hold, each with the decision that says so; `tightened` are stops by symbol that a breaker has moved
    nearer.
    """

    account: str
    now: int
    market: Market
    barred: Callable[[str, str], str]
    closes: Mapping[str, str]
    tightened: Mapping[str, Decimal] = {}


@dataclass
class Pass:
    """What a pass came to: orders to send, orders to cancel first, and plain facts of it.

    `waits` are changes that were not asked for now, by strategy and symbol, each with the reason; `short` those of
    them for which the buying power does not do.
    """

    orders: list[Order] = field(default_factory=list)
    cancels: list[Order] = field(default_factory=list)
    crosses: list[dict[str, Any]] = field(default_factory=list)
    risk: list[dict[str, Any]] = field(default_factory=list)
    standing: list[dict[str, Any]] = field(default_factory=list)
    waits: dict[Key, str] = field(default_factory=dict)
    short: dict[Key, str] = field(default_factory=dict)

    @property
    def moves(self) -> bool:
        return bool(self.orders or self.cancels or self.crosses)
