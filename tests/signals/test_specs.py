"""Strategies as data: what a spec may say, what it does bar by bar, and that its two forms and any start agree."""

from __future__ import annotations

import importlib.util
import json
import math
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from quorum.domain import MINUTE, ConfigError, DataError, NotFound, Timeframe, UsageError
from quorum.features.formulas import Columns, Planner, compute
from quorum.lake import Bars
from quorum.signals import ConsensusRules, SpecStrategy, Strategy, Targets, find_strategy, read_spec
from quorum.signals.specs import load_spec
from quorum.signals.strategies import DEMO_MA
from quorum.signals.strategy import Sharing
from signals.strategies.specs import random_plain, random_spec
from signals.test_stream_equals_batch import bits, market, stream

CROSS: dict[str, Any] = {
    "name": "two_means",
    "summary": "long while the fast mean is above the slow one",
    "parameters": {
        "fast": {"default": 20, "low": 2, "high": 400, "summary": "bars of the fast mean", "search": [5, 10, 20]},
        "slow": {"default": 100, "low": 3, "high": 1000},
    },
    "requires": ["fast < slow"],
    "indicators": {"quick": "sma(close, fast)", "calm": "sma(close, slow)"},
    "long": "cross_above(quick, calm)",
    "exit_long": "cross_below(quick, calm)",
}
SMALL: dict[str, Any] = {"name": "small", "long": "close > 100", "exit_long": "close < 90"}


def candles(rows: list[tuple[float, float, float, float]]) -> Bars:
    """Bars of (open, high, low, close)."""
    opens, high, low, close = (np.array(c, dtype=np.float64) for c in zip(*rows, strict=True))
    return Bars("X", "t", Timeframe(MINUTE), np.arange(len(rows)) * MINUTE, close, opens, high, low)


def closes(*values: float) -> Bars:
    return Bars("X", "t", Timeframe(MINUTE), np.arange(len(values)) * MINUTE, np.array(values, dtype=np.float64))


def weights(plain: dict[str, Any], bars: Bars) -> list[float]:
    strategy = SpecStrategy(read_spec(plain))
    found = strategy.batch(bars, {})
    assert bits(stream(strategy, bars, {})) == bits(found)
    return found.weight.tolist()


class Held(NamedTuple):
    """What the plain rule holds: signed size, stop, target, trail, best price, bars since."""

    weight: float
    stop: float = math.nan
    target: float = math.nan
    trail: float = math.nan
    best: float = math.nan
    bars: int = 0


def by_hand(strategy: SpecStrategy, bars: Bars) -> Iterator[Held]:
    """The rule of a spec, word by word, over columns of its conditions and amounts."""
    planner = Planner(bars.price_decimals)
    steps = strategy.spec.steps(planner, {p.name: p.default for p in strategy.parameters})
    table = dict(zip(steps, Columns(bars, planner).of(list(steps.values())), strict=True))
    warmup = strategy.warmup({})
    hold = table.get("hold", np.full(len(bars), math.inf))
    held = Held(0.0)
    for i, row in enumerate(bars.rows()):
        true = {k: k in table and table[k][i] == 1.0 for k in ("long", "exit_long", "short", "exit_short")}
        if held.weight:
            long = held.weight > 0
            worst, best = (row.low, row.high) if long else (row.high, row.low)
            peak = row.open if math.isnan(held.best) else held.best
            trailing = peak - held.trail if long else peak + held.trail
            stopped = any(worst <= p if long else worst >= p for p in (held.stop, trailing))
            reached = best >= held.target if long else best <= held.target
            held = held._replace(best=max(peak, best) if long else min(peak, best), bars=held.bars + 1)
            if stopped or reached or held.bars >= hold[i]:
                held = Held(0.0)
                yield held
                continue
        if i + 1 < warmup:
            yield held
            continue
        up = true["long"] and not true["short"] and not true["exit_long"]
        down = true["short"] and not true["long"] and not true["exit_short"]
        if (held.weight > 0 and (true["exit_long"] or down)) or (held.weight < 0 and (true["exit_short"] or up)):
            held = Held(0.0)
        if not held.weight and (up or down):
            sign, side = ("+", 1) if up else ("-", -1)
            amounts = {k: table[k + sign][i] for k in ("weight", "stop", "target", "trail") if k + sign in table}
            if all(0 < a < math.inf for a in amounts.values()):
                stop, aim = (row.close - side * amounts.get("stop", math.nan)), amounts.get("target", math.nan)
                size = side * min(amounts.get("weight", 1.0), 1.0)
                held = Held(size, stop, row.close + side * aim, amounts.get("trail", math.nan))
        yield held


@settings(max_examples=80)
@given(st.integers(0, 2**31), st.integers(0, 2**31), st.integers(1, 500), st.sampled_from([1, 3, None]))
def test_a_drawn_spec_streams_as_it_is_at_once_and_as_it_is_written(seed: int, data: int, n: int, grid: int) -> None:
    strategy, bars = SpecStrategy(random_spec(seed)), market(n, data, grid)
    found = strategy.batch(bars, {})
    assert bits(stream(strategy, bars, {})) == bits(found)
    plain = [(h.weight, h.stop, h.target, h.trail) for h in by_hand(strategy, bars)]
    np.testing.assert_array_equal(np.array(plain).T, np.array(found.full()))
    assert np.abs(found.weight).max() <= 1.0


@settings(max_examples=60)
@given(st.integers(0, 2**31), st.integers(0, 2**31), st.integers(0, 400), st.integers(0, 400))
def test_the_future_of_a_drawn_spec_changes_nothing(seed: int, data: int, n: int, cut: int) -> None:
    strategy, bars = SpecStrategy(random_spec(seed)), market(n, data, 2)
    whole, part = strategy.batch(bars, {}), strategy.batch(bars.slice(0, cut), {})
    assert bits(part) == bits(Targets(*(column[:cut] for column in whole.full())))


@settings(max_examples=60)
@given(st.integers(0, 2**31), st.integers(0, 2**31), st.integers(1, 300))
def test_the_rules_of_a_drawn_spec_forget_where_the_series_starts(seed: int, data: int, offset: int) -> None:
    """What it holds depends on its past; what its rules say does not, from the warm-up on."""
    strategy, bars = SpecStrategy(random_spec(seed)), market(700, data, 2)
    late = bars.slice(offset, len(bars))
    planner = Planner(2)
    roots = list(strategy.spec.steps(planner, {p.name: p.default for p in strategy.parameters}).values())
    first = strategy.warmup({}) - 1
    for one, other in zip(Columns(bars, planner).of(roots), Columns(late, planner).of(roots), strict=True):
        np.testing.assert_allclose(other[first:], one[offset + first :], rtol=1e-9, atol=1e-9)


def test_drawn_specs_trade_on_both_sides_and_leave_in_every_way() -> None:
    bars = market(600, 4, 2)
    drawn = [SpecStrategy(random_spec(seed)) for seed in range(120)]
    found = [strategy.batch(bars, {}) for strategy in drawn]
    assert sum(bool(t.weight.any()) for t in found) > 100
    assert sum(bool((t.weight < 0).any() and (t.weight > 0).any()) for t in found) > 30
    for key in ("stop", "target", "trail", "hold", "weight", "exit_long", "exit_short"):
        assert sum(key in strategy.spec.rules for strategy in drawn) > 15
    assert len({strategy.spec.spec_id for strategy in drawn}) == 120
    assert max(strategy.warmup({}) for strategy in drawn) < 300


@pytest.mark.parametrize("decimals", [0, 2, None])
@pytest.mark.parametrize("params", [{}, {"fast": 2, "slow": 3}, {"fast": 3, "slow": 6}, {"fast": 7, "slow": 900}])
def test_a_spec_of_two_means_decides_as_demo_ma_does(decimals: int | None, params: dict[str, int]) -> None:
    bars = market(20_000, 7, decimals)
    strategy = SpecStrategy(read_spec(CROSS))
    assert strategy.batch(bars, params).weight.tolist() == DEMO_MA.batch(bars, params).weight.tolist()
    assert strategy.warmup(params) == DEMO_MA.warmup(params)


def test_a_rule_that_is_undecided_does_not_hold() -> None:
    assert weights({"name": "a", "long": "close / (close - 100) > 0"}, closes(100, 99, 100, 101, 99)) == [0, 0, 0, 1, 1]
    assert weights({"name": "a", "long": "not close / (close - 100) > 0"}, closes(100, 101, 99)) == [0, 0, 1]


def test_an_exit_comes_before_an_entry_and_a_reversal_takes_one_bar() -> None:
    rows = closes(100, 101, 99, 89, 95, 111, 112, 95)
    both = SMALL | {"short": "close < 90", "exit_short": "close > 110"}
    assert weights(SMALL, rows) == [0, 1, 1, 0, 0, 1, 1, 1]
    assert weights(both, rows) == [0, 1, 1, -1, -1, 1, 1, 1]
    assert weights({"name": "a", "long": "close > 100", "short": "close > 105"}, rows) == [0, 1, 1, 1, 1, 1, 1, 1]
    assert weights({"name": "a", "long": "close > 0", "exit_long": "close > 100"}, rows) == [1, 0, 1, 1, 1, 0, 0, 1]


def test_stop_target_and_trail_are_distances_fixed_at_the_entry() -> None:
    spec = SMALL | {"stop": "5", "target": "20", "trail": "high - low", "weight": "0.25"}
    rows = [(101, 103, 101, 102), (102, 115, 101.5, 114), (114, 119, 113, 118), (118, 118, 117, 117.5)]
    found = SpecStrategy(read_spec(spec)).batch(candles([(float(a), b, c, d) for a, b, c, d in rows]), {})
    assert found.weight.tolist() == [0.25, 0.25, 0.0, 0.25]
    assert found.full()[1][:2].tolist() == [97.0, 97.0]
    assert found.full()[2][:2].tolist() == [122.0, 122.0]
    assert found.full()[3].tolist()[:2] == [2.0, 2.0]
    assert np.isnan([column[2] for column in found[1:] if column is not None]).all()


def test_exits_of_a_short_lie_on_the_other_side() -> None:
    spec = {"name": "a", "short": "close < 90", "stop": "where(side < 0, 3, 50)", "target": "10"}
    rows = candles(
        [(89.0, 89.0, 89.0, 89.0), (89.0, 91.0, 80.0, 85.0), (85.0, 92.0, 85.0, 89.0), (89.0, 89.0, 79.0, 80.0)]
    )
    found = SpecStrategy(read_spec(spec)).batch(rows, {})
    assert found.weight.tolist() == [-1, -1, 0, -1]
    assert (found.full()[1][0], found.full()[2][0]) == (92.0, 79.0)
    assert found.trail is None


def test_a_holding_ends_after_its_bars_and_is_not_renewed_at_that_close() -> None:
    assert weights({"name": "a", "long": "close > 0", "hold": 2}, closes(1, 1, 1, 1, 1, 1)) == [1, 1, 0, 1, 1, 0]


@pytest.mark.parametrize(
    ("rule", "expected"), [({"weight": "3"}, 1), ({"weight": "-1"}, 0), ({"stop": "0"}, 0), ({"trail": "1 / 0"}, 0)]
)
def test_without_its_size_or_an_exit_there_is_no_entry(rule: dict[str, str], expected: float) -> None:
    assert weights(SMALL | rule, closes(99, 101)) == [0, expected]


def test_the_plain_form_is_read_as_the_same_spec_also_from_json() -> None:
    for plain in (CROSS, SMALL, random_plain(3), random_plain(4)):
        spec = read_spec(plain)
        again = read_spec(json.loads(json.dumps(spec.plain())))
        assert (again, again.spec_id, again.plain()) == (spec, spec.spec_id, spec.plain())


def test_the_id_knows_the_rules_and_neither_names_nor_values() -> None:
    one = read_spec(CROSS).spec_id
    other = json.loads(json.dumps(CROSS)) | {"name": "renamed", "summary": ""}
    other["parameters"]["fast"] = {"default": 7, "low": 3, "high": 30}
    other["indicators"] = {"a": "sma( close,fast )", "b": "sma(close, slow)", "unused": "close"}
    other |= {"long": "cross_above(a, b)", "exit_long": "cross_below((a), b)"}
    assert read_spec(other).spec_id == one
    for key, value in (("exit_long", "cross_below(a, b[1])"), ("stop", "1"), ("requires", ["fast < slow - 1"])):
        assert read_spec(other | {key: value}).spec_id != one


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"lnog": "close > 1"}, "there is no key 'lnog'; did you mean long?"),
        ({"name": "Two Means"}, "name: 'Two Means'"),
        ({"name": None}, "name: None"),
        ({"long": None, "short": "close < 1"}, "exit_long: there is no long"),
        ({"long": None, "exit_long": None}, "it has neither long nor short"),
        ({"exit_short": "close > 1"}, "exit_short: there is no short"),
        ({"long": "close >"}, "long: 'close >', column 8: this cannot be read"),
        ({"long": "quick > clam"}, "long: 'quick > clam', column 9: there is no 'clam'; did you mean calm?"),
        ({"long": "close"}, "long: 'close' is a number, no condition"),
        ({"long": True}, "long: True is no expression"),
        ({"stop": "close > 1"}, "stop: 'close > 1' is a condition, no number"),
        ({"long": "side > 0"}, "there is no 'side'"),
        ({"hold": "close"}, "hold: 'close' is no count of bars"),
        ({"hold": 0}, "hold: '0' is no count of bars"),
        ({"hold": 2.5}, "hold: '2.5' is no count of bars"),
        ({"indicators": {"quick": "smaa(close, fast)", "calm": "close"}}, "indicators.quick: 'smaa(close, fast)', col"),
        ({"indicators": {"quick": "calm", "calm": "close"}}, "indicators.quick: 'calm', column 1: there is no 'calm'"),
        ({"indicators": {"fast": "close"}}, "'fast' is a parameter's name too"),
        ({"indicators": {"close": "open"}}, "the name 'close' is a column's"),
        ({"indicators": {"A b": "open"}}, "the name 'A b'"),
        ({"indicators": ["sma"]}, "indicators: ['sma']"),
        ({"requires": ["fast < lsow"]}, "requires[0]: there is no parameter 'lsow'"),
        (
            {"requires": ["fast > slow"]},
            "requires: the defaults: two_means: fast = 20, slow = 100 do not meet fast > sl",
        ),
        ({"requires": ["fast + slow"]}, "do not meet"),
        ({"parameters": {"fast": 20}}, "parameters.fast: 20"),
        ({"parameters": {"fast": {"default": 1, "low": 2, "high": 3}}}, "parameters.fast: fast = 1 is out of bounds"),
        ({"parameters": {"fast": {"default": 1, "low": 2}}}, "parameters.fast: None is no number"),
        ({"parameters": {"fast": {"default": 1, "lo": 2}}}, "parameters.fast: there is no key 'lo'; did you mean low?"),
        ({"parameters": {"fast": {"default": 3, "low": 5, "high": 2}}}, "low 5 is above high 2"),
        (
            {"parameters": {"fast": {"default": 3, "low": 0, "high": 5}, "slow": {"default": 9, "low": 6, "high": 9}}},
            "with fast = 0: indicators.quick: 'sma(close, fast)', column 12: 0 is no count of bars",
        ),
    ],
)
def test_a_fault_is_named_by_key_and_column(change: dict[str, Any], says: str) -> None:
    with pytest.raises(ConfigError) as refused:
        read_spec(CROSS | change)
    assert says in str(refused.value)


def test_specs_that_would_eat_the_machine_are_refused() -> None:
    many = {f"x{k}": f"sma(close, {5000 - k})" for k in range(60)}
    first, second = " + ".join(list(many)[:25]), " + ".join(list(many)[25:50])
    with pytest.raises(ConfigError, match="looks back at 248"):
        read_spec(SMALL | {"indicators": many, "exit_long": f"{first} < {second}"})
    with pytest.raises(ConfigError, match="indicators: 65 of them"):
        read_spec(SMALL | {"indicators": {f"x{k}": "close" for k in range(65)}})
    nested: list[Any] = []
    for _ in range(60):
        nested = [nested, nested]
    with pytest.raises(ConfigError, match="long: "):
        read_spec(SMALL | {"long": nested})


def test_a_file_holds_a_spec_and_its_faults_name_the_file(tmp_path: Path) -> None:
    file = tmp_path / "dip.yaml"
    rules = ConsensusRules(required=("smc",), optional=())
    for text in ("name: small\nlong: close > 100\nexit_long: close < 90\n", json.dumps(SMALL)):
        file.write_text(text)
        assert find_strategy(str(file), rules) == load_spec(file) == SpecStrategy(read_spec(SMALL))
    for text, says in (
        ("name: [small\nlong: 1", "dip.yaml:2:5: this is no YAML"),
        ("name: small\nname: other", "dip.yaml:2:1: this is no YAML"),
        ("name: small\nlong: close >", "dip.yaml: long: 'close >', column 8"),
        ("- a", "dip.yaml: a spec of the form list"),
        ("", "dip.yaml: a spec of the form NoneType"),
        ("#" * 300_000, "dip.yaml is larger than"),
        ("a: " + "[" * 1_200, "dip.yaml"),
    ):
        file.write_text(text)
        with pytest.raises(ConfigError) as refused:
            load_spec(file)
        assert says in str(refused.value)
    file.write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigError, match="UTF-8"):
        load_spec(file)
    with pytest.raises(NotFound, match="there is no file"):
        find_strategy("./missing.yaml", rules)


@pytest.mark.real_data
def test_a_year_of_minutes_is_decided_as_demo_ma_does_tie_included(shared: Path) -> None:
    spec = importlib.util.spec_from_file_location("floor", shared / "bench" / "floor.py")
    assert spec is not None
    assert spec.loader is not None
    floor = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(floor)
    opens, high, low, close, _, _ = floor.minute_bars(seed=7)
    times = np.arange(len(close)) * MINUTE
    bars = Bars("X", "t", Timeframe(MINUTE), times, close, opens, high, low, price_decimals=2)
    excess = compute("sma(close, 20) - sma(close, 100)", bars)
    assert np.count_nonzero(excess == 0.0) == 1
    found = SpecStrategy(read_spec(CROSS)).batch(bars, {}).weight
    assert np.count_nonzero(np.diff(found, prepend=0.0)[:-1]) == 7_189
    np.testing.assert_array_equal(found, DEMO_MA.batch(bars, {}).weight)


def test_what_is_no_mapping_is_refused() -> None:
    for plain in ([], "close > 1", None, 3):
        with pytest.raises(ConfigError, match="give a mapping"):
            read_spec(plain)  # type: ignore[arg-type]


def test_parameters_are_checked_against_bounds_and_requirements() -> None:
    strategy: Strategy = SpecStrategy(read_spec(CROSS))
    bars = market(10, 1, 2)
    for params, says in (({"fast": 1}, "out of bounds"), ({"x": 1}, "no parameter"), ({"fast": 200}, "fast < slow")):
        for ask in (strategy.start, strategy.batch):
            with pytest.raises(UsageError, match=says):
                ask(bars, params)
        with pytest.raises(UsageError, match=says):
            strategy.warmup(params)


def test_sharing_bars_gives_the_same_answers() -> None:
    strategy, bars = SpecStrategy(read_spec(CROSS)), market(2_000, 3, 2)
    assert isinstance(strategy, Sharing)
    shared = strategy.over(bars)
    for params in ({"fast": 5, "slow": 60}, {"fast": 10, "slow": 60}, {"fast": 5, "slow": 80}, {"fast": 5, "slow": 60}):
        assert bits(shared(params)) == bits(strategy.batch(bars, params))


def test_bars_that_have_not_what_it_reads_are_refused_by_name() -> None:
    strategy = SpecStrategy(read_spec({"name": "a", "long": "close > donchian_upper(3)"}))
    for ask in (strategy.start, strategy.batch):
        with pytest.raises(DataError, match="X has no column high"):
            ask(closes(1, 2, 3), {})
    fine = market(5, 1, 2)
    broken = replace(fine, high=np.array([1, 2, math.nan, 3, 4.0]))
    with pytest.raises(DataError, match="high of the bar of"):
        strategy.batch(broken, {})
    state = strategy.start(fine, {})
    state, _ = strategy.step(state, fine.row(0))
    before = [part.tobytes() for part in (*state.machine, state.stance)]
    with pytest.raises(DataError, match="a needs numbers"):
        strategy.step(state, broken.row(2))
    assert [part.tobytes() for part in (*state.machine, state.stance)] == before


def test_it_is_a_strategy_of_kind_spec_with_its_rules_in_its_settings() -> None:
    strategy: Strategy = SpecStrategy(read_spec(CROSS))
    assert (strategy.name, strategy.kind, strategy.summary) == ("two_means", "spec", CROSS["summary"])
    assert [p.name for p in strategy.parameters] == ["fast", "slow"]
    assert strategy.parameters[0].search == (5, 10, 20)
    assert strategy.settings["spec"] == read_spec(CROSS).plain()
    assert SpecStrategy(read_spec(CROSS)).family == f"spec-{read_spec(CROSS).spec_id}"


def test_the_guide_has_a_spec_that_trades_and_tells_its_faults_as_they_are(checkout: Path) -> None:
    guide = (checkout / "docs" / "guides" / "strategies.md").read_text(encoding="utf-8")
    text = guide.split("```yaml\n")[1].split("```")[0]
    plain = YAML(typ="safe").load(text)
    strategy = SpecStrategy(read_spec(plain))
    assert strategy.warmup({}) == 374
    assert strategy.batch(market(20_000, 3, 2), {"trend": 100}).weight.any()
    with pytest.raises(ConfigError) as refused:
        read_spec(plain | {"long": "rising and cross_below(indx, dip)"})
    assert str(refused.value) in guide
