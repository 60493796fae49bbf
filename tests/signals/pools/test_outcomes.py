"""What became of a view, by hand and bar by bar; and that no later bar has a say in it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quorum.domain import HOUR, MINUTE, Direction, Timeframe, View
from quorum.lake import Bars, synthetic_market
from quorum.signals import ANALYSTS, ConsensusRules, Experts, Learning, ScoredVote, outcomes, taught

START = 1_700_000_000_000_000_000 // HOUR * HOUR
UP, DOWN, NEUTRAL = Direction.BULLISH, Direction.BEARISH, Direction.NEUTRAL


def bars(*prices: tuple[float, float, float], hours: tuple[int, ...] = ()) -> Bars:
    """Hourly bars of (high, low, close), from START on or at the given hours."""
    high, low, close = (np.array(c) for c in zip(*prices, strict=True))
    at = np.array(hours or range(len(prices)), np.int64)
    return Bars("BTC", "sim", Timeframe(HOUR), START + at * HOUR, close, close, high, low)


def view(direction: Direction = UP, minutes: int = 180, hour: int = 0, **more: Any) -> View:
    """A view from 100 with its stop 5 behind and its target 10 ahead."""
    side = direction.sign
    levels: dict[str, Any] = {"entry": (100.0, 100.0), "stop": 100.0 - 5 * side, "targets": (100.0 + 10 * side,)}
    given = {**(levels if side else {}), **more}
    return View("a", "BTC", START + hour * HOUR, direction, 0.7, minutes, "why", **given)


FLAT = (101.0, 99.0, 100.0)


@pytest.mark.parametrize(
    ("direction", "prices", "outcome", "hours"),
    [
        (UP, [FLAT, (110.0, 99.0, 109.0), FLAT], True, 2),
        (UP, [FLAT, (101.0, 95.0, 96.0), (120.0, 99.0, 119.0)], False, 2),
        (UP, [(111.0, 94.0, 100.0), FLAT, FLAT], False, 1),
        (UP, [FLAT, FLAT, (103.0, 99.0, 102.0)], True, 3),
        (UP, [FLAT, FLAT, FLAT], False, 3),
        (UP, [FLAT, FLAT, FLAT, (120.0, 99.0, 119.0)], False, 3),
        (DOWN, [FLAT, (101.0, 90.0, 91.0), FLAT], True, 2),
        (DOWN, [(105.0, 99.0, 100.0), (101.0, 80.0, 81.0), FLAT], False, 1),
        (DOWN, [FLAT, FLAT, (101.0, 97.0, 98.0)], True, 3),
    ],
)
def test_the_first_touch_decides(
    direction: Direction, prices: list[tuple[float, float, float]], outcome: bool, hours: int
) -> None:
    (found,) = outcomes(bars(*prices), [view(direction)])
    assert found == ScoredVote(START, "a", 0.7, START + hours * HOUR, outcome, direction.sign, 2.0, "BTC")


def test_only_what_opens_at_its_time_or_later_counts() -> None:
    series = bars((120.0, 80.0, 100.0), FLAT, (110.0, 99.0, 110.0))
    (found,) = outcomes(series, [view(hour=1)])
    assert (found.outcome, found.resolved_at) == (True, START + 3 * HOUR)
    between = View("a", "BTC", START + 1, UP, 0.7, 180, "", (100.0, 100.0), 95.0, (110.0,))
    assert outcomes(series, [between])[0].outcome


def test_what_is_open_still_is_left_out() -> None:
    assert outcomes(bars(FLAT, FLAT), [view()]) == ()
    assert outcomes(bars(FLAT, FLAT), [view(minutes=120)])[0].resolved_at == START + 2 * HOUR
    assert outcomes(bars(FLAT, FLAT), [view(hour=2)]) == ()
    assert outcomes(bars(FLAT), [view(NEUTRAL)]) == ()


def test_a_horizon_of_its_own_replaces_the_validity() -> None:
    series = bars(FLAT, FLAT, (110.0, 99.0, 110.0))
    assert not outcomes(series, [view(minutes=120)])[0].outcome
    assert outcomes(series, [view(minutes=120)], horizon=180)[0].outcome


def test_a_gap_ends_it_at_the_first_bar_that_shows_it() -> None:
    series = bars(FLAT, (103.0, 99.0, 103.0), FLAT, hours=(0, 1, 9))
    (found,) = outcomes(series, [view()])
    assert (found.outcome, found.resolved_at) == (True, START + 10 * HOUR)
    assert outcomes(bars(FLAT, FLAT, hours=(0, 9)), [view(hour=1)]) == ()


def test_a_view_that_was_recorded_twice_counts_once_and_others_not_at_all() -> None:
    once = view()
    other = View("b", "ETH", START, UP, 0.7, 60, "", (100.0, 100.0), 95.0, (110.0,))
    assert len(outcomes(bars(FLAT, FLAT, FLAT), [once, once, other])) == 1


def test_closes_are_enough() -> None:
    series = Bars("BTC", "sim", Timeframe(HOUR), START + np.arange(2) * HOUR, np.array([100.0, 112.0]))
    assert outcomes(series, [view()])[0].outcome


MARKET = synthetic_market(3, ["BTC"], Timeframe(HOUR), START, 260)["BTC"]


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 260), st.lists(st.tuples(st.integers(0, 250), st.integers(1, 900)), max_size=20))
def test_no_later_bar_has_a_say(cut: int, asked: list[tuple[int, int]]) -> None:
    views = []
    for i, minutes in asked:
        price = float(MARKET.close[i])
        side = UP if minutes % 2 else DOWN
        edges = price * (1 - 0.01 * side.sign), (price * (1 + 0.015 * side.sign),)
        time = START + (i + 1) * HOUR + (minutes % 7) * MINUTE
        views.append(View(f"s{i % 3}", "BTC", time, side, 0.6, minutes, "", (price, price), *edges))
    at = START + cut * HOUR
    known = [vote for vote in outcomes(MARKET, views) if vote.resolved_at <= at]
    assert list(outcomes(MARKET.as_of(at), views)) == known


def test_rules_are_taught_by_the_views_of_the_past() -> None:
    momentum = ANALYSTS["momentum"]
    market = synthetic_market(5, ["BTC"], Timeframe(HOUR), START, 1200)["BTC"]
    said = momentum.read(market)
    views = [v for i in range(len(market)) if isinstance(v := momentum.view(market, said, i), View)]
    rules = ConsensusRules(required=("momentum",), optional=("smc",), pool="hedge")
    found = taught(rules, market, views, START + 1000 * HOUR)
    assert found.experts is not None
    assert found.experts.calibrations["momentum"].kind in ("platt", "isotonic")
    assert found == taught(rules, market.slice(0, 1000), views, START + 1000 * HOUR)
    given = ConsensusRules(required=("momentum",), optional=(), pool="hedge", experts=Experts())
    for same in (given, ConsensusRules(), ConsensusRules(learning=Learning("fixed"))):
        assert taught(same, market, views, START) == same
