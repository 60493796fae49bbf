"""What lies around a book: read back, cut down to one proposal, refused where it makes no sense, never loosening."""

from __future__ import annotations

import json
from dataclasses import fields, replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.words import NOW, proposal
from quorum.domain import SECOND, Approved, ExitPlan, Purpose, Shrunk, Side, UsageError, Vetoed, canonical
from quorum.risk import Around, LastTrade, Override, RecentOrder, RiskLimits, assess
from risk.books import OPENINGS, REDUCTIONS, SYMBOL, Case, book, instrument, passed
from risk.worlds import STRATEGIES, some_world
from risk.worlds import instrument as grid

SEEDS = st.integers(0, 2**40)
FREE = RiskLimits(max_position=Decimal(1), max_deployed=Decimal(1), min_order_notional=Decimal(0))


def around(**changed: Any) -> Around:
    """A quiet day of a book of 10,000 USDT; the last trade at 100 a second ago."""
    values: dict[str, Any] = {
        "now": NOW,
        "day_equity": Decimal(10_000),
        "week_equity": Decimal(10_000),
        "peak_equity": Decimal(10_000),
        "last": {SYMBOL: LastTrade(Decimal(100), NOW - SECOND)},
    }
    return Around(**{**values, **changed})


def drawn(seed: int) -> tuple[Any, ...]:
    world = some_world(seed)
    for _ in range(3):
        world.move()
    wish = world.wish()
    return wish, world.book(), world.limits, grid(wish.symbol), world.around(world.random.choice(STRATEGIES))


@settings(max_examples=60)
@given(SEEDS)
def test_what_was_around_reads_back_and_says_the_same(seed: int) -> None:
    wish, held, limits, steps, near = drawn(seed)
    override = Override("max_position", Decimal("0.9"), "Ann", "a listing", NOW + 10**15)
    near = replace(near, overrides=(override,), strategy_held=held.quantity(wish.symbol) / 2)
    again = Around.read(json.loads(canonical(near)))
    assert again == near
    assert assess(wish, held, limits, steps, again) == assess(wish, held, limits, steps, near)


@settings(max_examples=150)
@given(SEEDS)
def test_what_is_about_a_proposal_is_enough_for_its_verdict(seed: int) -> None:
    wish, held, limits, steps, near = drawn(seed)
    about = near.about(wish)
    assert assess(wish, held, limits, steps, about) == assess(wish, held, limits, steps, near)
    assert set(about.last) <= {wish.symbol}


@settings(max_examples=150)
@given(OPENINGS, st.none() | st.just("STR-001"))
def test_looking_further_never_lets_more_pass(case: Case, strategy: str | None) -> None:
    near = around(strategy=strategy, last={SYMBOL: LastTrade(case.wish.price, NOW)})
    assert passed(assess(*case, near)) <= passed(assess(*case))


@settings(max_examples=150)
@given(REDUCTIONS)
def test_nothing_around_stops_a_reduction(case: Case) -> None:
    bad = around(
        peak_equity=Decimal(10**9),
        day_equity=Decimal(10**9),
        deepest=Decimal(1),
        halts=("BLACK: everything",),
        last={},
        strategy="STR-001",
        strategy_drawdown=Decimal(1),
        orders=tuple(RecentOrder(NOW, SYMBOL, case.wish.side, case.wish.quantity) for _ in range(500)),
    )
    assert assess(*case, bad) == assess(*case)


TIGHTER = {
    **dict.fromkeys(("risk_per_trade", "max_position", "max_deployed", "max_total_loss"), Decimal("0.5")),
    **dict.fromkeys(("max_day_loss", "max_week_loss", "max_strategy", "max_sector", "max_cluster"), Decimal("0.5")),
    **dict.fromkeys(("max_leverage", "max_order_notional", "max_order_lots", "max_from_last_bps"), Decimal("0.5")),
    **dict.fromkeys(("strategy_red_at", "halve_at"), Decimal("0.5")),
}


@settings(max_examples=300)
@given(SEEDS, st.sampled_from(sorted(TIGHTER)))
def test_a_tighter_limit_never_lets_more_pass(seed: int, name: str) -> None:
    wish, held, limits, steps, near = drawn(seed)
    limits = replace(limits, duplicate_seconds=0)  # what is a duplicate depends on the size that is left
    tighter = replace(limits, **{name: getattr(limits, name) * TIGHTER[name]})
    assert passed(assess(wish, held, tighter, steps, near)) <= passed(assess(wish, held, limits, steps, near))


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"halts": ("RED: the feed is down\nsince noon",)}, "halted: RED: the feed is down since noon (halt)"),
        ({"day_equity": Decimal(10_400)}, "400.00 of at most 312.00 were lost today (max_day_loss)"),
        ({"week_equity": Decimal(10_600)}, "600.00 of at most 530.00 were lost this week (max_week_loss)"),
        (
            {"peak_equity": Decimal(12_000)},
            "the book has fallen 16.7% from its peak, its breaker at 15% (drawdown)",
        ),
        ({"deepest": Decimal("0.16")}, "the book has fallen 16.0% from its peak, its breaker at 15% (drawdown)"),
        (
            {"strategy": "STR-001", "strategy_drawdown": Decimal("0.1")},
            "the strategy has fallen 10.0% from its peak, at 10% it opens nothing (strategy_red_at)",
        ),
        ({"last": {}}, "no last trade of the symbol is known (last_trade_seconds)"),
        (
            {"last": {SYMBOL: LastTrade(Decimal(100), NOW - 901 * SECOND)}},
            "the last trade is 901 s away, at most 900 s may be (last_trade_seconds)",
        ),
        (
            {"last": {SYMBOL: LastTrade(Decimal(10), NOW)}},
            "the price is 91000.0 bp from the last trade, at most 500 may be (max_from_last_bps)",
        ),
        (
            {"orders": (RecentOrder(NOW - 5 * SECOND, SYMBOL, Side.BUY, Decimal(10)),)},
            "the same symbol, side and quantity was ordered within 5 s (duplicate_seconds)",
        ),
        (
            {"orders": tuple(RecentOrder(NOW, "ETHUSDT", Side.BUY, Decimal(1)) for _ in range(60))},
            "60 orders in the last minute, at most 60 may be (max_orders_per_minute)",
        ),
        (
            {"sectors": {"coins": frozenset({SYMBOL})}, "strategies": {}, "clusters": {}, "halts": ("stop",)},
            "halted: stop (halt)",
        ),
        (
            {"clusters": {"c": frozenset({SYMBOL, "STR-009"})}, "strategies": {"STR-009": Decimal(3_000)}},
            "max_cluster: 3000.00 of 3000.00 used by what moves together, or is not known for long enough to say",
        ),
        (
            {"strategy": "STR-001", "strategies": {"STR-001": Decimal(100)}, "allocation": Decimal("0.01")},
            "max_strategy: 100.00 of 100.00 used, no room for an order",
        ),
    ],
)
def test_golden_what_stops_an_order_is_said_in_words(changed: dict[str, Any], reason: str) -> None:
    verdict = assess(proposal(), book(), FREE, instrument(), around(**changed))
    assert isinstance(verdict, Vetoed)
    assert verdict.reasons == (reason,)


def test_golden_a_quiet_day_lets_it_pass_with_every_limit_on_record() -> None:
    near = around(
        strategy="STR-001",
        sectors={"coins": frozenset({SYMBOL})},
        clusters={"c": frozenset({"STR-001", "STR-002"})},
        strategies={"STR-002": Decimal(500)},
    )
    limits = replace(FREE, max_order_lots=Decimal(10**6))
    wish = proposal(purpose=Purpose.SIGNAL, exit=ExitPlan(Decimal(96), (Decimal(110),)))
    verdict = assess(wish, book(), limits, instrument(), near)
    assert isinstance(verdict, Approved)
    assert [check.name for check in verdict.checks] == [
        *("max_total_loss", "min_reward_risk", "max_position", "max_deployed", "cash", "risk_per_trade"),
        *("halt", "drawdown", "max_day_loss", "max_week_loss", "strategy_red_at", "risk_budget"),
        *("max_leverage", "max_strategy", "max_sector", "max_cluster"),
        *("max_order_notional", "max_order_lots", "max_orders_per_minute", "last_trade_seconds", "max_from_last_bps"),
        *("duplicate_seconds", "min_order_notional"),
    ]


def test_a_tenth_below_the_peak_new_positions_are_halved() -> None:
    verdict = assess(proposal(), book(), FREE, instrument(), around(peak_equity=Decimal(11_500)))
    assert isinstance(verdict, Shrunk)
    assert (verdict.quantity, verdict.binding) == (Decimal(5), ("drawdown",))


def test_symbols_without_a_sector_are_one_together() -> None:
    held = book(held="20", cash="8000", reserved={"ETHUSDT": Decimal(1_990)})
    near = around(sectors={"shares": frozenset({"AAPL"})})
    verdict = assess(proposal(), held, FREE, instrument(), near)
    (sector,) = [check for check in verdict.checks if check.name == "max_sector"]
    assert (sector.used, sector.limit) == (3_990, 4_000)
    assert passed(verdict) == Decimal("0.099")


def test_what_is_left_of_an_order_is_a_duplicate_too() -> None:
    small = replace(FREE, max_order_notional=Decimal(202))
    near = around(orders=(RecentOrder(NOW - SECOND, SYMBOL, Side.BUY, Decimal(2)),))
    assert passed(assess(proposal(), book(), small, instrument(), around())) == 2
    assert isinstance(assess(proposal(), book(), small, instrument(), near), Vetoed)


def test_open_stops_use_up_what_may_be_lost_today() -> None:
    wish = proposal(quantity=Decimal(20), exit=ExitPlan(Decimal(98)))
    verdict = assess(wish, book(), FREE, instrument(), around(open_risk=Decimal(280)))
    assert isinstance(verdict, Shrunk)
    assert (verdict.quantity, verdict.binding) == (Decimal(10), ("risk_budget",))


@pytest.mark.parametrize("value", ["NaN", "Infinity", "-1"])
@pytest.mark.parametrize("name", ["deepest", "open_risk", "strategy_drawdown", "allocation"])
def test_a_number_that_makes_no_sense_is_refused_by_name(name: str, value: str) -> None:
    with pytest.raises(UsageError, match=f"^{name} = "):
        around(**{name: Decimal(value)})


def test_groups_of_numbers_are_refused_by_name() -> None:
    for changed, said in (
        ({"day_equity": Decimal("NaN")}, "day_equity = NaN"),
        ({"last": {SYMBOL: LastTrade(Decimal("NaN"), NOW)}}, rf"last\[{SYMBOL}\] = NaN"),
        ({"last": {SYMBOL: LastTrade(Decimal(0), NOW)}}, rf"last\[{SYMBOL}\] = 0"),
        ({"strategies": {"STR-001": Decimal(-1)}}, r"strategies\[STR-001\] = -1"),
        ({"orders": (RecentOrder(2, "A", Side.BUY, Decimal(1)), RecentOrder(1, "A", Side.BUY, Decimal(1)))}, "order"),
    ):
        with pytest.raises(UsageError, match=said):
            around(**changed)


def test_every_field_of_around_is_read_back() -> None:
    plain = json.loads(canonical(around()))
    assert set(plain) == {field.name for field in fields(Around)}
