"""Bar by bar, through proposals, limits, orders and the simulated broker, a strategy trades as the kernel trades it."""

from __future__ import annotations

import runpy
import time
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.events.generated import LOOSE, Case, case_of, differences, market, panel_case_of, some_terms
from quorum.domain import HOUR, MINUTE, InvalidSignal, OrderStatus, Row, Timeframe
from quorum.engine import FILLS, Backtest, Terms, backtest
from quorum.engine.events import Driven, drive
from quorum.lake import Bars, Panel
from quorum.signals import ConsensusRules, Exit, Params, Target, find_strategy
from quorum.signals.specs import SpecStrategy
from quorum.signals.strategies import DEMO_MA, ROTATION
from signals.strategies.specs import random_spec

ALWAYS = {"max_total_loss", "max_position", "max_deployed", "min_order_notional"}
EVERY = {*ALWAYS, "allow_short", "cash", "risk_per_trade", "holding"}
T1 = Terms(sizing="units", starting_equity=1e6)
T3 = Terms(starting_equity=1e7)
TOP = {"lookback": 120, "top": 75}


def both(case: Case, given: Mapping[str, object] | None = None) -> tuple[Backtest, Driven]:
    """The kernel's backtest and the driven one; no limit has bound."""
    bars, strategy, terms = case
    driven = drive(bars, strategy, given or {}, terms, LOOSE)
    assert (dict(driven.shrunk), dict(driven.vetoed)) == ({}, {})
    return backtest(bars, strategy, given or {}, terms, None), driven


def evaluated_on(cases: list[Case]) -> tuple[Counter[str], int]:
    """How often each check ran, and the fills, when every case is equal."""
    checks: Counter[str] = Counter()
    fills = 0
    for number, case in enumerate(cases):
        kernel, driven = both(case)
        assert differences(kernel, driven.backtest) == [], (number, case.terms)
        checks.update(driven.evaluated)
        fills += len(kernel.rows)
    return checks, fills


def spec_case(seed: int) -> Case:
    rng = np.random.default_rng(seed)
    bars = market(rng, 400, volume=True)
    return Case(bars, SpecStrategy(random_spec(seed)), some_terms(rng))


@pytest.mark.parametrize("first", range(0, 120, 40))
def test_drawn_targets_and_exits_trade_as_in_the_kernel(first: int) -> None:
    checks, fills = evaluated_on([case_of(seed) for seed in range(first, first + 40)])
    assert fills > 1_000
    assert set(checks) == EVERY


@pytest.mark.parametrize("first", range(0, 60, 30))
def test_drawn_allocations_of_many_symbols_trade_as_in_the_kernel(first: int) -> None:
    checks, fills = evaluated_on([panel_case_of(seed) for seed in range(first, first + 30)])
    assert fills > 500
    assert set(checks) == EVERY - {"risk_per_trade"}


def test_generated_specs_trade_as_in_the_kernel() -> None:
    checks, fills = evaluated_on([spec_case(seed) for seed in range(30)])
    assert fills > 500
    assert set(checks) == EVERY


@pytest.mark.slow
@pytest.mark.parametrize("first", range(1_000, 2_000, 100))
def test_a_thousand_generated_strategies_trade_as_in_the_kernel(first: int) -> None:
    checks, fills = evaluated_on([spec_case(seed) for seed in range(first, first + 100)])
    assert fills > 2_000
    assert set(checks) == EVERY


@pytest.mark.slow
@pytest.mark.parametrize("draw", [case_of, panel_case_of])
def test_many_more_drawn_cases_trade_as_in_the_kernel(draw: Callable[[int], Case]) -> None:
    evaluated_on([draw(seed) for seed in range(1_000, 2_000)])


class Counted:
    """A strategy that counts its steps."""

    def __init__(self, rule: Any) -> None:
        self.rule, self.steps = rule, 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self.rule, name)

    def step(self, state: Any, row: Any) -> Any:
        self.steps += 1
        return self.rule.step(state, row)


def test_each_bar_is_one_step_and_nothing_is_asked_of_the_batch_form() -> None:
    case = case_of(3)
    counted = Counted(case.strategy)
    counted.batch = None
    driven = drive(case.bars, counted, {}, case.terms, LOOSE)
    assert counted.steps == len(case.bars)
    assert differences(backtest(*case[:2], {}, case.terms, None), driven.backtest) == []


def test_the_orders_are_whole_objects_that_explain_every_fill() -> None:
    for seed in range(20):
        case = case_of(seed)
        driven = drive(case.bars, case.strategy, {}, case.terms, LOOSE)
        assert all(order.status in (OrderStatus.FILLED, OrderStatus.CANCELLED) for order in driven.orders)
        assert len({order.intent.client_order_id for order in driven.orders}) == len(driven.orders)
        filled = sum(order.intent.side.sign * order.filled for order in driven.orders)
        assert float(filled) == pytest.approx(driven.backtest.rows[:, 3].sum(), abs=1e-9)
        times = [order.intent.created_at for order in driven.orders]
        assert times == sorted(times)


def minutes(n: int, shared: Path) -> tuple[Bars, dict[str, Any]]:
    """The first n bars of T1, and the module that made them."""
    floor = runpy.run_path(str(shared / "bench" / "floor.py"))
    columns = [column[:n] for column in floor["minute_bars"]()[:5]]
    start, high, low, close, volume = columns
    instants = np.arange(len(close)) * MINUTE
    bars = Bars("T", "x", Timeframe(MINUTE), instants, close, start, high, low, volume, price_decimals=2)
    return bars, floor


@pytest.mark.real_data
@pytest.mark.parametrize("fill", FILLS)
def test_a_slice_of_t1_under_every_fill_model(shared: Path, fill: str) -> None:
    bars, _ = minutes(8_000, shared)
    kernel, driven = both(Case(bars, DEMO_MA, Terms(sizing="units", starting_equity=1e6, fill=fill)))
    assert len(kernel.rows) > 90
    assert differences(kernel, driven.backtest) == []


@pytest.mark.slow
@pytest.mark.real_data
def test_t1_whole_at_its_known_answer_with_one_step_a_bar(shared: Path) -> None:
    bars, _ = minutes(525_600, shared)
    counted = Counted(DEMO_MA)
    began = time.process_time()
    driven = drive(bars, counted, {}, T1, LOOSE)
    assert len(bars) / (time.process_time() - began) > 100_000
    assert counted.steps == len(bars)
    assert driven.backtest.final_equity == pytest.approx(800_608.62836, abs=1e-5)
    assert (len(driven.backtest.rows), len(driven.orders)) == (7_189, 7_189)
    assert differences(backtest(bars, DEMO_MA, {}, T1, None), driven.backtest) == []
    assert set(driven.evaluated) == {*ALWAYS, "cash", "holding"}
    for fill, answer in (("same_close", 800_728.22), ("next_close", 798_804.09)):
        terms = Terms(sizing="units", starting_equity=1e6, fill=fill)
        assert drive(bars, DEMO_MA, {}, terms, LOOSE).backtest.final_equity == pytest.approx(answer, abs=0.01)


@pytest.mark.slow
@pytest.mark.real_data
def test_a_sample_of_t2(shared: Path) -> None:
    bars, floor = minutes(100_000, shared)
    for fast, slow in floor["COMBINATIONS"][::37]:
        kernel, driven = both(Case(bars, DEMO_MA, T1), {"fast": fast, "slow": slow})
        assert differences(kernel, driven.backtest) == []


@pytest.mark.slow
@pytest.mark.real_data
@pytest.mark.parametrize(("fill", "answer"), [("next_open", 25_258_384.45), ("next_open_presized", 25_244_513.7527)])
def test_t3_at_its_known_answer(shared: Path, fill: str, answer: float) -> None:
    floor = runpy.run_path(str(shared / "bench" / "floor.py"))
    start, close, _ = floor["daily_panel"](floor["minute_bars"]()[5])
    dates = np.busday_offset("2014-01-02", np.arange(2520)).astype("datetime64[ns]").astype(np.int64)
    names = tuple(f"S{j:03d}" for j in range(500))
    high, low = np.maximum(start, close), np.minimum(start, close)
    panel = Panel(names, "x", Timeframe(24 * HOUR), dates, close, start, high, low)
    kernel, driven = both(Case(panel, ROTATION, Terms(starting_equity=1e7, fill=fill)), TOP)
    assert driven.backtest.final_equity == pytest.approx(answer, abs=0.005)
    assert len(driven.backtest.rows) == 11_081
    assert differences(kernel, driven.backtest) == []


class Faulty:
    """Wants nothing until bar 3, and then what makes no sense."""

    name, kind, summary, parameters, settings = "faulty", "rule", "", (), {}

    def __init__(self, answer: Callable[[], Target]) -> None:
        self.answer = answer

    def warmup(self, params: Params) -> int:
        return 0

    def start(self, bars: Bars, params: Params) -> int:
        return 0

    def step(self, state: int, row: Row) -> tuple[int, Target]:
        return state + 1, self.answer() if state == 3 else Target(0.0)

    def batch(self, bars: Bars, params: Params) -> Any:
        raise AssertionError


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (lambda: Target(float("nan")), "faulty wants nan of TEST at the close of the bar of 2024-01-0"),
        (lambda: Target(1.5), "faulty wants 1.5 of TEST"),
        (lambda: Target(1 / 0), "faulty raised ZeroDivisionError .*at the bar of 2024-01-0.* of TEST"),
        (lambda: (1.0,), "faulty raised ValueError"),
    ],
)
def test_a_strategy_that_fails_is_named_with_its_bar(answer: Callable[[], Target], message: str) -> None:
    bars = market(np.random.default_rng(0), 20)
    with pytest.raises(InvalidSignal, match=message):
        drive(bars, Faulty(answer), {}, Terms(), LOOSE)  # type: ignore[arg-type]


def test_the_vote_of_analysts_is_driven_like_any_other() -> None:
    consensus = find_strategy("consensus", ConsensusRules())
    bars = market(np.random.default_rng(5), 500, volume=True)
    kernel, driven = both(Case(bars, consensus, Terms(fee_bps=5)))
    assert differences(kernel, driven.backtest) == []


def test_exits_that_appear_late_know_the_best_price_since_the_entry() -> None:
    """The trail comes three bars after the entry; the peak of the second bar counts."""

    class Late(Faulty):
        def step(self, state: int, row: Row) -> tuple[int, Target]:
            return state + 1, Target(1.0) if state < 3 else Target(1.0, Exit(float("nan"), float("nan"), 2.0))

    rows = np.array([(10, 10, 10, 10), (10, 11, 10, 11), (11, 15, 11, 14.5), (14, 14.4, 14, 14), (14, 14, 12.5, 13)])
    start, high, low, close = rows.T.copy()
    bars = Bars("TEST", "test", Timeframe(HOUR), np.arange(5) * HOUR, close, start, high, low)
    driven = drive(bars, Late(lambda: Target(1.0)), {}, Terms(fee_bps=0), LOOSE)  # type: ignore[arg-type]
    assert driven.backtest.rows[:, [0, 4, 6]].tolist() == [[1, 10, 0], [4, 13, 1]]
