"""A child that runs a cycle, or the venue, and kills itself at one effect: `python -m durability.driver VERB …`."""

from __future__ import annotations

import json
import os
import signal
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

from durability.market import ACCOUNT, Occasion, cycle
from quorum.adapters.process import FileJournal
from quorum.bootstrap import serve_broker
from quorum.desk import Accounts
from quorum.domain import (
    HOUR,
    Book,
    Choice,
    Clock,
    Decision,
    Fill,
    Money,
    Order,
    OrderEvent,
    OrderIntent,
    Transaction,
)
from quorum.execution import Broker, BrokerAccount, BrokerOrder, Journal, SimulatedBroker


@dataclass(frozen=True)
class Point:
    """Before or after the `number`-th `effect`, or torn: in the middle of writing it."""

    effect: str
    number: int
    when: str

    def __str__(self) -> str:
        return f"{self.when}-{self.effect}-{self.number}"


class Killer:
    """Counts effects and kills this process at one."""

    def __init__(self, point: Point) -> None:
        self._point = point
        self._seen: Counter[str] = Counter()

    def before(self, effect: str) -> None:
        self._seen[effect] += 1
        self._kill(effect, "before")

    def after(self, effect: str) -> None:
        self._kill(effect, "after")

    def tears(self, effect: str) -> bool:
        """Whether the effect that was just announced is to be cut in the middle."""
        return self._point == Point(effect, self._seen[effect], "torn")

    def _kill(self, effect: str, when: str) -> None:
        if self._point == Point(effect, self._seen[effect], when):
            os.kill(os.getpid(), signal.SIGKILL)


class WatchedTransaction:
    """A Transaction that notes the last thing it was asked to write for an order."""

    def __init__(self, inner: Transaction) -> None:
        self._inner = inner
        self.effect = ""

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)  # what writes nothing for an order

    def book(self, marks: Mapping[str, Decimal] | None = None, at: int | None = None) -> Book:
        return self._inner.book(marks, at)

    def record(self, choice: Choice) -> Decision:
        return self._inner.record(choice)

    def intend(self, intent: OrderIntent) -> Order:
        self.effect = "intent"
        return self._inner.intend(intent)

    def append(self, event: OrderEvent) -> Order:
        self.effect = event.status.value
        return self._inner.append(event)

    def book_fill(self, fill: Fill) -> Order:
        self.effect = "booking"
        return self._inner.book_fill(fill)

    def once(self, key: str, act: Callable[[], Mapping[str, Any]]) -> Mapping[str, Any]:
        return self._inner.once(key, act)


class MortalAccounts:
    """Accounts whose process may die right before or after a commit."""

    def __init__(self, inner: Accounts, killer: Killer) -> None:
        self._inner = inner
        self._killer = killer

    @contextmanager
    def transaction(self, account: str) -> Iterator[WatchedTransaction]:
        with self._inner.transaction(account) as inner:
            watched = WatchedTransaction(inner)
            yield watched
            self._killer.before(watched.effect)
        self._killer.after(watched.effect)

    def open(self, account: str, book: str, money: Money) -> bool:
        return self._inner.open(account, book, money)

    def listed(self) -> Sequence[Mapping[str, Any]]:
        return self._inner.listed()


class MortalBroker:
    """A Broker whose client may die right before it sends or right after the answer came."""

    def __init__(self, inner: Broker, killer: Killer) -> None:
        self._inner = inner
        self._killer = killer

    def submit(self, intent: OrderIntent) -> BrokerOrder:
        self._killer.before("submit")
        answer = self._inner.submit(intent)
        self._killer.after("submit")
        return answer

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def order(self, client_order_id: str, sent: int | None = None) -> BrokerOrder | None:
        return self._inner.order(client_order_id, sent)

    def cancel(self, client_order_id: str) -> BrokerOrder:
        return self._inner.cancel(client_order_id)

    def account(self) -> BrokerAccount:
        return self._inner.account()


class MortalJournal:
    """A venue's Journal whose process may die before, within or after the writing of an event."""

    def __init__(self, inner: FileJournal, killer: Killer) -> None:
        self._inner = inner
        self._killer = killer
        self.exclusive = inner.exclusive
        self.unread = inner.unread

    def append(self, event: Mapping[str, Any]) -> None:
        effect = f"venue-{event['kind']}"
        self._killer.before(effect)
        if self._killer.tears(effect):
            line = json.dumps(event).encode()
            os.pwrite(self._inner._file, line[: len(line) // 2], self._inner._offset)
            os.kill(os.getpid(), signal.SIGKILL)
        self._inner.append(event)
        self._killer.after(effect)


def make_mortal(broker: Broker, killer: Killer) -> Broker:
    """Put the double between a venue of this process and its journal."""
    if isinstance(broker, SimulatedBroker):
        assert isinstance(broker._journal, FileJournal)
        mortal: Journal = MortalJournal(broker._journal, killer)
        broker._journal = mortal
    return broker


def run(home: str, as_of: str, *point: str) -> None:
    """Run the cycle of an occasion, to the end or to the point."""
    occasion = Occasion(Path(home), int(as_of))
    killer = Killer(Point(point[0], int(point[1]), point[2]))
    desk = occasion.desk()

    def broker(account: str, clock: Clock) -> Broker:
        return MortalBroker(make_mortal(desk.broker(account, clock), killer), killer)

    cycle(occasion, replace(desk, accounts=MortalAccounts(desk.accounts, killer), broker=broker))


def trade(home: str, first: str, last: str) -> None:
    """Run a cycle each hour from `first` to `last`, and tell each before it begins."""
    desk = Occasion(Path(home), int(first)).desk()
    for as_of in range(int(first), int(last) + 1, HOUR):
        print(as_of, flush=True)
        cycle(Occasion(Path(home), as_of), desk)


def serve(home: str, *point: str) -> None:
    """Serve the venue, until it is stopped or to the point."""
    server = serve_broker(Path(home), ACCOUNT)
    make_mortal(server._broker, Killer(Point(point[0], int(point[1]), point[2])))
    print("ready", flush=True)
    server.serve_forever(poll_interval=0.05)


if __name__ == "__main__":
    {"run": run, "trade": trade, "serve": serve}[sys.argv[1]](*sys.argv[2:])
