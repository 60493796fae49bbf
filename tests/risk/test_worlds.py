"""Sequences of proposals against a model that keeps the account a second time: no limit is ever broken by an order."""

from __future__ import annotations

from decimal import Decimal

import pytest

from quorum.domain import Approved, Proposal, RiskVerdict, Side, Vetoed
from quorum.risk import RecentOrder, assess, book_breaker, collar
from risk.books import passed
from risk.worlds import LOT, STRATEGIES, Open, World, broken, instrument, some_world

STEPS = 8


def walk(seed: int) -> set[str]:
    """One sequence; the limits that stopped or cut something on the way."""
    world, seen = some_world(seed), set[str]()
    for _ in range(STEPS):
        world.move()
        wish, strategy = world.wish(), world.random.choice(STRATEGIES)
        verdict = assess(wish, world.book(), world.limits, instrument(wish.symbol), world.around(strategy))
        seen |= {check.name for check in verdict.checks if not check.passed}
        if world.quantity(wish.symbol) * wish.side.sign < 0:
            _reduced(world, wish, strategy, verdict)
        else:
            _opened(world, wish, strategy, verdict)
    return seen


def _reduced(world: World, wish: Proposal, strategy: str, verdict: RiskVerdict) -> None:
    """A reduction passes up to what no order closes yet, whatever else is true."""
    closing = sum((o.quantity for o in world.open if o.closes and o.symbol == wish.symbol), Decimal(0))
    size = passed(verdict)
    assert size == max(Decimal(0), min(wish.quantity, abs(world.quantity(wish.symbol)) - closing))
    _place(world, wish, strategy, size, closes=True)


def _opened(world: World, wish: Proposal, strategy: str, verdict: RiskVerdict) -> None:
    """What passes breaks nothing, and a lot more would have."""
    size, grid = passed(verdict), instrument(wish.symbol)
    worst = max(collar(wish, world.limits, grid), wish.price)
    assert 0 <= size <= wish.quantity
    assert size % LOT == 0
    assert isinstance(verdict, Approved) == (size == wish.quantity)
    assert isinstance(verdict, Vetoed) == (size == 0)
    scale = book_breaker(world.fall, world.limits, world.deepest).scale
    assert size <= wish.quantity * scale
    if size:
        assert set(broken(world, wish, strategy, size, worst)) == set()
    elif not any(check.name == "duplicate_seconds" and not check.passed for check in verdict.checks):
        assert set(broken(world, wish, strategy, LOT, worst)) | _cut(wish, scale)
    if size and size + LOT <= wish.quantity * scale:
        assert set(broken(world, wish, strategy, size + LOT, worst)) - {"duplicate_seconds"}
    _place(world, wish, strategy, size, closes=False)


def _cut(wish: Proposal, scale: Decimal) -> set[str]:
    return {"drawdown"} if wish.quantity * scale < LOT else set()


def _place(world: World, wish: Proposal, strategy: str, size: Decimal, *, closes: bool) -> None:
    if size:
        worst = wish.price if wish.side is Side.SELL else collar(wish, world.limits, instrument(wish.symbol))
        worst = max(worst, wish.price)
        world.open.append(Open(wish.symbol, strategy, wish.side, size, worst, closes))
        world.recent.append(RecentOrder(world.now, wish.symbol, wish.side, size))


EVERY = {
    *("max_position", "max_deployed", "max_strategy", "max_sector", "max_cluster", "max_leverage", "cash"),
    *("max_order_notional", "max_order_lots", "max_orders_per_minute", "max_from_last_bps", "last_trade_seconds"),
    *("risk_per_trade", "risk_budget", "min_order_notional", "min_reward_risk", "allow_short", "duplicate_seconds"),
    *("halt", "drawdown", "strategy_red_at", "max_day_loss", "holding"),
}


def test_no_sequence_breaks_a_limit_and_every_limit_binds_somewhere() -> None:
    seen = set[str]()
    for seed in range(500):
        seen |= walk(seed)
    assert seen >= EVERY


@pytest.mark.slow
def test_no_limit_breaks_in_ten_thousand_sequences() -> None:
    for seed in range(500, 10_500):
        walk(seed)
