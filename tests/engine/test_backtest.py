"""A backtest as a value: conservation, no future, costs, its identity as a trial."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from engine.scripts import FLAT, FREE, H1, START, Script, bars_of, trade, trips, want
from quorum.domain import HOUR, NotFound
from quorum.engine import Backtest, Terms, backtest
from quorum.engine.fakes import MemoryTrials
from quorum.features import wilder_atr
from quorum.lake import Bars, synthetic_market
from quorum.signals import ConsensusRules, Params, Strategy, Targets, find_strategy
from quorum.stats import performance

RULES = ConsensusRules(required=("smc", "momentum"), optional=())
DEMO_MA, TREND_BREAKOUT = (find_strategy(name, RULES) for name in ("demo_ma", "trend_breakout"))
CASES: list[tuple[Strategy, Params]] = [(DEMO_MA, {"fast": 5, "slow": 20}), (TREND_BREAKOUT, {"donchian_lookback": 20})]
cases = pytest.mark.parametrize(("strategy", "params"), CASES, ids=["demo_ma", "trend_breakout"])
SIZED = [Terms(sizing="weight"), Terms(sizing="units", size=3), Terms(sizing="atr", size=0.01)]
sized = pytest.mark.parametrize("terms", SIZED, ids=["weight", "units", "atr"])


def market(n: int = 2_000, seed: int = 3, symbol: str = "BTCUSDT") -> Bars:
    return synthetic_market(seed, [symbol], H1, START, n)[symbol]


def same_bytes(one: Backtest, other: Backtest) -> bool:
    def columns(b: Backtest) -> list[bytes]:
        return [c.tobytes() for c in (b.equity, b.rows, *vars(b.trades).values())]

    return columns(one) == columns(other) and one.summary() == other.summary()


@cases
@sized
def test_what_was_won_is_the_sum_of_the_trades(strategy: Strategy, params: Params, terms: Terms) -> None:
    result = backtest(market(), strategy, params, terms, None)
    t = result.trades
    assert len(t.reason) > 5
    assert result.final_equity == pytest.approx(terms.starting_equity + t.profit.sum(), rel=1e-12)
    gross = t.side * t.quantity * (t.exit_price - t.entry_price)
    assert t.profit == pytest.approx(gross - t.fees, rel=1e-12, abs=1e-9)
    left = np.array([reason != "open" for reason in t.reason])
    assert t.fees == pytest.approx(t.quantity * (t.entry_price + left * t.exit_price) * 1e-3, rel=1e-12)
    assert (t.exit_time >= t.entry_time).all()
    assert set(t.side.tolist()) == {1}


@cases
@sized
@pytest.mark.parametrize("cut", [700, 1_111, 1_999])
def test_cutting_the_future_leaves_the_past_as_it_was(
    strategy: Strategy, params: Params, terms: Terms, cut: int
) -> None:
    whole = backtest(market(), strategy, params, terms, None)
    part = backtest(market().slice(0, cut), strategy, params, terms, None)
    assert part.equity.tobytes() == whole.equity[:cut].tobytes()
    closed = [r != "open" for r in part.trades.reason].count(True)
    assert part.trades.profit[:closed].tobytes() == whole.trades.profit[:closed].tobytes()


@cases
@sized
@pytest.mark.parametrize("name", ["fee_bps", "slippage_bps"])
def test_higher_costs_never_end_higher(strategy: Strategy, params: Params, terms: Terms, name: str) -> None:
    steps: list[dict[str, Any]] = [{name: bps} for bps in (0, 1, 5, 20, 100)]
    ladder = [replace(terms, **step) for step in steps]
    finals = [backtest(market(), strategy, params, each, None).final_equity for each in ladder]
    assert finals == sorted(finals, reverse=True)
    assert finals[0] > finals[-1]


def test_equity_before_the_first_fill_is_what_was_paid_in() -> None:
    result = backtest(market(), DEMO_MA, {}, Terms(), None)
    first = int(np.searchsorted(result.time, result.trades.entry_time[0]))
    assert first > 100
    assert set(result.equity[:first].tolist()) == {100_000.0}


def test_performance_is_that_of_the_equity_curve() -> None:
    bars = market()
    result = backtest(bars, DEMO_MA, {}, Terms(starting_equity=5_000), None)
    assert result.performance == performance(bars.time, result.equity, 5_000.0)
    assert result.performance.total_return == pytest.approx(result.final_equity / 5_000 - 1, rel=1e-12)
    summary = result.summary()
    assert summary["sharpe"] == result.performance.sharpe
    assert (summary["bars"], summary["trades"]) == (2_000, len(result.trades.reason))
    assert (summary["first"], summary["timeframe"], summary["fill"]) == ("2024-01-01T00:00:00Z", "1h", "next_open")


def test_the_result_cannot_be_edited() -> None:
    result = backtest(market(), DEMO_MA, {}, Terms(), None)
    with pytest.raises(ValueError, match="read-only"):
        result.equity[0] = 0.0
    with pytest.raises(ValueError, match="read-only"):
        result.rows[0, 0] = 1.0


def test_the_same_question_twice_gives_the_same_bytes() -> None:
    for strategy, params in CASES:
        one, other = (backtest(market(), strategy, params, Terms(), MemoryTrials()) for _ in range(2))
        assert same_bytes(one, other)


class TestTrials:
    def ask(self, trials: MemoryTrials, given: Mapping[str, object], terms: Terms = SIZED[0]) -> Backtest:
        return backtest(market(), DEMO_MA, given, terms, trials)

    def test_an_identical_rerun_adds_none(self) -> None:
        trials = MemoryTrials()
        first, again = self.ask(trials, {"fast": 5}), self.ask(trials, {"fast": "5", "slow": 100})
        assert first.trial_id == again.trial_id
        assert (first.trials_in_family, again.trials_in_family) == (1, 1)

    def test_terms_written_as_whole_numbers_are_the_same_terms(self) -> None:
        trials = MemoryTrials()
        whole = self.ask(trials, {}, Terms(10, 2, "weight", 1, 100_000))
        assert whole.trial_id == self.ask(trials, {}, Terms(10.0, 2.0, "weight", 1.0, 100_000.0)).trial_id

    def test_any_change_is_another_trial_of_the_family(self) -> None:
        trials = MemoryTrials()
        bars = market()
        off_grid, elsewhere = replace(bars, price_decimals=None), replace(bars, venue="other")
        results = [
            self.ask(trials, {}),
            self.ask(trials, {"fast": 21}),
            self.ask(trials, {"atr_period": 15}),
            self.ask(trials, {}, Terms(fee_bps=11)),
            self.ask(trials, {}, Terms(size=0.5)),
            *(backtest(b, DEMO_MA, {}, Terms(), trials) for b in (bars.slice(0, 1_999), off_grid, elsewhere)),
            backtest(market(seed=4), DEMO_MA, {}, Terms(), trials),
        ]
        assert len({r.trial_id for r in results}) == len(results) == trials.count("demo_ma")
        assert [r.trials_in_family for r in results] == list(range(1, len(results) + 1))

    def test_families_are_counted_apart(self) -> None:
        trials = MemoryTrials()
        self.ask(trials, {})
        other = backtest(market(), TREND_BREAKOUT, {}, Terms(), trials)
        assert (other.trials_in_family, trials.count("demo_ma"), trials.count("unheard")) == (1, 1, 0)

    def test_what_shapes_a_rule_beside_its_parameters_counts(self) -> None:
        trials, bars = MemoryTrials(), bars_of([(1.0, 1.0, 1.0, 1.0)] * 3)
        for settings in ({"threshold": 0.6}, {"threshold": 0.7}, {"threshold": 0.6}):
            backtest(bars, Script([FLAT] * 3, settings=settings), {}, FREE, trials)
        assert trials.count("script") == 2

    def test_a_trial_keeps_what_replaying_it_needs(self) -> None:
        trials = MemoryTrials()
        result = self.ask(trials, {"fast": 5})
        assert result.trial_id is not None
        kept = trials.get(result.trial_id)
        assert kept["family"] == "demo_ma"
        assert kept["outcome"]["final_equity"] == result.final_equity
        inputs = kept["inputs"]
        assert (inputs["parameters"]["fast"], inputs["data_hash"]) == (5, result.data_hash)
        assert Terms(**inputs["terms"]) == result.terms
        assert (inputs["first"], inputs["last"]) == (START, START + 1_999 * HOUR)

    def test_nobody_counts_without_trials(self) -> None:
        result = backtest(market(), DEMO_MA, {}, Terms(), None)
        assert (result.trial_id, result.trials_in_family) == (None, None)

    def test_an_empty_book_of_trials_is_one(self) -> None:
        class Sized(MemoryTrials):
            def __len__(self) -> int:
                return 0

        assert self.ask(Sized(), {}).trials_in_family == 1

    def test_an_unknown_trial_is_not_found(self) -> None:
        with pytest.raises(NotFound, match="TRL-0"):
            MemoryTrials().get("TRL-0")


def average_range(bars: Bars, period: int) -> NDArray[np.float64]:
    columns = bars.columns()
    return wilder_atr(columns["high"], columns["low"], bars.close, period)


def test_sizing_by_range_waits_for_its_average_true_range() -> None:
    """Wilder's average over 14 bars is known from bar index 373 on; a target before that trades nothing."""
    bars = market(500)
    known = average_range(bars, 14)
    assert int(np.isfinite(known).argmax()) == 373
    terms = Terms(0, 0, "atr", 0.01, 1_000)
    early = trade(bars, [FLAT] * 100 + [want(1)] * 400, terms)
    assert trips(early) == []
    changed = trade(bars, [FLAT] * 100 + [want(1)] * 273 + [want(0.5)] * 127, terms)
    assert bars.open is not None
    quantity = 0.5 * min(0.01 * 1_000 / known[373], 1_000 / bars.open[374])
    assert [(t[0], t[7]) for t in trips(changed)] == [(374, "open")]
    assert changed.trades.quantity.tolist() == pytest.approx([quantity])


def test_sizing_by_range_takes_the_period_of_the_strategy() -> None:
    bars = market(500)
    quick = trade(bars, [FLAT] * 400 + [want(1)] * 100, Terms(0, 0, "atr", 0.001, 1_000))
    given = backtest(
        bars,
        Script([FLAT] * 400 + [want(1)] * 100),
        {"atr_period": 5},
        Terms(0, 0, "atr", 0.001, 1_000),
        None,
    )
    assert given.trades.quantity[0] == pytest.approx(0.001 * 1_000 / average_range(bars, 5)[400])
    assert given.trades.quantity[0] != quick.trades.quantity[0]


def test_targets_in_any_form_of_numbers_are_the_same_targets() -> None:
    bars = bars_of([(p, p, p, p) for p in (10.0, 10.0, 12.0, 13.0)])

    class Whole(Script):
        def batch(self, bars: Bars, params: Params) -> Targets:
            wide: NDArray[Any] = np.zeros((len(bars), 2), np.int64)
            wide[:, 0] = 1
            none: NDArray[Any] = np.full(len(bars), np.nan, np.float32)
            return Targets(wide[:, 0], none, none, none)

    result = backtest(bars, Whole([]), {}, FREE, None)
    assert trips(result) == [(1, 3, 1, 1.0, 10.0, 13.0, 3.0, "open")]
    assert result.position.tolist() == [0.0, 1.0, 1.0, 1.0]
