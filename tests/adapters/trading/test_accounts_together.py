"""All accounts added up in one's transaction: in its money, and one at a time, so that no two take the same room."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from adapters.stores import ACCOUNT, NOW, SYMBOL, Store, funded, ordered
from quorum.adapters.sql.ledger.rates import SqlRates
from quorum.domain import Money
from quorum.execution.rates import Rate

LIMITS = {"max_deployed": Decimal("0.5")}


@pytest.fixture
def store(place: Path | str) -> Iterator[Store]:
    store = funded(place)
    store.accounts.open("euros", "crypto", Money(Decimal(1_000), "EUR"))
    yield store
    store.database.close()


def test_what_others_hold_and_have_ordered_is_in_this_one_s_money(store: Store) -> None:
    with store.accounts.transaction("euros") as transaction:
        unknown = transaction.wide(LIMITS, NOW)
    assert unknown.unrated.keys() == {"USDT"}
    SqlRates(store.database).keep(Rate("EUR", "USDT", Decimal("1.25"), NOW, "a test"))
    with store.accounts.transaction(ACCOUNT) as transaction:
        order = ordered(transaction, 1)
        assert transaction.wide(LIMITS, NOW).equity == 1_250
    with store.accounts.transaction("euros") as transaction:
        seen = transaction.wide(LIMITS, NOW)
    assert (seen.equity, seen.funded, seen.day_equity, seen.orders) == (8_000, 8_000, 8_000, 1)
    assert seen.exposures == {SYMBOL: order.reserve * Decimal("0.8")}
    assert seen.deployed == order.reserve * Decimal("0.8")


def test_who_asks_second_waits_and_sees_what_the_first_has_ordered(store: Store) -> None:
    SqlRates(store.database).keep(Rate("EUR", "USDT", Decimal(1), NOW, "a test"))
    inside, seen = threading.Event(), list[Decimal]()

    def second() -> None:
        inside.wait(5)
        with store.accounts.transaction("euros") as transaction:
            seen.append(transaction.wide(LIMITS, NOW).deployed)

    thread = threading.Thread(target=second)
    thread.start()
    with store.accounts.transaction(ACCOUNT) as transaction:
        assert transaction.wide(LIMITS, NOW).deployed == 0
        inside.set()
        thread.join(0.3)
        assert seen == []
        order = ordered(transaction, 1)
    thread.join(5)
    assert seen == [order.reserve]
