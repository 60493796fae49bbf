"""Orders that rest at the simulated venue meet the inside of bars that have ended, at their level, worst first."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

import pytest

from domain.words import NOW
from execution.venues import CASH, FREE, listed, wish
from quorum.domain import (
    MINUTE,
    Hold,
    OrderIntent,
    OrderKind,
    OrderStatus,
    OrderTerms,
    Side,
    Trade,
    VirtualClock,
)
from quorum.execution import SimulatedBroker
from quorum.execution.fakes import MemoryJournal
from quorum.execution.simulated import Range

D = Decimal


@dataclass
class Barred:
    """Bars of a minute from NOW on: open, high, low."""

    held: list[tuple[str, str, str]]
    edition: int = 0
    looks: int = 0

    def prints(self, symbol: str, since: int, until: int) -> Iterable[Trade]:
        return [trade for trade, _ in self.bars(since, until)]

    def chart(self, symbol: str, since: int) -> Barred:
        return self

    def bars(self, since: int, until: int) -> Iterable[tuple[Trade, Range | None]]:
        for i, (o, h, low) in enumerate(self.held):
            bar = Range(NOW + i * MINUTE, D(o), D(h), D(low))
            if since <= bar.time <= until:
                self.looks += 1
                yield Trade("BTCUSDT", bar.time, bar.start, D(0)), bar if bar.time + MINUTE <= until else None


def terms(kind: OrderKind, trigger: str | None = None) -> OrderTerms:
    return OrderTerms(kind, Hold.GTC, None if trigger is None else D(trigger))


def filled(intent: OrderIntent, late: int, *bars: tuple[str, str, str]) -> list[tuple[int, float]]:
    """The fills of an order that came `late` ns after NOW, as minute and price, once all the bars have ended."""
    clock = VirtualClock(NOW + late)
    broker = SimulatedBroker(MemoryJournal(), Barred(list(bars)), clock, FREE, CASH, listed)
    broker.submit(intent)
    clock.advance_to(NOW + len(bars) * MINUTE)
    answer = broker.order(intent.client_order_id)
    assert answer is not None
    assert (answer.status is OrderStatus.FILLED) is bool(answer.fills)
    return [((fill.time - NOW) // MINUTE, float(fill.price)) for fill in answer.fills]


STOP = terms(OrderKind.STOP, "95")


@pytest.mark.parametrize(
    ("bars", "expected"),
    [
        ([("100", "101", "94"), ("97", "98", "96")], [(0, 95.0)]),  # reached inside, and back at the close
        ([("100", "101", "95"), ("97", "98", "96")], [(0, 95.0)]),  # touched
        ([("100", "101", "96"), ("93", "98", "92")], [(1, 93.0)]),  # opens beyond it
        ([("100", "101", "96"), ("97", "98", "96")], []),
    ],
)
def test_a_stop_is_reached_inside_of_a_bar(bars: list[tuple[str, str, str]], expected: list[tuple[int, float]]) -> None:
    assert filled(wish(1, side=Side.SELL, collar=D("0.01"), terms=STOP), 0, *bars) == expected


def test_a_bar_that_had_begun_before_the_order_came_is_not_held_against_it() -> None:
    order = wish(1, side=Side.SELL, collar=D("0.01"), terms=STOP)
    assert filled(order, 1, ("100", "101", "90"), ("97", "98", "96")) == []


def test_a_bar_that_has_not_ended_tells_nothing_of_its_inside() -> None:
    clock = VirtualClock(NOW)
    broker = SimulatedBroker(MemoryJournal(), Barred([("100", "101", "90")]), clock, FREE, CASH, listed)
    order = wish(1, side=Side.SELL, collar=D("0.01"), terms=STOP)
    assert broker.submit(order).fills == ()
    clock.advance_to(NOW + MINUTE - 1)
    assert broker.open_orders()[0].fills == ()


def test_a_buy_stop_looks_up_and_a_limit_that_rests_fills_at_its_limit() -> None:
    above = wish(1, collar=D(200), terms=terms(OrderKind.STOP, "105"))
    assert filled(above, 0, ("100", "106", "99")) == [(0, 105.0)]
    limit = wish(1, collar=D(97), terms=terms(OrderKind.LIMIT))
    assert filled(limit, 0, ("100", "101", "96")) == [(0, 97.0)]
    assert filled(limit, 0, ("100", "101", "98")) == []


def test_a_stop_limit_is_set_off_inside_and_filled_no_worse_than_its_limit() -> None:
    order = wish(1, side=Side.SELL, collar=D(96), terms=terms(OrderKind.STOP_LIMIT, "95"))
    assert filled(order, 0, ("100", "101", "94"), ("94", "97", "93")) == [(1, 96.0)]
