"""What the store says around a book: losses, recent orders, open risk, worth that capital shifts, overrides."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from desk.markets import ENTRY
from desk.offices import ask, at_work
from quorum.desk import Desk, replay
from quorum.desk.guarding import check_books, override, price_time, watch_book
from quorum.domain import DAY, HOUR, SECOND, DecisionKind, Money, Timeframe, UsageError, VirtualClock
from quorum.execution import entry_of_funding
from quorum.risk import Around, Asked, LastTrade, Override


def around(desk: Desk, hours: int, asked: Asked | None = None) -> Around:
    with desk.accounts.transaction("paper") as transaction:
        return transaction.around(transaction.book(), ENTRY + hours * HOUR, asked)


def value(desk: Desk, price: int, days: float) -> Around:
    """What lies around the book when FLATUSDT is at a price, days after the entry."""
    at = ENTRY + int(days * DAY)
    with desk.accounts.transaction("paper") as transaction:
        book = transaction.value({"FLATUSDT": LastTrade(Decimal(price), at)}, at)
        return transaction.around(book, at)


def test_an_order_is_recent_for_a_minute_and_more_and_the_same_occasion_is_no_other(desk: Desk) -> None:
    ask(desk, "FLATUSDT")
    (order,) = desk.orders.of("paper")
    intent = order.intent
    (found,) = around(desk, 0).orders
    assert (found.time, found.symbol, found.side, found.quantity) == (ENTRY, "FLATUSDT", intent.side, intent.quantity)
    assert around(desk, 0, Asked(intent.intent_id)).orders == ()
    assert around(desk, 1).orders == ()


def test_the_day_begins_where_the_last_one_ended_and_the_peak_stays(desk: Desk) -> None:
    ask(desk, "FLATUSDT")
    with desk.accounts.transaction("paper") as transaction:
        held, cash = transaction.book().quantity("FLATUSDT"), transaction.book().cash
    value(desk, 130, 0.05)
    up = value(desk, 120, 0.1)
    assert up.peak_equity == cash + 130 * held
    down = value(desk, 100, 1)
    assert (down.day_equity, down.peak_equity) == (cash + 120 * held, cash + 130 * held)
    assert down.deepest == 1 - (cash + 100 * held) / (cash + 130 * held)
    again = value(desk, 125, 1.1)
    assert (again.day_equity, again.deepest) == (down.day_equity, down.deepest)
    monday = value(desk, 90, 14)
    assert monday.week_equity == monday.day_equity == cash + 125 * held


def test_capital_that_is_paid_in_or_out_is_neither_gain_nor_loss(desk: Desk) -> None:
    ask(desk, "FLATUSDT")
    before = value(desk, 130, 0.05)
    with desk.accounts.transaction("paper") as transaction:
        paid = entry_of_funding("paper", Money(Decimal(50_000), "USDT"), ENTRY + HOUR, "funding-paper-2")
        transaction.post(paid)  # type: ignore[attr-defined]
    after = value(desk, 130, 0.1)
    for name in ("day_equity", "week_equity", "peak_equity"):
        assert getattr(after, name) == getattr(before, name) + 50_000
    assert after.deepest == before.deepest


def test_what_the_newest_entry_s_stop_may_lose_is_open_risk(desk: Desk) -> None:
    ask(desk, "FLATUSDT")
    (order,) = desk.orders.of("paper")
    with desk.accounts.transaction("paper") as transaction:
        mark = transaction.book().marks["FLATUSDT"]
    assert order.intent.exit.stop is not None
    assert around(desk, 1).open_risk == (mark - order.intent.exit.stop) * order.filled


def test_a_decision_keeps_what_lay_around_it_and_is_made_again_from_that(desk: Desk) -> None:
    record = ask(desk, "FLATUSDT")
    risk: Any = record.risk
    names = {check["name"] for check in risk["checks"]}
    assert {"max_day_loss", "max_week_loss", "drawdown", "max_leverage", "max_orders_per_minute", "halt"} <= names
    kept = desk.decisions.get(risk["decision_id"]).choice.inputs["around"]
    assert Around.read(kept).last["FLATUSDT"].time == ENTRY
    assert replay(desk, risk["decision_id"]).verdict == "identical"


def test_a_price_is_the_market_s_until_its_next_bar_is_due(desk: Desk) -> None:
    bars = desk.lake.bars("FLATUSDT", Timeframe.parse("1h")).as_of(ENTRY)
    assert price_time(bars, ENTRY + 30 * SECOND) == ENTRY + 30 * SECOND
    assert price_time(bars, ENTRY + 9 * HOUR) == ENTRY + HOUR


def test_an_override_is_a_decision_that_raises_one_limit_until_it_expires(home: Path) -> None:
    desk = at_work(home)
    desk.account_for("USDT")
    until = desk.clock.now() + HOUR
    wanted = Override("max_position", Decimal("0.45"), "Ann", "a listing", until)
    told = override(desk, "paper", wanted)
    decision = desk.decisions.get(told["decision_id"])
    assert (decision.choice.kind, decision.choice.rationale) == (DecisionKind.OVERRIDE, "a listing")
    (standing,) = check_books(desk, "paper")["books"][0]["overrides"]
    assert (standing["limit"], standing["up_to"], standing["by"]) == ("max_position", "0.45", "Ann")
    later = watch_book(desk, "paper", VirtualClock(until)).around
    assert later.overrides == ()


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"limit": "black_at"}, "is not a limit that a person may raise"),
        ({"limit": "max_positon"}, "is not a limit that a person may raise"),
        ({"by": " "}, "needs a name and a reason"),
        ({"reason": ""}, "needs a name and a reason"),
        ({"expires": 1}, "has expired"),
        ({"up_to": Decimal("0.3")}, "raises nothing"),
        ({"up_to": Decimal(45)}, "max_position up to 45 is 4500% of equity; it is a fraction, 0.45 for 45 %"),
        ({"limit": "max_day_loss", "up_to": Decimal(2)}, "must not be above 1"),
        ({"limit": "max_order_lots"}, "raises nothing"),
        ({"limit": "max_orders_per_minute", "up_to": Decimal("70.5")}, "give a whole number"),
    ],
)
def test_an_override_that_makes_no_sense_is_refused(desk: Desk, change: dict[str, Any], says: str) -> None:
    good = Override("max_position", Decimal("0.45"), "Ann", "a listing", desk.clock.now() + HOUR)
    with pytest.raises(UsageError, match=says):
        override(desk, "paper", replace(good, **change))
    assert desk.decisions.recent(5, DecisionKind.OVERRIDE) == []
