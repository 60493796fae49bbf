"""Listening to the accounts' venues while turns go on: fills are booked as they come, and wake who waits for a turn."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import ExitStack
from typing import Self

from quorum.desk.desk import Desk
from quorum.desk.trading.reconciling import reconcile
from quorum.desk.trading.turns.deployed import deployed, leaving
from quorum.desk.trading.turns.turn import tell_order
from quorum.domain import Clock, NotFound, Order


class Watching:
    """The trade updates of accounts while a `with` lasts; an account whose venue sends none is left alone.

    Each update is followed over the venue's own answers and booked; after every connecting, and when a stream was
    mute, the account is reconciled. `ended` is called, in a thread of its own, when an order has ended; `trouble`
    hears of what went wrong, in a line.
    """

    def __init__(
        self, desk: Desk, ended: Callable[[], object], trouble: Callable[[str], object], clock: Clock | None = None
    ) -> None:
        self._desk, self._ended, self._trouble = desk, ended, trouble
        self._clock = clock or desk.clock
        self._open = ExitStack()
        self._accounts: set[str] = set()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._open.close()

    def cover(self, accounts: Iterable[str]) -> None:
        """Listen to these accounts too."""
        for account in sorted(set(accounts) - self._accounts):
            listening = self._desk.updates(account, lambda o, a=account: self._heard(a, o), self._looks(account))  # type: ignore[misc]
            self._open.enter_context(listening)
            self._accounts.add(account)

    def _heard(self, account: str, client_order_id: str) -> None:
        """Follow an order that the venue told of; one that is not ours is for the next look."""
        try:
            order = self._desk.orders.get(client_order_id)
            if not order.status.terminal:
                order = self._desk.sender(account, self._clock).follow(order)
            if order.status.terminal:
                tell_order(self._desk, order)
                self._ended()
        except NotFound:
            self._ended()
        except Exception as error:  # noqa: BLE001 - the rim of the listener's loop
            self._trouble(f"{account}: {error}")

    def _looks(self, account: str) -> Callable[[], bool]:
        def look() -> bool:
            try:
                before = self._seen(account)
                found = reconcile(self._desk, account, self._clock)
                for order in found.settled:
                    tell_order(self._desk, order)
                if not found.clean and found.halt is not None:
                    self._trouble(f"{account} is halted: {found.halt.reason}")
                news = bool(found.found) or self._seen(account) != before
            except Exception as error:  # noqa: BLE001 - the rim of the listener's loop
                self._trouble(f"{account}: {error}")
                return False
            if news:
                self._ended()
            return news

        return look

    def _seen(self, account: str) -> list[Order]:
        return list(self._desk.orders.of(account, only_open=True))


def trading_accounts(desk: Desk, live: bool = False) -> set[str]:
    """The accounts in which deployed strategies trade, or are to let go; without `live` none with real money."""
    records, configured = desk.life.books.deployments.listed(), desk.settings.accounts.accounts
    names = {of.strategy_id for of in deployed(desk)} | set(leaving(desk))
    found = {str(record["account"]) for record in records if record["strategy_id"] in names}
    return {name for name in found if name in configured and (live or not configured[name].live)}
