"""Accounts in an emergency: what strategies hold at a simulated Alpaca, and closing all of it."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from quorum.bootstrap import close_everywhere
from quorum.desk import Desk
from quorum.domain import OrderStatus, OrderTerms, Part
from quorum.execution import Cross
from surfaces.cli.senders import wanted

D = Decimal
WORD, NAMES, PRICE = ("Ann", "a test"), ("STR-001", "STR-002"), D(100)


def buys(desk: Desk, parts: Mapping[str, str]) -> None:
    """The account buys at the market for strategies."""
    whose = tuple(Part(name, D(quantity)) for name, quantity in parts.items())
    order = wanted(desk, "a test", "101", OrderTerms(), whose)
    sender = desk.sender("shares")
    assert sender.follow(sender.send(order)).status is OrderStatus.FILLED


def against(desk: Desk, quantity: str) -> None:
    """The first strategy holds it, the second owes it, the account has nothing of it."""
    with desk.accounts.transaction("shares") as transaction:
        transaction.book({"AAPL": PRICE})
        assert transaction.cross("AAPL", Cross(*NAMES, D(quantity)), PRICE, (desk.clock.now(), "a test"))


def held(desk: Desk) -> dict[str, Decimal]:
    with desk.accounts.transaction("shares") as transaction:
        return {name: position.quantity for (name, _), position in transaction.holdings().items() if position.quantity}


def close(desk: Desk, deadline: float = 5.0) -> dict[str, Any]:
    return close_everywhere(desk.workspace.home, None, WORD, D("0.1"), deadline, follow=False)
