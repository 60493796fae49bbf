"""Entries that are no fills: holdings move with them, once, in one transaction over one account or two."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from domain.words import NOW, fill
from execution.books import Books, books_at
from quorum.adapters.sql.accounts import SqlTransaction
from quorum.adapters.sql.ledger.rates import SqlRates
from quorum.domain import HOUR, IllegalMove, Money, NotFound, OrderEvent, OrderStatus, Part, Position, Side, UsageError
from quorum.execution import (
    Cross,
    Entry,
    Rate,
    entries_of_transfer,
    entry_of_conversion,
    entry_of_cross,
    entry_of_funding,
)

ONE, TWO = "STR-001", "STR-002"
AT = (NOW, "cross-1")


@pytest.fixture
def books(tmp_path: Path) -> Iterator[Books]:
    """10 BTC at 100, 6 of one strategy and 4 of another."""
    found = books_at(tmp_path)
    found.commit(1, parts=(Part(ONE, Decimal(6)), Part(TWO, Decimal(4))))
    with found.work.transaction("paper") as transaction:
        transaction.append(OrderEvent("Q1", OrderStatus.SENT, NOW))
        transaction.book_fill(fill(Side.BUY, "10", "100", fill_id="Q1-1", client_order_id="Q1"))
    yield found
    found.database.close()


def held(books: Books) -> dict[str, Position]:
    with books.work.transaction("paper") as transaction:
        return {owner: position for (owner, _), position in transaction.holdings().items()}


def test_a_cross_moves_units_and_cash_between_strategies_and_nothing_of_the_account(books: Books) -> None:
    before = books.book()
    with books.work.transaction("paper") as transaction:
        assert transaction.cross("BTCUSDT", Cross(TWO, ONE, Decimal(2)), Decimal(110), AT)
        assert not transaction.cross("BTCUSDT", Cross(TWO, ONE, Decimal(2)), Decimal(110), AT)
    after, now = books.book(), held(books)
    assert (after.cash, after.positions) == (before.cash, before.positions)
    assert (now[ONE].quantity, now[ONE].realised, now[TWO].quantity) == (4, 20, 6)
    assert now[TWO].cost == 400 + 220
    assert books.audit().faults == ()


def test_a_split_gives_every_holder_its_units_and_the_mark_its_measure(books: Books) -> None:
    with books.work.transaction("paper") as transaction:
        transaction.book({"BTCUSDT": Decimal(90)})
        assert transaction.split("BTCUSDT", Decimal(4), (NOW, "split-1"))
        assert not transaction.split("BTCUSDT", Decimal(4), (NOW, "split-1"))
        book = transaction.book()
    assert (book.quantity("BTCUSDT"), book.marks["BTCUSDT"]) == (40, Decimal("22.5"))
    assert {owner: position.quantity for owner, position in held(books).items()} == {ONE: 24, TWO: 16}
    assert books.audit().faults == ()


def test_a_split_of_what_nobody_holds_is_refused(books: Books) -> None:
    with pytest.raises(NotFound, match="holds no ETHUSDT"), books.work.transaction("paper") as transaction:
        transaction.split("ETHUSDT", Decimal(2), (NOW, "split-1"))


def test_two_accounts_move_together_or_not_at_all(books: Books) -> None:
    out, into = entries_of_transfer(("paper", "shares"), Money(Decimal(7), "USDT"), (NOW, "moved-1"))
    before = (books.book(), books.book("shares"))
    with pytest.raises(IllegalMove), books.work.both("shares", "paper") as (theirs, mine):
        _enter_and_fail((mine, out), (theirs, into))
    assert (books.book(), books.book("shares")) == before
    with books.work.both("paper", "shares") as (mine, theirs):
        mine.enter(out)
        theirs.enter(into)
    assert books.book().cash == before[0].cash - 7
    assert books.book("shares").foreign == {"USDT": 7}
    assert books.book().funded == before[0].funded - 7
    assert books.audit().faults == ()


def _enter_and_fail(*sides: tuple[SqlTransaction, Entry]) -> None:
    for transaction, entry in sides:
        assert transaction.enter(entry)
    raise IllegalMove("half way", "again")


def test_capital_that_is_moved_counts_as_paid_in_and_foreign_cash_by_its_rate(books: Books) -> None:
    rates = SqlRates(books.database)
    with books.work.transaction("paper") as transaction:
        at = (NOW, "swap")
        transaction.enter(entry_of_conversion("paper", Money(Decimal(50), "USDT"), Money(Decimal(40), "EUR"), at))
        bare = transaction.book()
    assert (bare.foreign, list(bare.unrated)) == ({"EUR": Decimal(40)}, ["EUR"])
    rates.keep(Rate("USDT", "EUR", Decimal("0.5"), NOW, "bank"))
    rated = books.book()
    assert (rated.rates, rated.unrated) == ({"EUR": Decimal(2)}, {})
    assert rated.equity == rated.cash + 80 + 10 * 100
    assert rated.cash == bare.cash
    books.clock.advance_to(NOW + 25 * HOUR)
    assert "older than 24 hours" in books.book().unrated["EUR"]
    with books.work.transaction("paper") as transaction:
        transaction.enter(entry_of_funding("paper", Money(Decimal(-3), "USDT"), NOW, "paid-out"))
        assert transaction.book().funded == rated.funded - 3


def test_the_last_rate_of_a_pair_counts(books: Books) -> None:
    rates = SqlRates(books.database)
    for hours, number in ((0, "1"), (2, "3"), (1, "2")):
        rates.keep(Rate("BNB", "USDT", Decimal(number), NOW + hours * HOUR, "bank"))
    rates.keep(Rate("BNB", "USDT", Decimal(4), NOW + 2 * HOUR, "corrected"))
    assert [(rate.rate, rate.source) for rate in rates.newest()] == [(Decimal(4), "corrected")]


@pytest.mark.parametrize(("buyer", "seller"), [("", ONE), (ONE, ""), (ONE, ONE)])
def test_a_cross_is_between_two_strategies(buyer: str, seller: str) -> None:
    with pytest.raises(UsageError, match="two strategies"):
        entry_of_cross("paper", "BTCUSDT", Cross(buyer, seller, Decimal(1)), Decimal(1), AT)
