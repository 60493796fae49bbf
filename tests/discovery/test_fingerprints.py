"""Fingerprints: a rule's family is what it does, whatever it is written like; alike ideas are told as alike."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from discovery.ideas import DAYS, HOURS, printed, spec
from quorum.discovery import Bounds, Novelty, family_of_name, fingerprint, insight, similarity
from quorum.discovery.families import BUILT_IN, lean, rules_of
from quorum.signals import WITHOUT_MODEL, read_params, strategies

MEANS = {"long": "sma(close, 20) > sma(close, 50)", "exit_long": "sma(close, 20) < sma(close, 50)"}
FAMILIES = [
    ("trend", {"long": "close > sma(close, 50)"}),
    ("trend", {"long": "not (close <= sma(close, 50))"}),
    ("trend", {"short": "cross_below(sma(close, 20), sma(close, 50))"}),
    ("mean_reversion", {"long": "close < sma(close, 50)"}),
    ("mean_reversion", {"long": "cross_above(rsi(close, 14), 30)"}),
    ("mean_reversion", {"long": "rsi(close, 5) < 25 and close > sma(close, 200)"}),
    ("mean_reversion", {"short": "zscore(close, 48) > 2"}),
    ("mean_reversion", {"long": "close < lowest(low, 20)[1]"}),
    ("breakout", {"long": "close > donchian_upper(40)"}),
    ("breakout", {"short": "close < bollinger_lower(close, 40, 2)"}),
    ("momentum", {"long": "roc(close, 100) > 0.01"}),
    ("momentum", {"long": "close[10] / close[100] > 1"}),
    ("volatility", {"long": "close - close[1] > 2 * atr(14)"}),
    ("volume", {"long": "volume > 3 * mean_volume(50) and close > open"}),
    ("seasonality", {"long": "hour == 21", "hold": "2"}),
    ("carry", {"short": "sum(funding, 72) > 0.001"}),
]


@pytest.mark.parametrize(("family", "rules"), FAMILIES)
def test_a_family_is_what_the_entries_do(family: str, rules: dict[str, str]) -> None:
    assert printed(**rules).family == family


def test_names_for_expressions_hide_no_family() -> None:
    named = printed(indicators={"cheap": "zscore(close, 48)"}, long="cheap < -2")
    assert named.family == "mean_reversion"
    assert named.traits == printed(long="zscore(close, 48) < -2").traits


def test_a_rule_that_never_enters_leans_nowhere() -> None:
    rule = spec(long="close < 0")
    assert lean(rule.spec, {}) == 0


def test_every_strategy_that_is_code_has_a_family_and_says_its_rules_as_data() -> None:
    for name, strategy in strategies(WITHOUT_MODEL).items():
        params = read_params(strategy, {})
        told = rules_of(strategy, params)
        assert name in BUILT_IN
        assert family_of_name(name) == fingerprint(strategy, ("A", "B"), HOURS).family
        assert (told is None) == (family_of_name(name) in ("relative_value", "consensus"))
    assert family_of_name("somebody_elses") == "other"


def test_the_told_rules_of_code_have_the_family_of_the_table() -> None:
    """The table agrees with the reading of rules, so that a spec which says the same is known for what it is."""
    for name, strategy in strategies(WITHOUT_MODEL).items():
        told = rules_of(strategy, read_params(strategy, {}))
        if told is not None and name != "momentum":
            assert printed(**{k: v for k, v in told.plain().items() if k != "name"}).family == BUILT_IN[name].family


def test_a_side_that_is_switched_off_is_no_direction() -> None:
    found = strategies(WITHOUT_MODEL)["mean_reversion"]
    assert fingerprint(found, ("BTCUSDT",), HOURS).direction == "long"
    assert fingerprint(found, ("BTCUSDT",), HOURS, {"short": 1}).direction == "both"


@pytest.mark.parametrize(
    ("rules", "horizon"),
    [
        ({"long": "close > sma(close, 10)"}, "intraday"),
        ({"long": "close > sma(close, 100)"}, "days"),
        ({"long": "close > sma(close, 10)", "exit_long": "close < sma(close, 500)"}, "weeks"),
        ({"long": "close > sma(close, 1000)", "hold": "3"}, "intraday"),
        ({"long": "close > close[2000]"}, "months"),
    ],
)
def test_the_horizon_is_how_long_it_holds_or_how_far_it_looks(rules: dict[str, str], horizon: str) -> None:
    assert printed(**rules).horizon == horizon


def test_the_same_rule_is_a_duplicate_whatever_its_name_and_parameters() -> None:
    one = printed(parameters={"n": {"default": 20, "low": 2, "high": 99}}, long="close > sma(close, n)")
    other = printed(parameters={"n": {"default": 22, "low": 2, "high": 99}}, long="close > sma(close, n)")
    assert one.rule == other.rule
    assert insight(other, [("STR-001", one)]) == (Novelty.DUPLICATE, 1.0, "STR-001")


def test_another_number_in_a_rule_is_no_new_idea() -> None:
    assert insight(printed(long="close > sma(close, 22)"), [("STR-001", printed(long="close > sma(close, 20)"))])[
        0
    ] is (Novelty.DUPLICATE)


def test_spec_says_what_a_strategy_in_code_does() -> None:
    code = fingerprint(strategies(WITHOUT_MODEL)["demo_ma"], ("BTCUSDT",), HOURS)
    rules = {
        "long": "cross_above(sma(close, 20), sma(close, 50))",
        "exit_long": "cross_below(sma(close, 20), sma(close, 50))",
    }
    assert insight(printed(**rules), [("demo_ma", code)]).novelty is Novelty.DUPLICATE


@pytest.mark.parametrize(
    "twist",
    [
        {"symbols": ("ETHUSDT",), **MEANS},
        {"timeframe": DAYS, **MEANS},
        {**MEANS, "trail": "3 * atr(14)"},
        {**MEANS, "long": "sma(close, 20) > sma(close, 50) and volume > 0"},
    ],
)
def test_the_same_rule_elsewhere_or_with_something_added_is_a_twist(twist: dict[str, object]) -> None:
    found = insight(printed(**twist), [("STR-001", printed(**MEANS))])  # type: ignore[arg-type]
    assert found.novelty in (Novelty.SIMILAR_WITH_TWIST, Novelty.NOVEL)
    assert 0.5 < found.similarity <= 0.95


def test_another_family_is_novel() -> None:
    found = insight(printed(long="hour == 3", hold="1"), [("STR-001", printed(**MEANS))])
    assert found.novelty is Novelty.NOVEL
    assert found.value == pytest.approx(1 - found.similarity)


def test_the_bounds_decide() -> None:
    known = [("STR-001", printed(**MEANS))]
    moved = printed(symbols=("ETHUSDT",), **MEANS)
    assert insight(moved, known, Bounds(0.9, 0.95)).novelty is Novelty.NOVEL
    assert insight(moved, known, Bounds(0.5, 0.8)).novelty is Novelty.DUPLICATE
    assert insight(moved, []).similarity == 0.0


RULES = st.sampled_from([rules for _, rules in FAMILIES])


@given(RULES, RULES)
def test_likeness_is_the_same_both_ways_and_whole_only_with_itself(one: dict[str, str], other: dict[str, str]) -> None:
    first, second = printed(**one), printed(**other)
    assert similarity(first, second) == pytest.approx(similarity(second, first))
    assert 0.0 <= similarity(first, second) <= 1.0
    assert similarity(first, first) == pytest.approx(1.0)
