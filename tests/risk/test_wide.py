"""Limits over all accounts: what others hold and have lost counts, in the book's money, and binds at the number."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from quorum.domain import (
    MINUTE,
    Approved,
    Book,
    Instrument,
    Position,
    Proposal,
    Purpose,
    Shrunk,
    Side,
    UsageError,
    Vetoed,
    plain,
)
from quorum.risk import SUMMED, Around, LastTrade, RecentOrder, RiskLimits, Wide, assess, limits_used, warnings

NOW = 1_700_000_000 * 10**9
ONE = Instrument("AAAUSDT", "sim", "AAA", "USDT", Decimal("0.01"), Decimal(1))
LIMITS = RiskLimits(
    **dict.fromkeys(("max_position", "max_deployed", "max_strategy", "max_sector", "max_cluster"), Decimal(1)),
    price_collar_bps=Decimal(0),
    max_total_loss=Decimal(1),
    max_day_loss=Decimal(1),
    max_week_loss=Decimal(1),
)
BOOK = Book(
    "one", "USDT", 1, Decimal(9_000), Decimal(10_000), {"AAAUSDT": Position("AAAUSDT", Decimal(10), Decimal(1_000))}
)
WIDE = Wide(
    {},
    equity=Decimal(10_000),
    funded=Decimal(10_000),
    day_equity=Decimal(10_000),
    week_equity=Decimal(10_000),
    deployed=Decimal(3_000),
    exposures={"AAAUSDT": Decimal(1_000), "BBBUSDT": Decimal(2_000)},
    strategies={"STR-001": Decimal(500)},
    orders=4,
)


def around(name: str, limit: str, **changes: object) -> Around:
    wide = replace(WIDE, limits={name: Decimal(limit)}, **changes)  # type: ignore[arg-type]
    return Around(
        NOW,
        *(Decimal(10_000),) * 3,
        orders=(RecentOrder(NOW - MINUTE // 2, "CCCUSDT", Side.BUY, Decimal(1)),),
        last={"AAAUSDT": LastTrade(Decimal(100), NOW)},
        sectors={"both": frozenset({"AAAUSDT", "BBBUSDT"})},
        clusters={"symbols": frozenset({"AAAUSDT", "BBBUSDT"})},
        strategies={"STR-001": Decimal(1_000)},
        strategy="STR-001",
        wide=wide,
    )


def wish(quantity: int) -> Proposal:
    return Proposal(
        purpose=Purpose.TARGET,
        account="one",
        symbol="AAAUSDT",
        side=Side.BUY,
        quantity=Decimal(quantity),
        price=Decimal(100),
        as_of=NOW,
        expires=NOW + MINUTE,
        key="k",
        origin="",
    )


@pytest.mark.parametrize(
    ("name", "limit", "room"),
    [  # of 20,000 together: what is used by both leaves room for so many units of 100
        ("max_position", "0.15", 10),
        ("max_deployed", "0.25", 10),
        ("max_leverage", "0.25", 10),
        ("max_strategy", "0.125", 10),
        ("max_sector", "0.25", 10),
        ("max_cluster", "0.25", 10),
    ],
)
def test_what_is_left_of_all_accounts_together_is_the_room_to_the_last_lot(name: str, limit: str, room: int) -> None:
    assert isinstance(assess(wish(room), BOOK, LIMITS, ONE, around(name, limit)), Approved)
    cut = assess(wish(room + 1), BOOK, LIMITS, ONE, around(name, limit))
    assert isinstance(cut, Shrunk)
    assert (cut.quantity, cut.binding) == (room, (f"desk_{name}",))
    alone = replace(around(name, limit), wide=None)
    assert isinstance(assess(wish(room + 1), BOOK, LIMITS, ONE, alone), Approved)


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("max_total_loss", {"funded": Decimal(12_000)}),
        ("max_day_loss", {"day_equity": Decimal(12_000)}),
        ("max_week_loss", {"week_equity": Decimal(12_000)}),
    ],
)
def test_what_all_accounts_have_lost_together_stops_what_opens(name: str, change: dict[str, Decimal]) -> None:
    near = around(name, "0.0910", **change)  # 2,000 of 22,000
    assert isinstance(assess(wish(1), BOOK, LIMITS, ONE, near), Approved)
    assert f"desk_{name}" in {use.limit for use in warnings(limits_used(BOOK, LIMITS, near))}
    reached = around(name, "0.0909", **change)
    stopped = assess(wish(1), BOOK, LIMITS, ONE, reached)
    assert isinstance(stopped, Vetoed)
    assert stopped.reasons[0].startswith("over all accounts: ")


def test_orders_of_all_accounts_count_for_the_rate_and_an_exit_passes_them_all() -> None:
    assert isinstance(assess(wish(1), BOOK, LIMITS, ONE, around("max_orders_per_minute", "6")), Approved)
    full = around("max_orders_per_minute", "5")
    assert isinstance(assess(wish(1), BOOK, LIMITS, ONE, full), Vetoed)
    leaves = replace(wish(10), side=Side.SELL, purpose=Purpose.REDUCTION)
    assert isinstance(assess(leaves, BOOK, LIMITS, ONE, full), Approved)


def test_an_account_without_a_rate_vetoes_and_its_limits_are_not_shown_as_if_it_held_nothing() -> None:
    unknown = around("max_deployed", "0.25", unrated={"EUR": "there is no rate of EUR in USDT"})
    stopped = assess(wish(1), BOOK, LIMITS, ONE, unknown)
    assert isinstance(stopped, Vetoed)
    assert stopped.reasons == ("there is no rate of EUR in USDT",)
    assert not [use for use in limits_used(BOOK, LIMITS, unknown) if use.limit.startswith("desk_")]


@pytest.mark.parametrize("name", sorted(SUMMED))
def test_what_a_decision_keeps_of_them_makes_the_same_verdict_again(name: str) -> None:
    seen = around(name, "0.2")
    kept = Around.read(plain(seen.about(wish(30))))
    assert assess(wish(30), BOOK, LIMITS, ONE, kept) == assess(wish(30), BOOK, LIMITS, ONE, seen)


def test_a_limit_that_cannot_be_added_up_and_a_number_that_is_none_are_refused() -> None:
    with pytest.raises(UsageError, match="price_collar_bps cannot be added up"):
        Wide({"price_collar_bps": Decimal(1)})
    with pytest.raises(UsageError, match="deployed = NaN"):
        Wide({}, deployed=Decimal("NaN"))
