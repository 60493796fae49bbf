"""A broker that answers what the test writes down."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from domain.words import NOW, fill
from quorum.domain import MINUTE, BrokerError, BrokerUnreachable, OrderIntent, OrderStatus, Side
from quorum.execution import Abilities, BrokerAccount, BrokerOrder

Answer = Callable[[str], BrokerOrder | None]


@dataclass
class Scripted:
    """A broker that answers what is written, and remembers what it was asked."""

    on_submit: Answer
    on_order: Answer = field(default=lambda _: None)
    submitted: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    def submit(self, intent: OrderIntent) -> BrokerOrder:
        self.submitted.append(intent.client_order_id)
        answer = self.on_submit(intent.client_order_id)
        assert answer is not None
        return answer

    @property
    def abilities(self) -> Abilities:
        return Abilities()

    def open_orders(self) -> list[BrokerOrder]:
        return []

    def order(self, client_order_id: str, sent: int | None = None) -> BrokerOrder | None:
        self.asked.append(client_order_id)
        return self.on_order(client_order_id)

    def cancel(self, client_order_id: str) -> BrokerOrder:
        raise BrokerError(f"there is no order {client_order_id} to cancel")

    def cancel_all(self) -> dict[str, str]:
        return {}

    def account(self) -> BrokerAccount:
        return BrokerAccount({}, {})


def says(status: OrderStatus, *sizes: str, detail: str = "") -> Callable[[str], BrokerOrder]:
    """An answer with a fill at 100 for every size, a minute apart."""

    def answer(identity: str) -> BrokerOrder:
        parts = [
            fill(Side.BUY, size, "100", fill_id=f"{identity}-{n}", client_order_id=identity, time=NOW + n * MINUTE)
            for n, size in enumerate(sizes, 1)
        ]
        return BrokerOrder(identity, status, tuple(parts), detail)

    return answer


def unreachable(identity: str) -> BrokerOrder:
    raise BrokerUnreachable(f"no answer about {identity}", "wait")


def refused(identity: str) -> BrokerOrder:
    raise BrokerError(f"not enough cash for {identity}")


def never(identity: str) -> BrokerOrder:
    raise AssertionError(f"{identity} was sent")


def unknown(identity: str) -> None:
    return None
