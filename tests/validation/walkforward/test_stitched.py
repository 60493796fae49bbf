"""Stitching: several parameter sets traded as one strategy, as if their targets had been written down by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from quorum.domain import DAY
from quorum.engine import Backtest, Terms, backtest
from quorum.engine.backtest import wishes_for
from quorum.lake import Bars, Panel
from quorum.signals import AnyStrategy, Targets, find_strategy, from_batch
from quorum.validation.walkforward import Leg, stitch
from validation.markets import RULES, START, follower, market, rotation

BARS = market()
LEGS = (
    Leg(START + 100 * DAY, START + 150 * DAY, {"look": 6, "other": 0.0}),
    Leg(START + 150 * DAY, START + 200 * DAY, {"look": 12, "other": -0.5}),
    Leg(START + 200 * DAY, START + 260 * DAY, {"look": 6, "other": 0.0}),
)
TERMS = [Terms(), Terms(sizing="units", size=2), Terms(fill="next_close", slippage_bps=5), Terms(sizing="volatility")]


def by_hand(bars: Bars, strategy: AnyStrategy, legs: tuple[Leg, ...], terms: Terms, late: int = 0) -> Backtest:
    """Each leg's own targets, copied into one column a kind, and traded."""
    columns: Any = [np.zeros(len(bars)), *(np.full(len(bars), np.nan) for _ in range(3))]
    for leg in legs:
        rows = slice(*np.searchsorted(bars.time, leg[:2]))
        for column, own in zip(columns, strategy.batch(bars, leg.parameters).full(), strict=True):
            column[rows] = own[rows]
    for column, start in zip(columns, (0.0, np.nan, np.nan, np.nan), strict=True):
        column[late:] = column[: len(column) - late].copy()
        column[:late] = start
    script = from_batch("written", lambda b, p: Targets(*(c[: len(b)].copy() for c in columns)), 0)
    end = int(np.searchsorted(bars.time, legs[-1].end))
    return backtest(bars.slice(0, end), script, {}, terms, None)


@pytest.mark.parametrize("terms", TERMS, ids=lambda t: f"{t.sizing}-{t.fill}")
def test_legs_trade_as_their_targets_written_down(terms: Terms) -> None:
    whole, found = by_hand(BARS, follower(), LEGS, terms), stitch(BARS, follower(), terms, LEGS).trade(terms)
    assert found.equity.tobytes() == whole.equity[300:].tobytes()
    assert found.trades.profit.tobytes() == whole.trades.profit.tobytes()
    assert found.trades.entry_time.tolist() == whole.trades.entry_time.tolist()
    assert found.fills.decided.tolist() == whole.fills.decided.tolist()
    assert int(found.time[0]) == LEGS[0].start
    assert int(found.time[-1]) < LEGS[-1].end
    assert len(found.trades) > 10


def test_stops_are_those_of_the_leg() -> None:
    breakout = find_strategy("trend_breakout", RULES)
    legs = tuple(
        Leg(leg.start, leg.end, {"donchian_lookback": n, "atr_period": 10, "atr_multiple": m})
        for leg, n, m in zip(LEGS, (10, 20, 15), (1.0, 2.0, 0.5), strict=True)
    )
    whole = by_hand(BARS, breakout, legs, Terms())
    found = stitch(BARS, breakout, Terms(), legs).trade(Terms())
    assert found.equity.tobytes() == whole.equity[300:].tobytes()
    assert "stop" in set(found.trades.reason.tolist())


def test_sizing_by_range_follows_the_period_of_the_leg() -> None:
    breakout, terms = find_strategy("trend_breakout", RULES), Terms(sizing="atr", size=0.01)
    legs = tuple(
        Leg(leg.start, leg.end, {"donchian_lookback": 10, "atr_period": period, "atr_multiple": 2.0})
        for leg, period in zip(LEGS, (2, 9, 9), strict=True)
    )
    spread = stitch(BARS, breakout, terms, legs).wishes.spread
    for leg in legs:
        rows = slice(*np.searchsorted(BARS.time, leg[:2]))
        assert spread[rows].tobytes() == wishes_for(BARS, breakout, leg.parameters, terms).spread[rows].tobytes()


def test_nothing_happens_between_two_legs_of_the_same_parameters() -> None:
    legs = (LEGS[0], Leg(LEGS[1].start, LEGS[1].end, LEGS[0].parameters))
    one = (Leg(LEGS[0].start, LEGS[1].end, LEGS[0].parameters),)
    two, single = (stitch(BARS, follower(), Terms(), each).trade(Terms()) for each in (legs, one))
    assert two.equity.tobytes() == single.equity.tobytes()


def test_a_bar_late_is_every_target_a_bar_later() -> None:
    late = stitch(BARS, follower(), Terms(), LEGS).delayed().trade(Terms())
    whole = by_hand(BARS, follower(), LEGS, Terms(), late=1)
    assert late.equity.tobytes() == whole.equity[300:].tobytes()
    breakout = find_strategy("trend_breakout", RULES)
    leg = (Leg(LEGS[0].start, LEGS[2].end, {"donchian_lookback": 10, "atr_period": 10, "atr_multiple": 1.0}),)
    late = stitch(BARS, breakout, Terms(), leg).delayed().trade(Terms())
    assert late.equity.tobytes() == by_hand(BARS, breakout, leg, Terms(), late=1).equity[300:].tobytes()


def test_a_portfolio_takes_over_what_the_new_parameters_last_wanted() -> None:
    panel = Panel.of([market(seed=5, symbol=symbol) for symbol in ("AAA", "BBB", "CCC", "DDD")])
    legs = (
        Leg(START + 100 * DAY, START + 170 * DAY, {"lookback": 40, "top": 1}),
        Leg(START + 170 * DAY, START + 250 * DAY, {"lookback": 60, "top": 2}),
    )
    found = stitch(panel, rotation(), Terms(), legs)
    for leg in legs:
        own = wishes_for(panel, rotation(), leg.parameters, Terms())
        row = int(np.searchsorted(panel.time, leg.start))
        at = int(np.searchsorted(found.wishes.row, row))
        assert found.wishes.row[at] == row
        assert found.wishes.weight[at].tolist() == own.weight[np.searchsorted(own.row, row, "right") - 1].tolist()
        inside = (own.row > row) & (own.row < np.searchsorted(panel.time, leg.end))
        assert set(own.row[inside].tolist()) <= set(found.wishes.row.tolist())
    result = found.trade(Terms())
    assert len(result.equity) == 450
    assert result.equity[0] == pytest.approx(100_000.0)
    assert len(result.trades) > 2
