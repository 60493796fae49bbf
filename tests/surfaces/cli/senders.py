"""A process that sends resting orders to open a position until it is told to stop: `python senders.py HOME NAME`.

It prints how each order ended, and why, one a line.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

from quorum.bootstrap import open_desk
from quorum.desk import Desk
from quorum.domain import (
    Choice,
    DecisionKind,
    Hold,
    Order,
    OrderKind,
    OrderTerms,
    Part,
    Proposal,
    Purpose,
    Side,
    plain,
)
from quorum.execution import make_intent

ACCOUNT, MOST = "shares", 2_000


RESTING = OrderTerms(OrderKind.LIMIT, Hold.GTC)


def wanted(desk: Desk, key: str, price: str = "50", terms: OrderTerms = RESTING, parts: tuple[Part, ...] = ()) -> Order:
    """An approved order to buy: by default one share at half of its price, else what the parts are together."""
    now, collar = desk.clock.now(), Decimal(price)
    quantity = sum((part.quantity for part in parts), Decimal(0)) or Decimal(1)
    wish = Proposal(
        purpose=Purpose.PLAN,
        account=ACCOUNT,
        symbol="AAPL",
        side=Side.BUY,
        quantity=quantity,
        price=collar,
        as_of=now,
        expires=now + 3600 * 10**9,
        key=key,
        origin="DEC-20240603-001",
    )
    with desk.accounts.transaction(ACCOUNT) as transaction:
        said = {"proposal": plain(wish), "verdict": "approved", "quantity": str(quantity), "reasons": []}
        decision = transaction.record(Choice(DecisionKind.RISK, "AAPL", now, {}, said, "a test"))
        version = transaction.book().version
        intent = make_intent(wish, quantity, collar, decision.decision_id, version, now)
        return transaction.intend(replace(intent, terms=terms, parts=parts))


def main(home: Path, name: str) -> None:
    desk = open_desk(home)
    for number in range(MOST):
        order = desk.sender(ACCOUNT).send(wanted(desk, f"{name}-{number}"))
        sys.stdout.write(f"{order.intent.client_order_id} {order.status} {desk.clock.now()}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
