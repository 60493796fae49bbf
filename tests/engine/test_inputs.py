"""What the kernel is given: costs as fractions, measures known at each close, only changes of a target."""

from __future__ import annotations

from dataclasses import replace
from statistics import stdev

import numpy as np
import pytest

from engine.scripts import D1, FLAT, FREE, NAN, START, PanelScript, Script, closes_of, flat_bars, panel_of, want
from quorum.domain import DAY
from quorum.engine import Terms
from quorum.engine.inputs import market_of, rates_of, wishes_of
from quorum.lake import Bars

BARS = flat_bars([10.0, 11.0, 12.0])


def test_terms_become_fractions() -> None:
    rates = rates_of(BARS, Terms(fee_bps=10, slippage_bps=2, maker_bps=-1, fill="volume_capped", volume_share=0.2))
    assert (rates.taker, rates.maker, rates.slippage, rates.share) == pytest.approx((1e-3, -1e-4, 2e-4, 0.2))
    assert rates_of(BARS, Terms(fee_bps=10)).maker == 1e-3
    assert rates_of(BARS, Terms()).share == 0.0


def test_a_late_fill_of_closes_alone_is_not_late() -> None:
    late = Terms(fill="next_close")
    assert (rates_of(BARS, late).late, rates_of(closes_of([1.0, 2.0]), late).late) == (True, False)
    assert rates_of(closes_of([1.0, 2.0]), Terms(fill="same_close")).late


def test_what_no_cost_needs_is_not_handed_over() -> None:
    market = market_of(replace(BARS, volume=np.ones(3)), Terms())
    assert (market.volume.size, market.funding.size, market.impact.size, market.borrow.size) == (0, 0, 0, 0)


def test_columns_are_handed_over_as_they_are() -> None:
    market = market_of(BARS, Terms())
    assert BARS.open is not None
    assert np.shares_memory(market.close, BARS.close)
    assert np.shares_memory(market.fill, BARS.open)
    assert not market.close.flags.writeable


def test_a_target_counts_where_it_changes() -> None:
    weights = [0.0, 1.0, 1.0, 0.0, -0.0, 0.5]
    bars = flat_bars([1.0] * 6)
    script = Script([want(w) if w else FLAT for w in weights])
    wishes = wishes_of(script, bars, script.batch(bars, {}), {}, FREE)
    assert wishes.row.tolist() == [1, 3, 5]
    assert wishes.weight.tolist() == [[1.0], [0.0], [0.5]]
    assert wishes.stop.shape[1] == 1


def daily(n: int, seed: int = 1) -> Bars:
    rng = np.random.default_rng(seed)
    closes = (100 * np.exp(np.cumsum(rng.normal(0, 0.02, n)))).tolist()
    bars = flat_bars(closes, volume=rng.integers(1, 100, n).tolist())
    return replace(bars, timeframe=D1, time=START + np.arange(n) * DAY)


def spread(bars: Bars, terms: Terms) -> list[float]:
    """What the sizing divides by at each close."""
    script = Script([FLAT] * len(bars))
    column: list[float] = wishes_of(script, bars, script.batch(bars, {}), {}, terms).spread[:, 0].tolist()
    return column


def test_volatility_is_the_deviation_of_20_days_of_log_returns() -> None:
    bars = daily(60)
    found = spread(bars, replace(FREE, sizing="volatility"))
    returns = np.diff(np.log(bars.close)).tolist()
    assert np.isnan(found[:20]).all()
    expected = [stdev(returns[i - 20 : i]) * np.sqrt(365) for i in range(20, 60)]
    assert found[20:] == pytest.approx(expected, rel=1e-12)


def test_volatility_of_shorter_bars_is_that_of_as_many_days() -> None:
    hourly = replace(daily(600), timeframe=flat_bars([1.0]).timeframe, time=flat_bars([1.0] * 600).time)
    found = spread(hourly, replace(FREE, sizing="volatility"))
    returns = np.diff(np.log(hourly.close)).tolist()
    assert np.isnan(found[:480]).all()
    assert found[480] == pytest.approx(stdev(returns[:480]) * np.sqrt(24 * 365), rel=1e-12)


def test_impact_is_nothing_before_20_bars_and_then_of_the_days_before() -> None:
    bars = daily(60)
    assert bars.volume is not None
    impact = market_of(bars, Terms(impact=0.5)).impact[:, 0].tolist()
    returns = np.diff(np.log(bars.close)).tolist()
    assert impact[:21] == [0.0] * 21
    for i in range(21, 60):
        volatility, volume = stdev(returns[i - 21 : i - 1]), bars.volume[i - 20 : i].mean()
        assert impact[i] == pytest.approx(0.5 * volatility / np.sqrt(volume), rel=1e-12)


def test_borrowing_is_by_the_time_since_the_bar_before() -> None:
    time = START + np.array([0, 1, 4]) * DAY
    market = market_of(replace(BARS, timeframe=D1, time=time), Terms(borrow_rate=0.365))
    assert market.borrow.tolist() == pytest.approx([0.0, 0.001, 0.003])


def test_a_symbols_range_is_over_its_own_bars_and_held_over_those_it_lacks() -> None:
    closes = daily(800).close
    gaps = np.where(np.arange(800) % 3 == 2, NAN, closes)
    panel = panel_of({"A": gaps.tolist(), "B": [1.0] * 800})
    there = ~np.isnan(gaps)
    script = PanelScript({0: [0.0, 0.0]})
    found = wishes_of(script, panel, script.batch(panel, {}), {}, replace(FREE, sizing="atr")).spread[:, 0]
    own = panel_of({"A": gaps[there].tolist()})
    alone = wishes_of(script, own, PanelScript({}).batch(own, {}), {"atr_period": 14}, replace(FREE, sizing="atr"))
    assert found[there].tolist() == pytest.approx(alone.spread[:, 0].tolist(), nan_ok=True)
    assert np.isfinite(found[-1])
    assert found[797] == found[796]
    assert not market_of(panel, Terms()).dense
