"""Books and venue are equal to the last unit, or every line on which they are not is named."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from hypothesis import given, settings

from domain.words import AMOUNTS, BOOKS, SYMBOLS, amounts_of
from quorum.domain import Book, Position
from quorum.execution import BrokerAccount, differences

UNIT = Decimal("0.00000001")
MINE = Book("paper", "USDT", 1, Decimal("9000.00"), Decimal(10_000), {"BTCUSDT": Position("BTCUSDT", Decimal("0.500"))})


def venue(cash: dict[str, str], **positions: str) -> BrokerAccount:
    return BrokerAccount(
        {name: Decimal(amount) for name, amount in cash.items()},
        {symbol: Decimal(quantity) for symbol, quantity in positions.items()},
    )


def test_equal_amounts_are_equal_however_they_are_written() -> None:
    assert differences(MINE, venue({"USDT": "9000", "EUR": "0"}, BTCUSDT="0.5", ETHUSDT="0")) == ()


def test_golden_every_line_that_differs_is_named() -> None:
    assert differences(MINE, venue({"USDT": "9000.00000001", "BNB": "3"}, ETHUSDT="-2")) == (
        "cash BNB: 0 here, 3 at the venue",
        "cash USDT: 9000.00 here, 9000.00000001 at the venue",
        "BTCUSDT: 0.500 here, 0 at the venue",
        "ETHUSDT: 0 here, -2 at the venue",
    )
    assert differences(MINE, venue({}, BTCUSDT="0.5")) == ("cash USDT: 9000.00 here, 0 at the venue",)


@settings(max_examples=50)
@given(BOOKS, amounts_of(AMOUNTS))
def test_the_lines_that_differ_are_exactly_those_named(book: Book, theirs: dict[str, Decimal]) -> None:
    found = differences(book, BrokerAccount({book.currency: book.cash}, theirs))
    wrong = [s for s in sorted(SYMBOLS) if book.quantity(s) != theirs.get(s, 0)]
    assert [line.partition(":")[0] for line in found] == wrong
    same = {symbol: position.quantity for symbol, position in book.positions.items()}
    assert differences(book, BrokerAccount({book.currency: book.cash}, same)) == ()
    assert len(differences(replace(book, cash=book.cash + UNIT), BrokerAccount({book.currency: book.cash}, same))) == 1
