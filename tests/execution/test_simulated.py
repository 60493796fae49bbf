"""What the simulated venue does beside market orders: aims, protective orders, payments, and costs of every kind."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from domain.words import NOW
from execution.venues import CASH, FREE, listed, printed, wish
from quorum.domain import (
    MINUTE,
    Aim,
    AimedIntent,
    Basis,
    BrokerError,
    ExitPlan,
    Fill,
    Money,
    OrderIntent,
    OrderStatus,
    Purpose,
    Side,
    Trade,
    UsageError,
    VirtualClock,
)
from quorum.execution import SimulatedBroker, VenueCosts
from quorum.execution.fakes import ListedPrices, MemoryJournal
from quorum.execution.simulated import NoJournal, Range

D = Decimal


class Screen:
    """Prices of this instant, by symbol, as a tape shows them."""

    def __init__(self, clock: VirtualClock, **prices: str) -> None:
        self.clock, self.now = clock, {symbol: D(price) for symbol, price in prices.items()}
        self.quiet: set[str] = set()

    def prints(self, symbol: str, since: int, until: int) -> list[Trade]:
        price = self.quoted(symbol)
        shown = price is not None and since <= self.clock.now() <= until
        return [Trade(symbol, self.clock.now(), price, D(0))] if shown and price is not None else []

    def mark(self, symbol: str) -> Decimal:
        return self.now[symbol]

    def quoted(self, symbol: str) -> Decimal | None:
        return None if symbol in self.quiet else self.now[symbol]


class Hall:
    """A venue with a screen, over a journal that is opened a second time."""

    def __init__(self, costs: VenueCosts = FREE) -> None:
        self.clock = VirtualClock(NOW)
        self.screen = Screen(self.clock, BTCUSDT="100", ETHUSDT="50")
        self.journal = MemoryJournal()
        self.broker = self.opened(self.journal, costs)
        self.again = self.opened(self.journal.opened_again(), costs)

    def opened(self, journal: Any, costs: VenueCosts) -> SimulatedBroker:
        return SimulatedBroker(journal, self.screen, self.clock, costs, CASH, listed)

    def at(self, minutes: int, **prices: str) -> list[Fill]:
        """Move on to a minute with these prices, and match."""
        self.clock.advance_to(NOW + minutes * MINUTE)
        self.screen.now |= {symbol: D(price) for symbol, price in prices.items()}
        return self.broker.advance()


def aimed(number: int, amount: str, basis: Basis = Basis.EQUITY, **changed: Any) -> AimedIntent:
    plain = wish(number, **changed)
    values = {name: getattr(plain, name) for name in OrderIntent.__dataclass_fields__}
    return AimedIntent(**values, aim=Aim(basis, D(amount), D(changed.pop("least", 0))))


def protection(number: int, side: Side, stop: str | None, target: str | None) -> OrderIntent:
    plan = ExitPlan(None if stop is None else D(stop), () if target is None else (D(target),))
    return wish(number, "10", side, purpose=Purpose.REDUCTION, exit=plan)


def test_an_aim_becomes_a_quantity_at_the_price_it_meets_not_at_the_one_it_was_made_at() -> None:
    hall = Hall()
    hall.screen.quiet = {"BTCUSDT"}
    assert hall.broker.submit(aimed(1, "0.5")).status is OrderStatus.ACCEPTED
    hall.screen.quiet = set()
    (fill,) = hall.at(1, BTCUSDT="80")
    assert (fill.quantity, fill.price) == (D("62.5"), D(80))
    assert hall.broker.remaining("Q1") == 0
    assert hall.again.order("Q1") == hall.broker.order("Q1")


def test_aims_of_one_instant_are_sized_by_the_account_before_any_of_them_fills() -> None:
    costs = VenueCosts(D(100), D(0), D(1))
    hall = Hall(costs)
    hall.screen.quiet = {"BTCUSDT", "ETHUSDT"}
    hall.broker.submit(aimed(1, "0.5"))
    hall.broker.submit(aimed(2, "0.5", symbol="ETHUSDT"))
    hall.screen.quiet = set()
    assert [fill.quantity for fill in hall.at(1)] == [D(50), D(100)]
    assert hall.broker.account().cash == {"USDT": D(-100)}


@pytest.mark.parametrize(
    ("basis", "amount", "change"),
    [
        (Basis.UNITS, "-3", D(-13)),
        (Basis.UNITS, "10", None),
        (Basis.EQUITY, "0", D(-10)),
        (Basis.EQUITY, "0.05", D(-5)),
        (Basis.CASH, "0.2", D(10)),
    ],
)
def test_an_aim_is_what_is_held_after_it_whatever_side_was_expected(
    basis: Basis, amount: str, change: Decimal | None
) -> None:
    hall = Hall()
    hall.broker.submit(wish(1, "10"))
    answer = hall.broker.submit(aimed(2, amount, basis, side=Side.BUY, price=D(100), collar=D(101)))
    if change is None:
        assert (answer.status, answer.fills) == (OrderStatus.CANCELLED, ())
    else:
        (fill,) = answer.fills
        assert fill.side.sign * fill.quantity == change
    assert hall.again.account() == hall.broker.account()


def test_a_unit_counts_as_at_least_the_floor_of_an_aim() -> None:
    hall = Hall()
    intent = aimed(1, "1")
    floored = AimedIntent(
        **{name: getattr(intent, name) for name in OrderIntent.__dataclass_fields__},
        aim=Aim(Basis.EQUITY, D(1), D(400)),
    )
    assert [fill.quantity for fill in hall.broker.submit(floored).fills] == [D(25)]


def test_cash_is_spent_with_its_costs_and_not_a_unit_more() -> None:
    hall = Hall(VenueCosts(D(100), D(0), D(1), fee_per_unit=D("0.5")))
    (fill,) = hall.broker.submit(aimed(1, "1", Basis.CASH)).fills
    left = hall.broker.account().cash["USDT"]
    assert D(0) <= left < D("0.2")
    assert fill.fee == fill.quantity * D("1.5")


def test_a_venue_that_cannot_value_the_account_refuses_aims() -> None:
    prices = ListedPrices([printed(0, "100")])
    broker = SimulatedBroker(NoJournal(), prices, VirtualClock(NOW), FREE, CASH, listed)
    with pytest.raises(BrokerError, match="quantities of BTCUSDT, no aims"):
        broker.submit(aimed(1, "0.5"))


@pytest.mark.parametrize(
    ("side", "bar", "price", "why"),
    [
        (Side.BUY, ("100", "104", "96"), None, None),
        (Side.BUY, ("100", "104", "90"), "90", "stop"),
        (Side.BUY, ("85", "90", "80"), "85", "stop"),
        (Side.BUY, ("100", "110", "96"), "110", "target"),
        (Side.BUY, ("115", "120", "112"), "115", "target"),
        (Side.BUY, ("100", "120", "80"), "90", "stop"),
        (Side.SELL, ("100", "104", "96"), None, None),
        (Side.SELL, ("100", "110", "96"), "110", "stop"),
        (Side.SELL, ("115", "120", "112"), "115", "stop"),
        (Side.SELL, ("100", "104", "90"), "90", "target"),
        (Side.SELL, ("85", "90", "80"), "85", "target"),
        (Side.SELL, ("100", "120", "80"), "110", "stop"),
    ],
)
def test_golden_a_protective_order_leaves_whole_inside_a_bar_stop_first(
    side: Side, bar: tuple[str, str, str], price: str | None, why: str | None
) -> None:
    hall = Hall()
    hall.broker.submit(wish(1, "10", side))
    stop, target = ("90", "110") if side is Side.BUY else ("110", "90")
    other = Side.SELL if side is Side.BUY else Side.BUY
    assert hall.broker.submit(protection(2, other, stop, target)).status is OrderStatus.ACCEPTED
    start, high, low = map(D, bar)
    fills = hall.broker.reach("BTCUSDT", Range(NOW + MINUTE, start, high, low))
    answer = hall.broker.order("Q2")
    assert answer is not None
    if price is None:
        assert (fills, answer.status) == ([], OrderStatus.ACCEPTED)
    else:
        assert [(f.quantity, f.price, f.side) for f in fills] == [(D(10), D(price), other)]
        assert (answer.status, answer.detail) == (OrderStatus.FILLED, why)
        assert hall.broker.account().positions == {}
    assert hall.again.order("Q2") == answer


def test_a_stop_pays_as_a_taker_and_a_target_as_a_maker() -> None:
    costs = VenueCosts(D(10), D(100), D(1), maker_bps=D(-2))
    for low, high, price, fee in (("90", "100", "89.10", "0.891"), ("95", "110", "110", "-0.22")):
        hall = Hall(costs)
        hall.broker.submit(wish(1, "10", collar=D(200)))
        hall.broker.submit(protection(2, Side.SELL, "90", "110"))
        (fill,) = hall.broker.reach("BTCUSDT", Range(NOW, D(100), D(high), D(low)))
        assert (fill.price, fill.fee) == (D(price), D(fee))


def test_a_protective_order_can_be_moved_and_meets_prints_as_well() -> None:
    hall = Hall()
    hall.broker.submit(wish(1, "10"))
    hall.broker.submit(protection(2, Side.SELL, "90", None))
    hall.broker.amend("Q2", ExitPlan(D(98), ()))
    hall.at(1, BTCUSDT="97.5")
    answer = hall.broker.order("Q2")
    assert answer is not None
    assert [fill.price for fill in answer.fills] == [D("97.5")]
    for name in ("Q1", "Q2", "Q9"):
        with pytest.raises(BrokerError, match=f"no open order {name} that protects"):
            hall.broker.amend(name, ExitPlan(D(98), ()))


def test_a_protective_order_ends_with_its_holding() -> None:
    hall = Hall()
    hall.broker.submit(wish(1, "10"))
    hall.broker.submit(protection(2, Side.SELL, "90", None))
    hall.broker.submit(wish(3, "10", Side.SELL))
    assert hall.broker.reach("BTCUSDT", Range(NOW, D(100), D(100), D(50))) == []
    answer = hall.broker.order("Q2")
    assert answer is not None
    assert (answer.status, answer.detail) == (OrderStatus.CANCELLED, "the holding that it protected is gone")


def test_what_holding_brings_is_in_the_cash() -> None:
    hall = Hall()
    hall.broker.pay(Money(D("-12.5"), "USDT"))
    assert hall.again.account().cash == {"USDT": D("9987.5")}


def test_golden_fees_by_unit_and_at_least_a_minimum() -> None:
    costs = VenueCosts(D(10), D(0), D(1), fee_per_unit=D("0.05"), minimum_fee=D(2))
    assert costs.fee(D(10), D(100), False) == D(2)
    assert costs.fee(D(100), D(100), False) == D(15)
    assert costs.fee(D(3), D("33.333333333"), True) == D(2)
    with pytest.raises(UsageError, match="make no sense"):
        VenueCosts(fee_per_unit=D(-1))
