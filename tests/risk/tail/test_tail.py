"""Tails, stress and clusters: golden values, what is inconclusive, and what a limit may rely on."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quorum.domain import UsageError
from quorum.risk.tail import (
    SCENARIOS,
    History,
    Inconclusive,
    Likeness,
    Scenario,
    Stress,
    TailRisk,
    all_at_once,
    joined,
    likeness,
    move_together,
    tail_risk,
    together,
    weights,
    worst_days,
    worst_of,
)
from risk.books import SYMBOL, book

DAYS = 400


def walk(seed: int, days: int = DAYS, first: int = 19_000, scale: float = 0.01) -> History:
    rng = np.random.default_rng(seed)
    return History(np.arange(first, first + days), rng.normal(0.0, scale, days))


def mixed(base: History, seed: int, share: float) -> History:
    """A history that correlates with `base` at about `share`."""
    own = walk(seed, len(base.day)).returns
    return History(base.day, share * base.returns + np.sqrt(1 - share**2) * own)


def risk_of(found: TailRisk | Inconclusive) -> TailRisk:
    assert isinstance(found, TailRisk)
    return found


def stress_of(found: Stress | Inconclusive) -> Stress:
    assert isinstance(found, Stress)
    return found


def test_golden_a_tail_that_is_counted_by_hand() -> None:
    falls = History(np.arange(100), np.linspace(-0.10, 0.098, 100))
    found = risk_of(tail_risk({"A": 1.0}, {"A": falls}))
    assert found.days == 100
    assert found.value_at_risk == pytest.approx(-0.10 + 0.002 * 4.95)
    assert found.shortfall == pytest.approx(np.mean([-0.10, -0.098, -0.096, -0.094, -0.092]))
    assert found.gaussian == pytest.approx(falls.returns.mean() - 1.6448536269514722 * falls.returns.std(ddof=1))
    assert found.worst == pytest.approx(-0.10)


def test_a_normal_book_has_the_same_tail_by_every_method() -> None:
    found = risk_of(tail_risk({"A": 0.5, "B": -0.5}, {"A": walk(1, 20_000), "B": walk(2, 20_000)}))
    sigma = 0.01 / np.sqrt(2)
    for value in (found.value_at_risk, found.gaussian, found.modified):
        assert value == pytest.approx(-1.645 * sigma, rel=0.05)
    for value in (found.shortfall, found.gaussian_shortfall):
        assert value == pytest.approx(-2.063 * sigma, rel=0.05)


@given(st.floats(-3, 3), st.floats(-3, 3), st.floats(0.1, 4))
def test_a_tail_grows_with_the_book_and_the_mean_beyond_it_is_worse(a: float, b: float, times: float) -> None:
    past = {"A": walk(3), "B": walk(4)}
    one, more = (risk_of(tail_risk({"A": a * k, "B": b * k}, past)) for k in (1.0, times))
    assert more.value_at_risk == pytest.approx(one.value_at_risk * times, abs=1e-12)
    assert more.shortfall == pytest.approx(one.shortfall * times, abs=1e-12)
    assert one.worst <= one.shortfall <= one.value_at_risk + 1e-15


def test_too_few_days_say_nothing_and_name_whose_they_are() -> None:
    past = {"A": walk(1), "B": walk(2, 40, first=19_360)}
    assert tail_risk({"A": 0.5, "B": 0.5}, past) == Inconclusive("B", 40, 100)
    assert tail_risk({"A": 0.5}, past, 0.01) == Inconclusive("A", 400, 500)
    assert tail_risk({"A": 0.5, "C": 0.1}, past) == Inconclusive("C", 0, 100)
    assert worst_days({"B": 1.0}, past) == Inconclusive("B", 40, 60)
    assert all_at_once({"B": 1.0}, past) == Inconclusive("B", 40, 60)
    assert risk_of(tail_risk({}, past)).value_at_risk == 0.0
    assert stress_of(worst_days({}, past)).result == stress_of(all_at_once({}, past)).result == 0.0


def test_common_days_alone_count() -> None:
    a = History.of({5: 0.1, 3: 0.2, 9: -0.1})
    b = History.of([(9, 0.5), (5, -0.5), (4, 0.0)])
    both = together({"b": b, "a": a}, ["b", "a"], 2)
    assert not isinstance(both, Inconclusive)
    assert both.names == ("a", "b")
    assert both.day.tolist() == [5, 9]
    assert both.returns.tolist() == [[0.1, -0.5], [-0.1, 0.5]]
    assert together({}, [], 5).day.tolist() == []  # type: ignore[union-attr]


def test_a_live_day_takes_the_place_of_a_tested_one() -> None:
    both = joined(History.of({1: 0.1, 2: 0.2}), History.of({2: -0.2, 3: 0.3}))
    assert (both.day.tolist(), both.returns.tolist()) == ([1, 2, 3], [0.1, -0.2, 0.3])


def test_golden_scenarios() -> None:
    held = {"BTCUSDT": 0.5, "AAPL": 0.4, "BTCUSD": -0.1}
    found = {stress.name: stress for stress in worst_of(held)}
    assert found["everything falls by a fifth"].result == pytest.approx(-0.16)
    crash = found["shares as on 1987-10-19, coins as on 2020-03-12"]
    assert crash.result == pytest.approx(-0.5 * 0.39 - 0.4 * 0.20 + 0.1 * 0.39)
    assert (crash.most, crash.most_result) == ("BTCUSDT", pytest.approx(-0.195))
    assert found["a stablecoin at 90 cents"].result == pytest.approx(-0.05)
    results = [stress.result for stress in worst_of(held)]
    assert results == sorted(results)
    assert len(results) == len(SCENARIOS)
    assert worst_of({}, SCENARIOS[:1]) == (Stress("everything falls by a tenth", 0.0, "", 0.0),)


def test_the_longest_name_that_fits_gives_the_shock() -> None:
    scenario = Scenario("mixed", -0.01, {"USDT": -0.2, "BTCUSDT": -0.4, "AAPL": 0.1})
    assert [scenario.shock(s) for s in ("BTCUSDT", "ETHUSDT", "AAPL", "MSFT")] == [-0.4, -0.2, 0.1, -0.01]


def test_golden_the_worst_week_of_the_past() -> None:
    returns = np.zeros(100)
    returns[40:45] = -0.05
    returns[70] = -0.12
    past = {"A": History(np.arange(100), returns)}
    day, week = (stress_of(worst_days({"A": 2.0}, past, days)) for days in (1, 5))
    assert (day.name, day.result) == ("the worst 1 day, from 1970-03-12", pytest.approx(-0.24))
    assert (week.name, week.result) == ("the worst 5 days, from 1970-02-10", pytest.approx(2 * (0.95**5 - 1)))


@given(st.floats(-2, 2), st.floats(-2, 2))
def test_all_at_once_is_never_better_than_the_normal_tail(a: float, b: float) -> None:
    past = {name: History(h.day, h.returns - h.returns.mean()) for name, h in (("A", walk(5)), ("B", walk(6)))}
    at_once, tail = stress_of(all_at_once({"A": a, "B": b}, past)), risk_of(tail_risk({"A": a, "B": b}, past))
    assert at_once.result <= tail.gaussian + 1e-12


def alike_of(**histories: History) -> Likeness:
    return likeness(histories)


def test_golden_clusters_are_chains_of_what_correlates() -> None:
    base = walk(10, 2_000)
    near, apart = mixed(base, 11, 0.9), walk(12, 2_000)
    nearer = mixed(near, 13, 0.85)
    alike = alike_of(a=base, b=near, c=nearer, d=apart)
    pair = alike.correlation[alike.names.index("a"), alike.names.index("c")]
    assert 0.7 < pair < 0.8
    assert move_together(alike, 0.8) == {"cluster 1": frozenset("abc")}
    assert move_together(alike, 0.999) == {}
    assert alike.unsure == ()


def test_a_pair_of_which_nothing_is_known_counts_as_alike() -> None:
    base = walk(10, 500)
    alike = alike_of(a=base, b=mixed(base, 11, 0.9), new=walk(12, 30), flat=History(base.day, np.zeros(500)))
    assert {pair[:2] for pair in alike.unsure} == {
        *(("a", "flat"), ("b", "flat"), ("flat", "new"), ("a", "new"), ("b", "new"))
    }
    assert set(move_together(alike).values()) == {
        frozenset({"a", "b"}),
        frozenset({"a", "flat", "new"}),
        frozenset({"b", "flat", "new"}),
        frozenset({"a", "b", "flat", "new"}),
    }
    assert move_together(alike, unsure_alike=False) == {"cluster 1": frozenset({"a", "b"})}


@settings(max_examples=30)
@given(st.lists(st.floats(0, 0.99), min_size=1, max_size=5), st.floats(0.05, 0.95))
def test_no_pair_above_the_threshold_is_ever_counted_apart(shares: list[float], threshold: float) -> None:
    base = walk(20, 200)
    alike = likeness({"base": base} | {f"n{i}": mixed(base, 30 + i, share) for i, share in enumerate(shares)})
    groups = move_together(alike, threshold).values()
    for i, one in enumerate(alike.names):
        for j, other in enumerate(alike.names[:i]):
            if alike.correlation[i, j] >= threshold:
                assert any({one, other} <= group for group in groups)
    assert all(len(group) > 1 for group in groups)


def test_the_weights_of_a_book_are_of_its_equity() -> None:
    assert weights(book(held="30", cash="7000")) == {SYMBOL: 0.3}
    assert weights(book(held="-30", cash="13000")) == {SYMBOL: -0.3}
    with pytest.raises(UsageError, match="nothing can be a fraction"):
        weights(book(cash="0"))


@pytest.mark.parametrize(
    "ask",
    [
        lambda: History(np.array([2, 1]), np.zeros(2)),
        lambda: History(np.array([1]), np.zeros(2)),
        lambda: History(np.array([1]), np.array([np.nan])),
        lambda: History(np.array([1]), np.array([-1.5])),
        lambda: tail_risk({"A": float("nan")}, {}),
        lambda: tail_risk({"A": 1.0}, {}, 0.0),
        lambda: tail_risk({"A": 1.0}, {}, 0.6),
        lambda: Scenario("worse than all", -1.1),
        lambda: Scenario("no number", 0.0, {"A": float("nan")}),
        lambda: likeness({}, 2),
        lambda: move_together(likeness({}), 0.0),
    ],
)
def test_what_makes_no_sense_is_refused(ask: Callable[[], object]) -> None:
    with pytest.raises(UsageError):
        ask()
