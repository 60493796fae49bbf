"""Any course of events leaves in the store what the same words, applied in memory, leave."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.stores import ACCOUNT, SYMBOL, Store, fill, funded, intent, moved, ordered, store_at
from quorum.domain import ZERO, Fill, IllegalMove, Order, OrderStatus, Position, Side, Transaction

NUMBERS, PARTS = st.integers(1, 3), st.integers(1, 4)
SIDES = st.sampled_from(Side)
SIZES = st.decimals("0.01", "3", places=2)
PRICES = st.decimals("90", "110", places=2)
STATUSES = st.sampled_from([s for s in OrderStatus if s not in (OrderStatus.INTENDED, OrderStatus.FILLED)])
SENDS = st.tuples(st.just("move"), NUMBERS, st.just(OrderStatus.SENT))
STEPS = st.one_of(
    st.tuples(st.just("intend"), NUMBERS, SIDES, SIZES),
    SENDS,
    st.tuples(st.just("move"), NUMBERS, STATUSES),
    st.tuples(st.just("fill"), NUMBERS, PARTS, SIZES, PRICES),
    st.tuples(st.just("fill"), NUMBERS, PARTS, st.none(), PRICES),
)


@dataclass
class Model:
    """An account as dictionaries, moved by the words of `domain` alone."""

    cash: Decimal = Decimal(10_000)
    orders: dict[int, Order] = field(default_factory=dict)
    fills: dict[str, Fill] = field(default_factory=dict)
    position: Position = field(default_factory=lambda: Position(SYMBOL))

    def intend(self, number: int, side: Side, size: Decimal) -> Callable[[Transaction], object]:
        self.orders.setdefault(number, Order(intent(number, "", str(size), side=side)))
        return lambda transaction: ordered(transaction, number, str(size), side=side)

    def move(self, number: int, status: OrderStatus) -> Callable[[Transaction], object]:
        order = self.orders[number]
        if not order.status.terminal:
            self.orders[number] = order.move(status)
        return lambda transaction: transaction.append(moved(number, status))

    def fill(self, number: int, part: int, size: Decimal | None, price: Decimal) -> Callable[[Transaction], object]:
        order = self.orders[number]
        size = order.remaining if size is None else size
        news = fill(number, part, str(size), price=price, side=order.intent.side)
        if news.fill_id not in self.fills:
            whole = order.filled + size == order.intent.quantity
            status = OrderStatus.FILLED if whole else OrderStatus.PARTIALLY_FILLED
            self.orders[number] = order.move(status, size)
            self.fills[news.fill_id] = news
            self.position = self.position.apply(news)
            self.cash -= news.side.sign * news.notional + news.fee
        return lambda transaction: transaction.book_fill(news)

    def held(self, *, closing: bool) -> Mapping[str, Decimal]:
        """What open orders take off the position, or else what they reserve."""
        total, found = ZERO, False
        for order in self.orders.values():
            closes = self.position.quantity * order.intent.side.sign < 0
            if not order.status.terminal and closes == closing:
                total, found = total + (order.remaining if closing else order.reserved), True
        return {SYMBOL: total} if found else {}


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A funded store, closed; each example begins with a copy of it."""
    folder = tmp_path_factory.mktemp("template")
    funded(folder).database.close()
    return folder


def try_step(store: Store, model: Model, step: tuple[str, int]) -> None:
    """Take a step in both; one that the words forbid is refused by the store too, and leaves it as it was."""
    verb, *arguments = step
    if verb != "intend" and step[1] not in model.orders:
        return
    before = store.rows()
    try:
        act = getattr(model, verb)(*arguments)
    except IllegalMove:
        act = getattr(Refused(model), verb)(*arguments)
        with pytest.raises(IllegalMove), store.accounts.transaction(ACCOUNT) as transaction:
            act(transaction)
        assert store.rows() == before
        return
    with store.accounts.transaction(ACCOUNT) as transaction:
        act(transaction)


@dataclass
class Refused:
    """The same steps without a change of the model."""

    model: Model

    def move(self, number: int, status: OrderStatus) -> Callable[[Transaction], object]:
        return lambda transaction: transaction.append(moved(number, status))

    def fill(self, number: int, part: int, size: Decimal | None, price: Decimal) -> Callable[[Transaction], object]:
        order = self.model.orders[number]
        size = order.remaining if size is None else size
        news = fill(number, part, str(size), price=price, side=order.intent.side)
        return lambda transaction: transaction.book_fill(news)


@settings(max_examples=40)
@given(st.lists(STEPS, min_size=4, max_size=14))
def test_the_store_follows_the_words(template: Path, steps: list[tuple[str, int]]) -> None:
    with TemporaryDirectory() as folder:
        shutil.copytree(template, folder, dirs_exist_ok=True)
        store, model = store_at(Path(folder)), Model()
        for step in steps:
            try_step(store, model, step)
        with store.accounts.transaction(ACCOUNT) as transaction:
            book = transaction.book()
        report = store.audit()
        orders = {n: store.orders.get(f"Q{n}") for n in model.orders}
        fills = {f.fill_id: f for n in model.orders for f in store.orders.fills_of(f"Q{n}")}
        store.database.close()
    assert report.faults == ()
    assert {n: (o.status, o.filled) for n, o in orders.items()} == {
        n: (o.status, o.filled) for n, o in model.orders.items()
    }
    assert fills == model.fills
    assert (book.cash, book.positions.get(SYMBOL, Position(SYMBOL))) == (model.cash, model.position)
    assert (book.reserved, book.closing) == (model.held(closing=False), model.held(closing=True))
