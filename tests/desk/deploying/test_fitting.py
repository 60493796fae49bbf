"""What an account and its venue cannot do is said before a person is asked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from math import nan
from pathlib import Path
from typing import Any

import pytest

from desk.offices import at_work, copied, template
from quorum.desk import Desk
from quorum.desk.deploying.fitting import Traded, account_of, misfits
from quorum.domain import HOUR, Clock, ConfigError, Hold, Money, NeedsApproval, OrderKind, Timeframe
from quorum.execution import ABILITIES, Rate, entry_of_conversion
from quorum.execution.hours import RoundTheClock


@pytest.fixture
def desk(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Desk:
    return at_work(copied(template(tmp_path_factory.getbasetemp() / "desk"), tmp_path / "desk"))


def told(
    desk: Desk, *, shorts: bool = False, largest: float = 1.0, stops: bool = False, floored: bool = False, **less: Any
) -> Sequence[str]:
    """What does not fit at a venue that can do less than the simulated one."""

    class Limited:
        abilities = replace(ABILITIES, **less)

    def venue(account: str, clock: Clock) -> Any:
        return Limited()

    limited = replace(desk, broker=venue)
    series = (desk.lake.bars("FLATUSDT", Timeframe(HOUR)),)
    place = account_of(limited, ["FLATUSDT"], None)
    shown = Traded(nan, shorts, largest, series, stops)
    return [str(misfit) for misfit in misfits(limited, place, shown, 0.5, floored)]


def test_a_venue_that_can_do_all_is_told_nothing(desk: Desk) -> None:
    assert told(desk) == []


def test_short_sales_need_the_book_and_the_venue(desk: Desk) -> None:
    book, venue = told(desk, shorts=True, short=False)
    assert "book crypto may not" in book
    assert "the venue of account paper does not" in venue
    assert told(desk, short=False) == []


def test_a_venue_without_market_orders_is_refused(desk: Desk) -> None:
    (found,) = told(desk, kinds=frozenset({OrderKind.LIMIT}))
    assert "takes no market orders" in found


def test_a_whole_unit_must_be_affordable_where_there_are_no_fractions(desk: Desk) -> None:
    largest = 0.001
    assert told(desk, largest=largest) == []
    (found,) = told(desk, largest=largest, fractional=False)
    assert "buys no FLATUSDT" in found
    assert "a lot of 1 at" in found


def test_cash_without_a_rate_is_named_with_its_remedy(desk: Desk) -> None:
    desk.account_for("", "paper")
    sold, bought = Money(Decimal(1), "USDT"), Money(Decimal("0.002"), "BNB")
    with desk.accounts.transaction("paper") as transaction:
        transaction.enter(entry_of_conversion("paper", sold, bought, (desk.clock.now(), "swap")))
    (found,) = told(desk)
    assert found.endswith("cash in BNB without a fresh rate; record one with `quorum account rate BNB USDT RATE`")


def test_a_venue_that_cannot_be_opened_is_a_misfit(desk: Desk) -> None:
    def closed(account: str, clock: Clock) -> Any:
        raise ConfigError("its keys are nowhere", "name them")

    shut = replace(desk, broker=closed)
    place = account_of(shut, ["FLATUSDT"], None)
    assert [str(m) for m in misfits(shut, place, Traded(nan, False, 1.0, ()), 0.5)] == [
        "its keys are nowhere; name them"
    ]


def test_a_strategy_that_leaves_by_stops_needs_a_venue_that_holds_them(desk: Desk) -> None:
    assert told(desk, stops=True) == []
    assert told(desk, protects=False) == []
    for lacking in ({"protects": False}, {"kinds": frozenset({OrderKind.MARKET})}):
        (found,) = told(desk, stops=True, **lacking)
        assert "it leaves by stops, and none can rest at the venue of account paper" in found


def test_a_pair_that_the_venue_writes_otherwise_is_refused(desk: Desk) -> None:
    (found,) = told(desk, between="/")
    assert "the venue of account paper writes FLATUSDT as FLAT/USDT" in found
    assert told(desk, between="") == []


def test_a_symbol_that_the_venue_does_not_trade_is_refused_and_real_money_is_not_asked(desk: Desk) -> None:
    class Shop(RoundTheClock):
        def trades(self, symbol: str) -> bool:
            raise NeedsApproval("nobody has agreed", "ask")

    class Closed(Shop):
        def trades(self, symbol: str) -> bool:
            return symbol != "FLATUSDT"

    (found,) = told(replace(desk, hours=lambda account, clock: Closed()))
    assert found.startswith("the venue of account paper does not trade FLATUSDT; deploy it on an account at a venue")
    assert told(replace(desk, hours=lambda account, clock: Shop())) == []


def test_a_venue_where_no_order_rests_is_refused(desk: Desk) -> None:
    (found,) = told(desk, holds=frozenset({Hold.IOC}))
    assert "no order rests at the venue" in found


def test_fees_in_what_nothing_says_the_worth_of_are_refused(desk: Desk) -> None:
    assert told(desk, fee_assets=frozenset({"USDT"})) == []
    (found,) = told(desk, fee_assets=frozenset({"BNB"}))
    assert "takes fees in BNB: there is no rate of BNB in USDT" in found
    desk.rates.keep(Rate("BNB", "USDT", Decimal(600), desk.clock.now(), "a test"))
    assert told(desk, fee_assets=frozenset({"BNB"})) == []


def test_less_than_a_lot_is_refused_with_its_capability_or_floored(desk: Desk) -> None:
    few = 0.001
    (found,) = told(desk, largest=few, fractional=False)
    assert "a lot of 1 at" in found
    assert "floor it with --floor" in found
    assert told(desk, largest=few, fractional=False, floored=True) == []
    (small,) = told(desk, largest=1e-9, floored=True)
    assert "min_order_notional in config/risk.yaml" in small
    assert "--floor" not in small
