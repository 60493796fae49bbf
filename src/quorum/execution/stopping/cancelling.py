"""Ending open orders at a venue, whoever placed them, until none is left or the deadline has come."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import NamedTuple, Protocol

from quorum.domain import ZERO, BrokerError, QuorumError
from quorum.execution.ports import Broker, BrokerOrder

FIRST_PAUSE, LONGEST_PAUSE = 0.02, 1.0
SEEN_FLAT = 2
ALL = "account"


class Which(Protocol):
    """Which of the orders that are open are meant."""

    def __call__(self, broker: Broker, orders: Sequence[BrokerOrder]) -> Sequence[BrokerOrder]:
        """Those of `orders` that are to be cancelled."""
        ...


class Everything:
    """Every order, protective ones too."""

    def __call__(self, broker: Broker, orders: Sequence[BrokerOrder]) -> Sequence[BrokerOrder]:
        return orders


@dataclass(frozen=True, slots=True)
class Entries:
    """What opens: not an order against what is held, and no larger than it. `known` says of an id what is known of it:
    True that it is stopped, False that it stays; the others are told apart by what the venue holds.
    """

    known: Mapping[str, bool] = field(default_factory=dict)

    def __call__(self, broker: Broker, orders: Sequence[BrokerOrder]) -> Sequence[BrokerOrder]:
        strange = [order for order in orders if order.client_order_id not in self.known]
        held = broker.account().positions if strange else {}
        opens = {o.client_order_id for o in strange if not _reduces(o, held.get(o.symbol, ZERO))}
        return [o for o in orders if self.known.get(o.client_order_id, o.client_order_id in opens)]


def _reduces(order: BrokerOrder, held: Decimal) -> bool:
    return held * order.quantity < 0 and abs(order.quantity) <= abs(held)


class Cancelled(NamedTuple):
    """The ids that were open and are no more, and why others still are, by id; `account` is the venue itself."""

    cancelled: tuple[str, ...]
    failed: Mapping[str, str]


def cancel_open(broker: Broker, until: float, which: Which | None = None) -> Cancelled:
    """Cancel until twice none is seen open, or until the instant `until` of the monotonic clock.

    All at once where all are meant, one by one where some stay or the venue refused some; what it said last is told.
    """
    which = which or Everything()
    seen: dict[str, None] = {}
    why: dict[str, str] = {}
    pause, quiet, turn = FIRST_PAUSE, 0, 0
    while True:
        left = _look(broker, which, why)
        if left is not None:
            seen |= dict.fromkeys(order.client_order_id for order in left[0])
        quiet = quiet + 1 if left is not None and not left[0] else 0
        if quiet == SEEN_FLAT:
            return Cancelled(tuple(seen), {})
        if quiet == 0:
            _cancel(broker, left or ((), isinstance(which, Everything)), turn, why)
            turn += 1
        if time.monotonic() >= until:
            return _given_up(seen, left, why)
        time.sleep(min(pause, max(0.0, until - time.monotonic())))
        pause = min(2 * pause, LONGEST_PAUSE) if turn > 1 else pause


Left = tuple[Sequence[BrokerOrder], bool]


def _look(broker: Broker, which: Which, why: dict[str, str]) -> Left | None:
    """The orders that are meant and still open, and whether they are all that is open; None when nobody answers."""
    try:
        orders = broker.open_orders()
        meant = which(broker, orders)
    except QuorumError as error:
        why[ALL] = str(error)
        return None
    why.pop(ALL, None)
    return meant, len(meant) == len(orders)


def _cancel(broker: Broker, left: Left, turn: int, why: dict[str, str]) -> None:
    """Ask for it: all at once, and every other time each by itself, since a venue may refuse the one and not the other.

    A venue that does not answer what is open may still hear that nothing shall be.
    """
    meant, everything = left
    if everything and (turn % 2 == 0 or not meant):
        try:
            why.update(broker.cancel_all())
        except QuorumError as error:
            why[ALL] = str(error)
        return
    for order in meant:
        try:
            broker.cancel(order.client_order_id)
        except BrokerError as error:
            why[order.client_order_id] = str(error)


def _given_up(seen: Mapping[str, None], left: Left | None, why: Mapping[str, str]) -> Cancelled:
    if left is None:
        return Cancelled((), {name: why.get(name, why[ALL]) for name in seen} | {ALL: why[ALL]})
    still = [order.client_order_id for order in left[0]]
    told = {name: why.get(name, "the venue has not ended it yet") for name in still}
    gone = tuple(name for name in seen if name not in told)
    return Cancelled(gone, told if still else {ALL: why.get(ALL, "it was seen without open orders only once")})
