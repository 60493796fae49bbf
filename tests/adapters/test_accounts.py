"""What a transaction of an account promises, verb by verb."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from decimal import Decimal
from pathlib import Path

import pytest

from adapters.stores import ACCOUNT, NOW, SYMBOL, Store, choice, fill, funded, intent, moved, ordered
from quorum.adapters.sql.accounts import SqlTransaction
from quorum.domain import (
    ExitPlan,
    Fill,
    IllegalMove,
    Money,
    NotFound,
    OrderStatus,
    Position,
    Side,
    StoreError,
)

SENT, ACCEPTED, CANCELLED = OrderStatus.SENT, OrderStatus.ACCEPTED, OrderStatus.CANCELLED
FILLED, PARTLY, NEVER = OrderStatus.FILLED, OrderStatus.PARTIALLY_FILLED, OrderStatus.NEVER_ARRIVED


@pytest.fixture
def store(place: Path | str) -> Iterator[Store]:
    store = funded(place)
    yield store
    report = store.audit()
    store.database.close()
    assert report.faults == ()


def begin(store: Store, account: str = ACCOUNT) -> AbstractContextManager[SqlTransaction]:
    return store.accounts.transaction(account)


def test_an_account_is_opened_once_with_its_capital(store: Store) -> None:
    before = store.rows()
    assert not store.accounts.open(ACCOUNT, "other", Money(Decimal(1), "USD"))
    assert store.rows() == before
    assert store.accounts.open("second", "crypto", Money(Decimal("0.10"), "USDT"))
    assert [a["account"] for a in store.accounts.listed()] == [ACCOUNT, "second"]
    with begin(store) as first:
        book = first.book()
    assert (book.cash, book.funded, book.currency, book.version) == (10_000, 10_000, "USDT", 1)
    with begin(store, "second") as second:
        assert second.book().cash == Decimal("0.10")


def test_an_account_that_nobody_opened_is_not_found(store: Store) -> None:
    with pytest.raises(NotFound, match="there is no account 'none'"), begin(store, "none"):
        pass


def test_the_book_shows_the_transaction_its_own_changes(store: Store) -> None:
    with begin(store) as transaction:
        first = transaction.book({SYMBOL: Decimal("99.5"), "ETHUSDT": Decimal(10)})
        ordered(transaction, 1, "2")
        ordered(transaction, 2, "1", symbol="ETHUSDT", reserve=Decimal(11))
        second = transaction.book({SYMBOL: Decimal(98)})
    assert first.marks == {SYMBOL: Decimal("99.5"), "ETHUSDT": Decimal(10)}
    assert second.marks == {SYMBOL: Decimal(98), "ETHUSDT": Decimal(10)}
    assert (first.reserved, second.reserved) == ({}, {SYMBOL: Decimal(202), "ETHUSDT": Decimal(11)})
    assert second.version == first.version + 2
    with begin(store) as transaction:
        assert transaction.book() == second


def test_marks_belong_to_their_account_and_a_failed_block_leaves_the_old_ones(store: Store) -> None:
    def mark_and_fail() -> None:
        with begin(store) as transaction:
            transaction.book({SYMBOL: Decimal(1)})
            raise ZeroDivisionError

    store.accounts.open("second", "crypto", Money(Decimal(5), "USDT"))
    with begin(store) as transaction:
        transaction.book({SYMBOL: Decimal(100)})
    with pytest.raises(ZeroDivisionError):
        mark_and_fail()
    with begin(store) as transaction:
        assert transaction.book().marks == {SYMBOL: Decimal(100)}
    with begin(store, "second") as transaction:
        assert transaction.book().marks == {}


def test_an_intent_comes_back_as_it_was_written(store: Store) -> None:
    plan = ExitPlan(Decimal("95.10"), (Decimal("110.0"), Decimal(120)), NOW + 1)
    with begin(store) as transaction:
        wanted = ordered(transaction, 1, "1.50", exit=plan, side=Side.SELL, collar=Decimal("99.000"))
    for identity in (wanted.client_order_id, wanted.intent_id):
        found = store.orders.get(identity)
        assert (found.intent, found.status, found.filled) == (wanted, OrderStatus.INTENDED, 0)
    assert store.orders.of_decision(wanted.decision_id) == [found]


def test_an_intent_written_twice_is_the_first_one_as_it_stands(store: Store) -> None:
    with begin(store) as transaction:
        first = ordered(transaction, 1, "2")
        transaction.append(moved(1, SENT))
    with begin(store) as transaction:
        version = transaction.book().version
        again = transaction.intend(intent(1, first.decision_id, "7", price=Decimal(5)))
        assert (again.intent, again.status) == (first, SENT)
        assert transaction.book().version == version
        assert transaction.book().reserved == {SYMBOL: Decimal(202)}
    assert len(store.orders.of(ACCOUNT)) == 1


def test_an_intent_without_a_recorded_approval_is_refused(store: Store) -> None:
    before = store.rows()
    with pytest.raises(StoreError, match=r"(?i)foreign key"), begin(store) as transaction:
        transaction.intend(intent(1, "DEC-20240603-001"))
    assert store.rows() == before


def test_an_intent_of_another_account_is_refused(store: Store) -> None:
    store.accounts.open("second", "crypto", Money(Decimal(5), "USDT"))
    with pytest.raises(IllegalMove, match="is of account second, the transaction of paper"), begin(store) as t:
        ordered(t, 1, account="second")


def test_an_illegal_move_changes_nothing_and_an_ended_order_stays_ended(store: Store) -> None:
    with begin(store) as transaction:
        ordered(transaction, 1)
    before = store.rows()
    with pytest.raises(IllegalMove, match="Q1: intended cannot become accepted"), begin(store) as transaction:
        transaction.append(moved(1, ACCEPTED))
    assert store.rows() == before
    with begin(store) as transaction:
        assert transaction.append(moved(1, CANCELLED)).status is CANCELLED
        version = transaction.book().version
        assert transaction.append(moved(1, SENT)).status is CANCELLED
        assert transaction.book().version == version
    assert [event["status"] for event in store.orders.events_of("Q1")] == ["cancelled"]


@pytest.mark.parametrize("ending", [CANCELLED, NEVER, OrderStatus.EXPIRED, OrderStatus.REJECTED])
def test_whatever_ends_an_order_frees_its_reserve(store: Store, ending: OrderStatus) -> None:
    with begin(store) as transaction:
        ordered(transaction, 1)
        transaction.append(moved(1, SENT))
        assert transaction.book().reserved == {SYMBOL: Decimal(202)}
        transaction.append(moved(1, ending))
        assert transaction.book().reserved == {}
    assert store.orders.of(ACCOUNT, only_open=True) == []


def test_an_order_of_another_account_is_not_found(store: Store) -> None:
    store.accounts.open("second", "crypto", Money(Decimal(5), "USDT"))
    with begin(store) as transaction:
        ordered(transaction, 1)
        transaction.append(moved(1, SENT))
    for account, number in (("second", 1), (ACCOUNT, 2)):
        with pytest.raises(NotFound, match=f"account {account} has no order Q{number}"), begin(store, account) as t:
            t.append(moved(number, CANCELLED))
        with pytest.raises(NotFound, match=f"account {account} has no order Q{number}"), begin(store, account) as t:
            t.book_fill(fill(number, 1, "1"))


def test_fills_move_order_ledger_and_position_together(store: Store) -> None:
    with begin(store) as transaction:
        ordered(transaction, 1, "2")
        transaction.append(moved(1, SENT))
        half = transaction.book_fill(fill(1, 1, "0.5"))
        assert (half.status, half.filled) == (PARTLY, Decimal("0.5"))
        assert transaction.book().reserved == {SYMBOL: Decimal("151.5")}
        whole = transaction.book_fill(fill(1, 2, "1.5", price=Decimal("100.2")))
        assert (whole.status, whole.filled) == (FILLED, Decimal(2))
        book = transaction.book()
    assert (book.reserved, book.cash) == ({}, 10_000 - Decimal("50.1") - Decimal("150.4"))
    assert book.positions == {SYMBOL: Position(SYMBOL, Decimal(2), Decimal("200.3"))}
    events = store.orders.events_of("Q1")
    assert [(e["status"], e["fill_id"]) for e in events] == [
        ("sent", None),
        ("partially_filled", "Q1-1"),
        ("filled", "Q1-2"),
    ]
    assert store.orders.fills_of("Q1") == [fill(1, 1, "0.5"), fill(1, 2, "1.5", price=Decimal("100.2"))]


def test_a_fill_booked_twice_changes_nothing(store: Store) -> None:
    with begin(store) as transaction:
        ordered(transaction, 1, "2")
        transaction.append(moved(1, SENT))
        transaction.book_fill(fill(1, 1, "0.5"))
    before = store.rows()
    with begin(store) as transaction:
        assert transaction.book_fill(fill(1, 1, "0.5")).filled == Decimal("0.5")
    assert store.rows() == before
    with begin(store) as transaction:
        transaction.book_fill(fill(1, 2, "1.5"))
        assert transaction.book_fill(fill(1, 1, "0.5")).status is FILLED


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (fill(1, 1, "2.1"), "2.1 filled of 2"),
        (fill(1, 1, "1", side=Side.SELL), "fill Q1-1 is a sell of BTCUSDT, its order is not"),
        (fill(1, 1, "1", symbol="ETHUSDT"), "fill Q1-1 is a buy of ETHUSDT, its order is not"),
    ],
)
def test_a_fill_that_is_not_the_order_s_is_refused_whole(store: Store, wrong: Fill, message: str) -> None:
    with begin(store) as transaction:
        ordered(transaction, 1, "2")
        transaction.append(moved(1, SENT))
    before = store.rows()
    with pytest.raises(IllegalMove, match=message), begin(store) as transaction:
        transaction.book_fill(wrong)
    assert store.rows() == before


def test_a_fill_of_an_order_that_was_never_sent_is_refused(store: Store) -> None:
    with begin(store) as transaction:
        ordered(transaction, 1)
    before = store.rows()
    with pytest.raises(IllegalMove, match="intended cannot become"), begin(store) as transaction:
        transaction.book_fill(fill(1, 1, "1"))
    assert store.rows() == before


def test_what_closes_a_holding_reserves_nothing_and_is_counted_as_closing(store: Store) -> None:
    with begin(store) as transaction:
        ordered(transaction, 1, "2")
        transaction.append(moved(1, SENT))
        transaction.book_fill(fill(1, 1, "2"))
        ordered(transaction, 2, "1.5", side=Side.SELL)
        transaction.append(moved(2, SENT))
        assert (transaction.book().reserved, transaction.book().closing) == ({}, {SYMBOL: Decimal("1.5")})
        transaction.book_fill(fill(2, 1, "0.5", side=Side.SELL, price=Decimal(110)))
        book = transaction.book()
    assert (book.reserved, book.closing) == ({}, {SYMBOL: Decimal("1.0")})
    assert book.positions[SYMBOL] == Position(SYMBOL, Decimal("1.5"), Decimal(150), Decimal(5))


def test_orders_are_found_by_account_symbol_and_whether_they_live(store: Store) -> None:
    store.accounts.open("second", "crypto", Money(Decimal(5), "USDT"))
    with begin(store) as transaction:
        ordered(transaction, 2, created_at=NOW + 2)
        ordered(transaction, 1, created_at=NOW + 2)
        ordered(transaction, 3, symbol="ETHUSDT", created_at=NOW + 1)
        transaction.append(moved(1, CANCELLED))
    with begin(store, "second") as transaction:
        ordered(transaction, 4, account="second")

    def names(account: str, symbol: str | None = None, *, only_open: bool = False) -> list[str]:
        return [o.intent.client_order_id for o in store.orders.of(account, symbol, only_open=only_open)]

    assert names(ACCOUNT) == ["Q3", "Q1", "Q2"]
    assert names(ACCOUNT, SYMBOL) == ["Q1", "Q2"]
    assert names(ACCOUNT, only_open=True) == ["Q3", "Q2"]
    assert names("second") == ["Q4"]
    assert names("none") == []
    with pytest.raises(NotFound, match="there is no order Q9"):
        store.orders.get("Q9")


def test_digits_survive_the_store(store: Store) -> None:
    tiny, large = Decimal("0.000000000000000001"), Decimal("123456789012345678.123456789")
    with begin(store) as transaction:
        ordered(transaction, 1, "0.000000000000000001", price=large)
        ordered(transaction, 2, "1E+3")
        transaction.append(moved(1, SENT))
        transaction.book_fill(fill(1, 1, "0.000000000000000001", price=Decimal(1), fee=Decimal("1E-12")))
    assert store.orders.get("Q1").intent.price == large
    assert store.orders.get("Q1").intent.quantity == tiny
    assert store.orders.get("Q2").intent.quantity == 1000
    with begin(store) as transaction:
        assert transaction.book().cash == 10_000 - tiny - Decimal("1E-12")


def test_recording_with_an_order_commits_with_it(store: Store) -> None:
    def order_and_fail() -> None:
        with begin(store) as transaction:
            ordered(transaction, 1)
            transaction.append(moved(1, SENT))
            transaction.book_fill(fill(1, 1, "2"))
            transaction.record(choice("last"))
            raise IllegalMove("something else")

    before = store.rows()
    with pytest.raises(IllegalMove, match="something else"):
        order_and_fail()
    assert store.rows() == before
