"""Close: each account is emptied by one process at a time, at the market, until it is flat or it is said why not."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from decimal import Decimal

from quorum.adapters.halts import HaltFile, locked_until
from quorum.bootstrap.emergency.acts import FILE, Emergency, book_orders
from quorum.bootstrap.emergency.books import closer_of
from quorum.bootstrap.emergency.doors import Door
from quorum.bootstrap.emergency.kept import Occasion
from quorum.domain import StoreError, WorkspaceError
from quorum.execution.stopping import Closed, cancel_open, close_positions
from quorum.execution.stopping.cancelling import ALL

ALONE_WITHIN = 5.0


def close_everything(emergency: Emergency, named: str | None, why: str, width: Decimal) -> None:
    """Cancel every order and close every position of an account, or of all; the halt comes first."""
    halts = HaltFile(emergency.home / FILE)  # the store may hang, and no halt stops what closes
    occasion = Occasion(emergency.home, emergency.clock.now(), why, emergency.clock, halts)

    def act(door: Door) -> None:
        with _alone(emergency, door.account) as mine:
            if mine:
                _close(emergency, door, occasion, width)

    emergency.each(emergency.accounts(named), act)


@contextmanager
def _alone(emergency: Emergency, account: str) -> Iterator[bool]:
    """Whether this process is the one that closes the account; two would sell the same thing twice."""
    until = min(emergency.until, time.monotonic() + ALONE_WITHIN)
    try:
        with locked_until(emergency.home / "state" / f"closing-{account}.lock", until) as holder:
            if holder is not None:
                emergency.fail(
                    account, ALL, f"process {holder} is closing it; if that one hangs, end it and run this again"
                )
            yield holder is None
    except WorkspaceError as error:
        emergency.done.notes.append(f"{account}: another close-all would not wait for this one: {error}")
        yield True


def _close(emergency: Emergency, door: Door, occasion: Occasion, width: Decimal) -> None:
    account, before = door.account, emergency.ours(door.account)
    soon = time.monotonic() + (emergency.until - time.monotonic()) / 3
    first = cancel_open(door.broker, soon)  # and booked, so that what closes finds the holding free
    emergency.settle(account)
    book_orders(emergency, door, before, occasion.why)
    leaving, kept = closer_of(door, occasion, emergency.store, width, emergency.writes)
    try:
        kept.written.of(account)
    except StoreError as error:
        emergency.done.notes.append(f"orders of an earlier emergency are not known: {error}")

    def goes_on(left: Mapping[str, str]) -> bool:
        emergency.left[account] = left
        return not emergency.stopped

    found = close_positions(door.broker, leaving, emergency.until, goes_on)
    _told(emergency, account, found, (*first.cancelled, *found.cancelled))
    emergency.done.notes += [f"{account}: {line}" for line in kept.cross_flat()]


def _told(emergency: Emergency, account: str, found: Closed, cancelled: tuple[str, ...]) -> None:
    done = emergency.done
    done.cancelled += [{"account": account, "client_order_id": name} for name in dict.fromkeys(cancelled)]
    for symbol, close in found.closed.items():
        done.closed.append(
            {"account": account, "symbol": symbol, "quantity": str(close.quantity), "orders": close.orders}
        )
    done.notes += [f"{account}: {q} {symbol} is dust, less than a lot" for symbol, q in found.dust.items()]
    for what, said in found.failed.items():
        emergency.fail(account, what, said)
