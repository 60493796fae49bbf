"""Statements: profit by owner and symbol as worked out by hand, and spans that add up."""

from __future__ import annotations

from decimal import Decimal

from domain.words import NOW, fill
from quorum.domain import MINUTE, Money, Side
from quorum.execution import (
    Booked,
    Cross,
    Earned,
    Entry,
    Income,
    earned,
    entry_of_cross,
    entry_of_fill,
    entry_of_funding,
    entry_of_income,
    entry_of_split,
    statement,
)
from quorum.execution.statement import WHOLE, cash

ONE, TWO = "STR-001", "STR-002"


def course() -> list[Entry]:
    """10 units at 100 for two strategies, a fee in kind, a cross at 110, a dividend, a split in two, a sale at 60."""
    shares = {ONE: Decimal(6), TWO: Decimal(4)}
    bought = fill(Side.BUY, "10", "100", fill_id="F1", fee=Decimal("0.1"), fee_currency="BTC", time=NOW + 1)
    sold = fill(Side.SELL, "5", "60", fill_id="F2", fee=Decimal("0.3"), fee_currency="USDT", time=NOW + MINUTE)
    return [
        entry_of_funding("paper", Money(Decimal(5_000), "USDT"), NOW, "paid-1"),
        entry_of_fill("paper", bought, shares),
        entry_of_cross("paper", "BTCUSDT", Cross(TWO, ONE, Decimal(2)), Decimal(110), (NOW + 2, "cross-1")),
        entry_of_income("paper", Income.DIVIDEND, Money(Decimal(3), "USDT"), (NOW + 3, "d-1"), shares, "BTCUSDT"),
        entry_of_split("paper", "BTCUSDT", {ONE: Decimal("3.94"), TWO: Decimal("5.96")}, (NOW + 4, "s-1")),
        entry_of_fill("paper", sold, {ONE: Decimal(-5)}),
    ]


def lines() -> dict[str, Earned]:
    return {line.owner: line for line in earned(course())}


def test_every_owner_has_what_it_made() -> None:
    found = lines()
    first, second, whole = found[ONE], found[TWO], found[WHOLE]
    assert (first.position.quantity, second.position.quantity) == (Decimal("2.88"), Decimal("11.92"))
    assert (first.in_kind, second.in_kind, whole.in_kind) == (Decimal(6), Decimal(4), Decimal(10))
    assert first.fees == {"USDT": Decimal("0.3")}
    assert (first.income, second.income) == ({"USDT": Decimal("1.8")}, {"USDT": Decimal("1.2")})
    assert whole.position.quantity == Decimal("14.80")
    assert first.net == first.position.realised - 6 - Decimal("0.3") + Decimal("1.8")


def test_what_crosses_inside_is_profit_of_a_strategy_and_none_of_the_account() -> None:
    before = {line.owner: line.position.realised for line in earned(course()[:2])}
    after = {line.owner: line.position.realised for line in earned(course()[:3])}
    assert after[ONE] - before[ONE] == 20
    assert after[WHOLE] == before[WHOLE]


def test_profits_and_costs_of_all_owners_are_the_account_s_cash() -> None:
    found = lines()
    for owners in ([ONE, TWO], [WHOLE]):
        made = sum(found[o].position.realised - found[o].position.cost - found[o].in_kind for o in owners)
        beside = sum(found[o].income["USDT"] - found[o].fees["USDT"] for o in owners)
        assert 5_000 + made + beside == cash(course())["USDT"]


def test_a_span_has_its_entries_and_the_cash_on_both_sides() -> None:
    booked = [Booked(n, entry) for n, entry in enumerate(course(), 1)]
    shown = statement("paper", booked, NOW + 2, NOW + MINUTE)
    assert [row.sequence for row in shown.entries] == [3, 4, 5]
    assert (shown.opening, shown.closing) == ({"USDT": Decimal(4_000)}, {"USDT": Decimal(4_003)})
    assert shown.before[ONE, "BTCUSDT"] == 0
    (one,) = [line for line in shown.lines if line.owner == ONE]
    assert one.position.realised == 20
    assert statement("paper", booked, 0, NOW).entries == ()
