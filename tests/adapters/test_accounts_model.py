"""Any course of events leaves in the store what the same words, applied in memory, leave."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.stores import ACCOUNT, SYMBOL, Store, fill, funded, intent, moved, ordered, store_at
from quorum.domain import ZERO, Fill, IllegalMove, Order, OrderStatus, Position, Side, Transaction
from servers.postgres import fresh

Step = tuple[Any, ...]
NUMBERS, PARTS = st.integers(1, 3), st.integers(1, 4)
SIDES = st.sampled_from(Side)
SIZES = st.decimals("0.01", "3", places=2)
PRICES = st.decimals("90", "110", places=2)
STATUSES = st.sampled_from([s for s in OrderStatus if s not in (OrderStatus.INTENDED, OrderStatus.FILLED)])
STEPS = st.one_of(
    st.tuples(st.just("intend"), NUMBERS, SIDES, SIZES),
    st.tuples(st.just("move"), NUMBERS, st.just(OrderStatus.SENT)),
    st.tuples(st.just("move"), NUMBERS, STATUSES),
    st.tuples(st.just("fill"), NUMBERS, PARTS, SIZES | st.none(), PRICES),
)
BEGIN: Sequence[Step] = (
    ("intend", 1, Side.BUY, Decimal(2)),
    ("move", 1, OrderStatus.SENT),
    ("intend", 2, Side.SELL, Decimal("1.5")),
    ("move", 2, OrderStatus.SENT),
)


@dataclass
class Model:
    """An account as dictionaries, moved by the words of `domain` alone."""

    cash: Decimal = Decimal(10_000)
    orders: dict[int, Order] = field(default_factory=dict)
    fills: dict[str, Fill] = field(default_factory=dict)
    position: Position = field(default_factory=lambda: Position(SYMBOL))

    def apply(self, step: Step) -> None:
        getattr(self, step[0])(*step[1:])

    def intend(self, number: int, side: Side, size: Decimal) -> None:
        self.orders.setdefault(number, Order(intent(number, "", str(size), side=side)))

    def move(self, number: int, status: OrderStatus) -> None:
        if not self.orders[number].status.terminal:
            self.orders[number] = self.orders[number].move(status)

    def fill(self, number: int, part: int, size: Decimal | None, price: Decimal) -> None:
        order, news = self.orders[number], self.news(number, part, size, price)
        if news.fill_id in self.fills:
            return
        whole = order.filled + news.quantity == order.intent.quantity
        status = OrderStatus.FILLED if whole else OrderStatus.PARTIALLY_FILLED
        self.orders[number] = order.move(status, news.quantity)
        self.fills[news.fill_id] = news
        self.position = self.position.apply(news)
        self.cash -= news.side.sign * news.notional + news.fee

    def news(self, number: int, part: int, size: Decimal | None, price: Decimal) -> Fill:
        """The fill that the step tells of; without a size it is all that remains."""
        order = self.orders[number]
        quantity = order.remaining if size is None else size
        return fill(number, part, str(quantity), price=price, side=order.intent.side)

    def held(self, *, closing: bool) -> Mapping[str, Decimal]:
        """What open orders take off the position, or else what they reserve."""
        signed = self.position.quantity
        live = [o for o in self.orders.values() if not o.status.terminal]
        mine = [o for o in live if (signed * o.intent.side.sign < 0) == closing]
        return {SYMBOL: sum((o.remaining if closing else o.reserved for o in mine), ZERO)} if mine else {}


def take(step: Step, model: Model, transaction: Transaction) -> None:
    """Take the step in the store; `model` is as it was before."""
    verb, number, *rest = step
    if verb == "intend":
        ordered(transaction, number, str(rest[1]), side=rest[0])
    elif verb == "move":
        transaction.append(moved(number, rest[0]))
    else:
        transaction.book_fill(model.news(number, *rest))


def take_both(step: Step, store: Store, model: Model) -> None:
    """Take the step in both; one that the words forbid is refused by the store too, and leaves it as it was."""
    if step[0] != "intend" and step[1] not in model.orders:
        return
    earlier = Model(model.cash, dict(model.orders), dict(model.fills), model.position)
    try:
        model.apply(step)
    except IllegalMove:
        before = store.rows()
        with pytest.raises(IllegalMove), store.accounts.transaction(ACCOUNT) as transaction:
            take(step, earlier, transaction)
        assert store.rows() == before
    else:
        with store.accounts.transaction(ACCOUNT) as transaction:
            take(step, earlier, transaction)


@pytest.fixture(scope="module", params=["sqlite", pytest.param("postgres", marks=pytest.mark.slow)])
def copied(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[], AbstractContextManager[Path | str]]]:
    """Copies of a funded store, one for each example."""
    if request.param == "sqlite":
        folder = tmp_path_factory.mktemp("template")
        funded(folder).database.close()
        yield lambda: copy_of(folder)
        return
    server = request.getfixturevalue("postgres_server")
    with fresh(server) as url:
        funded(url).database.close()
        yield lambda: fresh(server, url.rpartition("/")[2])


@contextmanager
def copy_of(template: Path) -> Iterator[Path]:
    with TemporaryDirectory() as folder:
        shutil.copytree(template, folder, dirs_exist_ok=True)
        yield Path(folder)


@settings(max_examples=20)
@given(st.lists(STEPS, min_size=3, max_size=12))
def test_the_store_follows_the_words(
    copied: Callable[[], AbstractContextManager[Path | str]], steps: list[Step]
) -> None:
    with copied() as place:
        store, model = store_at(place), Model()
        for step in (*BEGIN, *steps):
            take_both(step, store, model)
        with store.accounts.transaction(ACCOUNT) as transaction:
            book = transaction.book()
        report = store.audit()
        orders = {n: store.orders.get(f"Q{n}") for n in model.orders}
        fills = {f.fill_id: f for n in model.orders for f in store.orders.fills_of(f"Q{n}")}
        store.database.close()
    assert report.faults == ()
    for number, order in model.orders.items():
        assert (orders[number].status, orders[number].filled) == (order.status, order.filled)
    assert fills == model.fills
    assert (book.cash, book.positions.get(SYMBOL, Position(SYMBOL))) == (model.cash, model.position)
    assert (book.reserved, book.closing) == (model.held(closing=False), model.held(closing=True))
