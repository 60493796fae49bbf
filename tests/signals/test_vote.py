"""The vote as a strategy: the same rule as `consensus()`, bar by bar and all at once, and what it makes of a vote."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quorum.domain import HOUR, Row, Signal, Timeframe, UsageError, View, canonical, parse_instant
from quorum.lake import Bars, synthetic_market
from quorum.signals import (
    ANALYSTS,
    Analyst,
    Calibration,
    Conflict,
    Consensus,
    ConsensusRules,
    Experts,
    Learning,
    Opinion,
    Opinions,
    Params,
    Targets,
    consensus,
    consensus_strategy,
    find_strategy,
    quality,
    read_params,
)
from quorum.signals.analyst import Silence, abstain, known_at, last_signal, spoken
from quorum.signals.consensus import DECIDED
from quorum.signals.pools import Circumstances, extreme_moves
from quorum.signals.pools.counting import ESCALATE
from quorum.signals.vote import ConsensusStrategy, _columns, poll

START = parse_instant("2024-01-01")
NAN = float("nan")
SILENT = Opinion(0, 0.0, NAN, NAN, NAN, NAN, NAN, Silence.ABSENT, ())
TWO = ConsensusRules(required=("smc", "momentum"), optional=())
RULES = [
    TWO,
    replace(TWO, veto=("momentum",), weights={"smc": 0.9, "momentum": 0.1}),
    replace(TWO, required=("smc",), optional=("momentum", "ml_model"), escalate_below=0.05, threshold=0.5),
    replace(TWO, required=(), optional=("momentum", "smc"), min_reward_risk=1.9, min_confidence={"default": 0.55}),
]
CURVES = {
    "smc": Calibration("isotonic", (0.45, 0.55, 0.9), (0.45, 0.6, 0.8)),
    "momentum": Calibration("platt", (1.2,), (0.1,)),
    "b": Calibration("platt", (0.7,), (-0.1,)),
}
EXPERTS = Experts({"smc": 0.45, "momentum": 0.35, "b": 0.2, "a": 0.5}, CURVES, 1.3)
RULES += [
    replace(TWO, pool="score", least_score=0.2, required=("smc",), optional=("momentum",)),
    replace(TWO, pool="log_odds", experts=EXPERTS, required=("smc",), optional=("momentum",)),
    replace(TWO, pool="hedge", experts=EXPERTS, threshold=0.55, required=("smc",), optional=("momentum",)),
]
every_rule = pytest.mark.parametrize(
    "rules", RULES, ids=["two", "veto", "optional", "strict", "score", "log_odds", "hedge"]
)


@dataclass(frozen=True)
class Scripted:
    """An analyst that says what is written."""

    name: str
    said: Sequence[Opinion]
    warmup: int = 0
    summary: str = "says what is written"

    def start(self, bars: Bars) -> int:
        return 0

    def step(self, state: int, row: Row) -> tuple[int, Opinion]:
        return state + 1, self.said[state]

    def read(self, bars: Bars) -> Opinions:
        columns = [np.array(c) for c in zip(*(o[:8] for o in self.said[: len(bars)]), strict=True)]
        return Opinions._make([*columns, np.empty((len(bars), 0)), 4])

    def view(self, bars: Bars, opinions: Opinions, i: int) -> Signal:
        if opinions.silence[i]:
            return abstain(self.name, bars, i, "nothing written")
        return spoken(self.name, bars, opinions, i, ("as written", ()))

    def signal(self, bars: Bars) -> Signal:
        return last_signal(self, bars)


def says(side: int, confidence: float = 0.8, risk: float = 5.0, reward: float = 10.0) -> Opinion:
    """A view from 100 with its stop `risk` behind and its first target `reward` ahead; 0 is a neutral one."""
    if side == 0:
        return Opinion(0, confidence, NAN, NAN, NAN, NAN, NAN, Silence.NONE, ())
    low, high = (100.0, 101.0) if side > 0 else (99.0, 100.0)
    far = high if side > 0 else low
    levels = far - side * (risk + 1), far + side * reward, far + side * (reward + 1)
    return Opinion(side, confidence, low, high, *levels, Silence.NONE, ())


def flat_bars(n: int) -> Bars:
    prices = np.full(n, 100.0)
    return Bars("TEST", "test", Timeframe(HOUR), START + np.arange(n) * HOUR, prices, prices, prices, prices)


def wild_bars(n: int) -> Bars:
    """Bars that hardly move, with a leap every ninth after the twentieth."""
    bars = flat_bars(n)
    close = 100.0 + np.arange(n) % 2 / 10
    close[20::9] += 5.0
    return replace(bars, close=close, open=close, high=close, low=close)


def market(timeframe: str, n: int, seed: int = 5) -> Bars:
    return synthetic_market(seed, ["BTCUSDT"], Timeframe.parse(timeframe), START, n)["BTCUSDT"]


def outcomes(strategy: ConsensusStrategy, bars: Bars) -> list[Consensus]:
    """What `consensus()` makes of everybody's view, bar by bar."""
    read = [(a, a.read(bars)) for a in strategy.analysts]
    extreme = extreme_moves(bars, strategy.rules.conflict.extreme_atr)
    return [
        consensus(
            [a.view(bars, o, i) for a, o in read],
            strategy.rules,
            known_at(bars, i),
            Circumstances(extreme=bool(extreme[i])),
        )
        for i in range(len(bars))
    ]


def sizes_of(strategy: ConsensusStrategy, bars: Bars, expected: Sequence[Consensus]) -> list[float]:
    """The share of the normal size that each bar's vote is worth."""
    read = [(a, a.read(bars)) for a in strategy.analysts]
    return [
        quality(outcome, [a.view(bars, o, i) for a, o in read], strategy.rules.tier_c_size).size
        for i, outcome in enumerate(expected)
    ]


def assert_polls_alike(
    strategy: ConsensusStrategy, bars: Bars, expected: Sequence[Consensus], sizes: Sequence[float]
) -> int:
    """The compiled poll says what `consensus()` and `quality()` say; how many bars were decisive."""
    who = strategy._electorate()
    extreme = extreme_moves(bars, who.extreme_atr)
    ballots = strategy._ballots([_columns(a.read(bars)) for a in strategy.analysts], extreme)
    decisive = 0
    for i, outcome in enumerate(expected):
        code, lead, size = poll(ballots, i, who)
        assert (DECIDED.get(code, "no_consensus"), code == ESCALATE) == (outcome.direction, outcome.escalate), (
            i,
            outcome,
        )
        leader = None if lead < 0 else strategy.analysts[lead].name
        assert leader == (outcome.lead.source if outcome.lead else None)
        if outcome.lead is not None:
            decisive += 1
            assert ballots.stop[i, lead] == outcome.lead.stop
            assert ballots.target1[i, lead] == outcome.lead.targets[0]
        assert size == sizes[i]
    return decisive


def followed(
    votes: Sequence[tuple[Consensus, float]], warmup: int, params: dict[str, Any]
) -> list[tuple[float, float, float]]:
    """What the strategy is to want, from the outcomes and their sizes alone."""
    held: View | None = None
    since, share, answer = 0, 0.0, []
    for i, (outcome, size) in enumerate(votes):
        lead = outcome.lead if i + 1 >= warmup else None
        since += 1
        if lead is None:
            held = held if since < params["hold_bars"] else None
        elif held is not None and held.direction is lead.direction:
            since = 0
        elif size and lead.reward_risk >= params["min_reward_risk"] and (lead.direction.sign > 0 or params["short"]):
            held, since, share = lead, 0, size
        else:
            held = None
        levels = (NAN, NAN) if held is None or held.stop is None else (held.stop, held.targets[0])
        answer.append((0.0 if held is None else held.direction.sign * share, *levels))
    return answer


def streamed(strategy: ConsensusStrategy, bars: Bars, params: Params) -> Targets:
    state, answers = strategy.start(bars, params), []
    for row in bars.rows():
        state, target = strategy.step(state, row)
        answers.append((target.weight, *target.exit))
    return Targets(*np.array(answers, dtype=np.float64).reshape(-1, 4).T)


def bits(targets: Targets) -> list[bytes]:
    return [np.where(np.isnan(c), np.nan, c).tobytes() for c in targets.full()]


@every_rule
@pytest.mark.parametrize(("timeframe", "seed"), [("1h", 5), ("1d", 6)])
def test_a_poll_is_the_consensus_of_the_views(rules: ConsensusRules, timeframe: str, seed: int) -> None:
    strategy, bars = consensus_strategy(rules), market(timeframe, 900, seed)
    expected = outcomes(strategy, bars)
    sizes = sizes_of(strategy, bars, expected)
    assert assert_polls_alike(strategy, bars, expected, sizes) > 20
    params = {"hold_bars": 10, "min_reward_risk": 1.5, "short": 1}
    targets = strategy.batch(bars, params)
    wanted = np.array(followed(list(zip(expected, sizes, strict=True)), strategy.warmup({}), params)).T
    np.testing.assert_array_equal(np.array([targets.weight, targets.stop, targets.target]), wanted)
    assert targets.trail is None


@every_rule
@pytest.mark.parametrize("params", [{}, {"hold_bars": 1}, {"hold_bars": 5, "min_reward_risk": 0.0, "short": 1}])
def test_streaming_equals_batch_bit_for_bit(rules: ConsensusRules, params: Params) -> None:
    strategy, bars = consensus_strategy(rules), market("1h", 700)
    batch = strategy.batch(bars, params)
    assert batch.weight.any()
    assert bits(streamed(strategy, bars, params)) == bits(batch)


@every_rule
@pytest.mark.parametrize("cut", [0, 1, 168, 169, 170, 333, 899])
def test_cutting_the_future_changes_nothing(rules: ConsensusRules, cut: int) -> None:
    strategy, bars = consensus_strategy(rules), market("1h", 900)
    whole, part = strategy.batch(bars, {}), strategy.batch(bars.slice(0, cut), {})
    assert bits(part) == bits(Targets(*(column[:cut] for column in whole.full())))


@pytest.mark.parametrize("timeframe", ["1h", "1d", "1w"])
def test_nothing_is_held_during_the_warm_up(timeframe: str) -> None:
    """On days and weeks the analysts speak before it is over."""
    strategy, bars = consensus_strategy(TWO), market(timeframe, 400)
    first = strategy.warmup({}) - 1
    early = [o.lead for o in outcomes(strategy, bars.slice(0, first))]
    assert any(early) == (timeframe != "1h")
    weight = strategy.batch(bars, {"short": 1}).weight
    assert not weight[:first].any()
    assert weight[first:].any()


WARY = Conflict(exceptions=("news_events",), extreme_atr=2.0)
levels = st.integers(1, 6).map(float)
opinions = st.one_of(
    st.just(SILENT),
    st.builds(says, st.sampled_from([1, 1, -1, 0]), st.integers(6, 20).map(lambda n: n / 20), levels, levels),
)


@st.composite
def sittings(draw: st.DrawFn) -> tuple[ConsensusStrategy, Bars]:
    known = ["a", "b", "c", "ml_model"]
    names, n = draw(st.lists(st.sampled_from(known), min_size=1, max_size=4, unique=True)), draw(st.integers(1, 40))
    voices = tuple(
        Scripted(name, draw(st.lists(opinions, min_size=n, max_size=n)), draw(st.sampled_from([0, 0, 5])))
        for name in names
    )
    required = draw(st.integers(0, 1))
    rules = ConsensusRules(
        required=tuple(names[:required]),
        optional=tuple(names[required:]),
        threshold=draw(st.sampled_from([0.5, 0.6, 0.8])),
        weights={"a": 0.4, "b": draw(st.sampled_from([0.0, 0.4, 0.6])), "c": 0.2},
        escalate_below=draw(st.sampled_from([0.0, 0.15])),
        min_confidence={"default": 0.5, "a": 0.35},
        min_reward_risk=draw(st.sampled_from([0.0, 1.0, 1.5])),
        veto=draw(st.sampled_from([(), ("b",)])),
        pool=draw(st.sampled_from(["file4", "score", "log_odds", "hedge"])),
        may_replace={names[-1]: names[0]} if 0 < required < len(names) and draw(st.booleans()) else {},
        least_score=draw(st.sampled_from([0.05, 0.3])),
        least_votes=draw(st.integers(0, 3)),
        conflict=draw(st.sampled_from([Conflict(), Conflict(model_first=False), Conflict("no_trade"), WARY])),
        experts=EXPERTS,
        tier_c_size=draw(st.sampled_from([0.0, 0.5])),
    )
    return ConsensusStrategy(rules, voices), wild_bars(n)


@settings(max_examples=80)
@given(sittings(), st.integers(1, 6), st.sampled_from([0.0, 1.0, 2.5]), st.sampled_from([0, 1]))
def test_any_vote_is_followed_as_the_rules_say(
    sitting: tuple[ConsensusStrategy, Bars], hold: int, least: float, short: int
) -> None:
    strategy, bars = sitting
    params: dict[str, Any] = {"hold_bars": hold, "min_reward_risk": least, "short": short}
    expected = outcomes(strategy, bars)
    sizes = sizes_of(strategy, bars, expected)
    assert_polls_alike(strategy, bars, expected, sizes)
    batch = strategy.batch(bars, params)
    wanted = np.array(followed(list(zip(expected, sizes, strict=True)), strategy.warmup(params), params)).T
    np.testing.assert_array_equal(np.array([batch.weight, batch.stop, batch.target]), wanted)
    assert bits(streamed(strategy, bars, params)) == bits(batch)


def wants(said: Sequence[Opinion], **params: object) -> list[float]:
    """The targets of a vote of one."""
    rules = ConsensusRules(required=("a",), optional=())
    strategy = ConsensusStrategy(rules, (Scripted("a", said),))
    return list(strategy.batch(flat_bars(len(said)), read_params(strategy, params)).weight)


UP, DOWN, NOTHING = says(1), says(-1), says(0)


def test_a_vote_holds_for_its_bars_and_a_confirmation_renews_it() -> None:
    assert wants([UP, *[NOTHING] * 4], hold_bars=3) == [1, 1, 1, 0, 0]
    assert wants([UP, SILENT, UP, SILENT, SILENT, SILENT], hold_bars=3) == [1, 1, 1, 1, 1, 0]
    assert wants([UP, NOTHING, UP, NOTHING], hold_bars=1) == [1, 0, 1, 0]


def test_a_confirmation_keeps_the_first_stop_and_target() -> None:
    strategy = ConsensusStrategy(ConsensusRules(("a",), ()), (Scripted("a", [UP, says(1, 0.9, 2.0, 30.0)]),))
    targets = strategy.batch(flat_bars(2), {})
    assert (targets.stop.tolist(), targets.target.tolist()) == ([95.0, 95.0], [111.0, 111.0])


def test_a_vote_against_ends_it_and_sells_short_only_if_it_may() -> None:
    assert wants([UP, DOWN, NOTHING]) == [1, 0, 0]
    assert wants([UP, DOWN, NOTHING], short=1) == [1, -1, -1]
    assert wants([DOWN, DOWN, UP]) == [0, 0, 1]
    assert wants([DOWN, UP], short=1) == [-1, 1]


def test_a_poor_reward_enters_nothing_but_ends_what_it_is_against() -> None:
    poor = says(-1, 0.8, 5.0, 6.5)
    assert wants([says(1, 0.8, 5.0, 6.5), UP], min_reward_risk=1.5) == [0, 1]
    assert wants([UP, poor, NOTHING], short=1, min_reward_risk=1.5) == [1, 0, 0]
    assert wants([UP, poor], short=1, min_reward_risk=1.0) == [1, -1]


def test_a_vote_of_poor_quality_enters_nothing_and_one_of_tier_c_at_its_size() -> None:
    sure, unsure = says(1, 0.8), says(1, 0.5)  # one voter: 0.5 + 0.1 + 0.05 is B; beside a neutral one 0.6 is C
    assert wants([unsure]) == [1]
    for size, weights in ((0.0, [0, 1, 1]), (0.5, [0.5, 0.5, 0.5])):
        rules = ConsensusRules(("a",), ("b",), tier_c_size=size)
        strategy = ConsensusStrategy(rules, (Scripted("a", [unsure, sure, unsure]), Scripted("b", [NOTHING] * 3)))
        assert list(strategy.batch(flat_bars(3), {}).weight) == weights
    with pytest.raises(UsageError, match="tier C"):
        ConsensusRules(tier_c_size=1.5)


def test_its_settings_make_it_again() -> None:
    rules = replace(TWO, threshold=0.55, weights={"smc": 0.7}, veto=("smc",), min_confidence={"default": 0.45})
    strategy = consensus_strategy(rules)
    again = find_strategy("consensus", ConsensusRules.read(json.loads(canonical(strategy.settings))))
    assert again == strategy
    assert again.settings == strategy.settings
    assert consensus_strategy(TWO).settings != strategy.settings
    bars = market("1h", 600)
    assert bits(again.batch(bars, {})) == bits(strategy.batch(bars, {}))


def test_participants_count_the_same_in_any_order() -> None:
    bars = market("1h", 900)
    one, other = (
        consensus_strategy(replace(TWO, required=names)) for names in (("smc", "momentum"), ("momentum", "smc"))
    )
    assert [a.name for a in one.analysts] == [a.name for a in other.analysts]
    assert bits(one.batch(bars, {})) == bits(other.batch(bars, {}))


@pytest.mark.parametrize("analysts", [(), (ANALYSTS["smc"],), (ANALYSTS["smc"], ANALYSTS["ml_model"])])
def test_analysts_that_are_not_the_participants_are_refused(analysts: tuple[Analyst, ...]) -> None:
    with pytest.raises(UsageError, match=r"are not the participants \['momentum', 'smc'\]"):
        ConsensusStrategy(TWO, analysts)


def test_a_participant_that_is_always_silent_lets_nothing_happen() -> None:
    bars = market("1h", 600)
    assert not consensus_strategy(ConsensusRules()).batch(bars, {"short": 1}).weight.any()
    assert not consensus_strategy(ConsensusRules()).batch(bars.slice(0, 0), {}).weight.size


@pytest.mark.parametrize(
    "rules",
    [
        replace(TWO, pool="hedge"),
        replace(TWO, pool="log_odds"),
        replace(TWO, learning=Learning("reliability")),
    ],
)
def test_what_is_learnt_from_outcomes_is_refused_in_a_backtest_until_it_is_constant(rules: ConsensusRules) -> None:
    bars, strategy = market("1h", 900), consensus_strategy(rules)
    assert strategy.warmup({}) > 0
    for look in (lambda: strategy.batch(bars, {}), lambda: strategy.start(bars, {})):
        with pytest.raises(UsageError, match="which a backtest would know beforehand; give `experts` in consensus"):
            look()
    assert consensus_strategy(replace(rules, experts=EXPERTS)).batch(bars, {}).weight.any()


def test_a_model_against_the_others_stops_them_but_in_an_extreme_move() -> None:
    """Two bullish analysts and a bearish model: the last of the bars is a leap of ten average ranges."""
    sides = {"ml_model": says(-1, 0.6), "a": says(1, 0.9), "b": says(1, 0.9)}
    bars = wild_bars(21)
    voices = tuple(Scripted(name, [said] * len(bars)) for name, said in sides.items())
    for conflict, wants in (
        (Conflict(), [0.0, 1.0]),
        (Conflict(exceptions=("news_events",)), [0.0, 0.0]),
        (Conflict(extreme_atr=100.0), [0.0, 0.0]),
        (Conflict(model_first=False), [1.0, 1.0]),
    ):
        rules = ConsensusRules(required=("a",), optional=("b", "ml_model"), conflict=conflict)
        weight = ConsensusStrategy(rules, voices).batch(bars, {}).weight
        assert weight[-2:].tolist() == wants
