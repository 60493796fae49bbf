"""Limits that bind: what they cut, what they stop, and what they let pass, worked out by hand or by the kernel."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

import numpy as np
import pytest

from engine.events.generated import H1, LOOSE, START, Allotted, Drawn, differences, market
from quorum.domain import HOUR, Instrument, OrderStatus, Purpose, Side, UsageError
from quorum.engine import Terms, backtest
from quorum.engine.events import Driven, drive
from quorum.lake import Bars, Panel
from quorum.risk import RiskLimits

FREE = Terms(fee_bps=0, starting_equity=1_000)
TIGHT = replace(LOOSE, price_collar_bps=Decimal(0))


def closes(*prices: float) -> Bars:
    """Hourly bars that stand at one price each."""
    column = np.array(prices, dtype=np.float64)
    return Bars("TEST", "test", H1, START + np.arange(len(prices)) * HOUR, column, column, column, column)


def wants(weights: Sequence[float], stop: float = float("nan")) -> Drawn:
    none = np.full(len(weights), np.nan)
    return Drawn((np.array(weights, dtype=np.float64), np.full(len(weights), stop), none, none))


def driven(prices: Sequence[float], weights: Sequence[float], limits: RiskLimits, **terms: Any) -> Driven:
    stop = terms.pop("stop", float("nan"))
    return drive(closes(*prices), wants(weights, stop), {}, replace(FREE, **terms), limits)


def fills(result: Driven) -> list[tuple[float, float, float]]:
    """Each fill as (bar, quantity, price)."""
    return [(row[0], row[3], row[4]) for row in result.backtest.rows.tolist()]


def test_golden_a_position_is_cut_to_its_share_and_sent_as_a_quantity() -> None:
    """Equity 1,000 at 10 asks for 100 units; 40 % of it are 40, bought at the next open of 8 and held to 12."""
    result = driven((10, 8, 12), (1, 1, 1), replace(TIGHT, max_position=Decimal("0.4")))
    assert fills(result) == [(1, 40, 8)]
    assert result.backtest.equity.tolist() == [1_000, 1_000, 1_160]
    assert (dict(result.shrunk), dict(result.vetoed)) == ({"max_position": 1}, {})
    assert [(o.intent.quantity, o.status) for o in result.orders] == [(40, OrderStatus.FILLED)]


def test_golden_without_the_limit_the_weight_is_executed_at_the_open() -> None:
    result = driven((10, 8, 12), (1, 1, 1), TIGHT)
    assert fills(result) == [(1, 125, 8)]
    assert result.backtest.equity.tolist() == [1_000, 1_000, 1_500]
    assert [(o.intent.quantity, o.intent.side, o.intent.purpose) for o in result.orders] == [
        (125, Side.BUY, Purpose.TARGET)
    ]


def test_golden_what_is_deployed_in_all_is_shared_in_the_order_of_the_symbols() -> None:
    """60 % of 1,000: the first takes half, the second the tenth that is left, the third gets nothing."""
    column = np.full((3, 3), 10.0)
    panel = Panel(("A", "B", "C"), "test", H1, START + np.arange(3) * HOUR, column, column, column, column)
    limits = replace(TIGHT, max_deployed=Decimal("0.6"))
    result = drive(panel, Allotted({0: np.array([0.5, 0.3, 0.2])}), {}, FREE, limits)
    assert [(row[2], row[3]) for row in result.backtest.rows.tolist()] == [(0, 50), (1, 10)]
    assert (dict(result.shrunk), dict(result.vetoed)) == ({"max_deployed": 1}, {"max_deployed": 1, **MINIMUM})


MINIMUM = {"min_order_notional": 1}


def test_golden_cash_pays_for_what_the_collar_allows() -> None:
    """A collar of 1 % reckons with 10.1 a unit: 1,000 buys 99.0099..; with 1 % of credit it buys all 100."""
    cash_only = replace(LOOSE, price_collar_bps=Decimal(100), max_borrowed=Decimal(0))
    result = driven((10, 10), (1, 1), cash_only)
    assert [quantity for _, quantity, _ in fills(result)] == pytest.approx([1_000 / 10.1], rel=1e-12)
    assert dict(result.shrunk) == {"cash": 1}
    assert fills(driven((10, 10), (1, 1), replace(cash_only, max_borrowed=Decimal("0.01")))) == [(1, 100, 10)]


def test_golden_a_flip_that_may_not_open_closes() -> None:
    """Long 100, then -1 is wanted: the 100 are sold, the short is vetoed; the next long is bought again."""
    limits = replace(TIGHT, allow_short=False)
    result = driven((10, 10, 10, 10), (1, -1, 1, 1), limits)
    assert fills(result) == [(1, 100, 10), (2, -100, 10), (3, 100, 10)]
    assert (dict(result.shrunk), dict(result.vetoed)) == ({}, {"allow_short": 1, **MINIMUM})
    assert result.evaluated["holding"] == 1


def test_golden_a_flip_that_may_open_in_part_is_one_order() -> None:
    """Long 20 at 10, then -0.5 is wanted and 30 % allowed: 20 are closed and 30 opened, in one order of 50."""
    result = driven((10, 10, 10, 10), (0.2, -0.5, -0.5, -0.5), replace(TIGHT, max_position=Decimal("0.3")))
    assert fills(result) == [(1, 20, 10), (2, -50, 10)]
    assert dict(result.shrunk) == {"max_position": 1}
    assert len(result.orders) == 2


def test_golden_an_order_below_the_smallest_is_not_sent() -> None:
    limits = replace(TIGHT, min_order_notional=Decimal(300))
    result = driven((10, 10, 10, 10), (0.2, 0.3, 0.6, 0.6), limits)
    assert fills(result) == [(2, 30, 10), (3, 30, 10)]
    assert dict(result.vetoed) == MINIMUM


def test_golden_a_stop_bounds_what_is_lost_at_it() -> None:
    """0.5 % of 1,000 are 5; with a stop 2 away from 10 that is 2.5 units."""
    result = driven((10, 10, 10), (1, 1, 1), replace(TIGHT, risk_per_trade=Decimal("0.005")), stop=8.0)
    assert fills(result) == [(1, 2.5, 10)]
    assert dict(result.shrunk) == {"risk_per_trade": 1}


def test_golden_after_the_loss_that_ends_it_nothing_is_opened_and_all_is_closed() -> None:
    """100 units from 10 to 7.9 lose 21 %: the short that follows is vetoed, the holding is sold."""
    result = driven((10, 10, 7.9, 7.9, 7.9), (1, 1, -1, 1, 1), replace(TIGHT, max_total_loss=Decimal("0.2")))
    assert fills(result) == [(1, 100, 10), (3, -100, 7.9)]
    assert dict(result.vetoed) == {"max_total_loss": 2, "min_order_notional": 2}
    assert result.backtest.final_equity == pytest.approx(790)


def test_a_price_beyond_the_collar_is_not_taken() -> None:
    result = driven((10, 10.2, 10.05, 10), (1, 1, 1, 1), replace(LOOSE, price_collar_bps=Decimal(100)))
    assert [(bar, price) for bar, _, price in fills(result)] == [(2, 10.05)]


def test_golden_a_stop_is_told_to_risk_and_never_stopped_by_it() -> None:
    used_up = replace(TIGHT, max_position=Decimal("0.4"), max_deployed=Decimal("0.4"), min_order_notional=Decimal(399))
    result = driven((10, 10, 8, 8), (1, 1, 1, 1), used_up, stop=9.0)
    assert fills(result) == [(1, 40, 10), (2, -40, 8)]
    assert result.evaluated["holding"] == 1
    assert [order.intent.purpose for order in result.orders] == [Purpose.TARGET, Purpose.REDUCTION]


@pytest.mark.parametrize("seed", range(6))
def test_a_cap_on_a_position_is_the_same_as_a_smaller_size(seed: int) -> None:
    rng = np.random.default_rng(seed)
    bars = market(rng, 300)
    weight = np.repeat(rng.choice([0.0, 1.0], 60), 5)
    terms = Terms(fill="next_open_presized", fee_bps=7, slippage_bps=3)
    strategy, at_the_collar = wants(weight), 0.4 / 1.9999
    capped = replace(LOOSE, max_position=Decimal("0.4"))
    small = backtest(bars, strategy, {}, replace(terms, size=at_the_collar), None)
    result = drive(bars, strategy, {}, terms, capped)
    assert result.shrunk["max_position"] > 10
    assert set(result.shrunk) == {"max_position"}
    assert differences(small, result.backtest) == []


def test_golden_steps_of_an_instrument_round_against_us() -> None:
    """333.33.. units of 3 become 333, and 10 basis points above 3 become 3.01, in steps of 1 and of 0.01."""
    stepped = {"TEST": Instrument("TEST", "test", "TEST", "USD", Decimal("0.01"), Decimal(1))}
    terms = replace(FREE, slippage_bps=10)
    result = drive(closes(3, 3, 3, 3), wants((1, 1, 0, 0)), {}, terms, LOOSE, stepped)
    assert fills(result) == [(1, 333, 3.01), (3, -333, 2.99)]


def test_instruments_that_do_not_make_one_book_are_refused() -> None:
    def of(symbol: str, quote: str) -> Instrument:
        return Instrument(symbol, "test", symbol, quote, Decimal("0.01"), Decimal(1))

    with pytest.raises(UsageError, match="no instrument of TEST"):
        drive(closes(1, 1), wants((1, 1)), {}, FREE, LOOSE, {"OTHER": of("OTHER", "USD")})
    column = np.full((2, 2), 10.0)
    panel = Panel(("A", "B"), "test", H1, START + np.arange(2) * HOUR, column, column, column, column)
    instruments = {"A": of("A", "USD"), "B": of("B", "EUR")}
    with pytest.raises(UsageError, match="trade in EUR, USD"):
        drive(panel, Allotted({0: np.array([1.0, 0.0])}), {}, FREE, LOOSE, instruments)
