"""Choosing: the newest that are feasible, not all of one family, and one off the beaten track."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from discovery.ideas import HOURS, printed, spec
from quorum.discovery import (
    Activity,
    Feasibility,
    Insight,
    Judged,
    Novelty,
    Proposal,
    Selection,
    activity,
    feasibility,
    measured,
    novel,
    select,
)
from quorum.lake import synthetic_market
from quorum.signals import WITHOUT_MODEL, strategies

RULES = {
    "trend": {"long": "close > sma(close, 50)"},
    "volume": {"long": "volume > 3 * mean_volume(50)"},
    "hours": {"long": "hour == 3", "hold": "2"},
    "momentum": {"long": "roc(close, 60) > 0"},
}


def judged(name: str, family: str = "trend", new: float = 1.0, value: float = 1.0, refused: str = "") -> Judged:
    """A proposal with a fingerprint of that family, and these numbers."""
    rules = RULES[family]
    made = Proposal({"name": name, **rules}, ("BTCUSDT",), "1h", "because", "strategist")
    insight = Insight(Novelty.NOVEL, 1.0 - new, None)
    return Judged(made, printed(**rules), insight, Feasibility(value, 1.0, 1.0, 1.0), refused)


def names(found: tuple[Judged, ...]) -> list[str]:
    return [one.proposal.name for one in found if one.chosen]


def test_the_best_by_novelty_times_feasibility_are_chosen() -> None:
    found = select(
        [
            judged("a", "trend", 0.5),
            judged("b", "volume", 0.9),
            judged("c", "hours", 0.8, 0.2),
            judged("d", "momentum", 0.4),
        ],
        Selection(),
        None,
    )
    assert names(found) == ["b", "a", "d"]
    assert [one.score for one in found[:3]] == pytest.approx([0.9, 0.5, 0.4])


def test_at_most_so_many_are_of_one_family() -> None:
    found = select([judged(f"t{k}") for k in range(5)] + [judged("v", "volume", 0.1)], Selection(), None)
    assert len([one for one in found if one.chosen and one.family == "trend"]) == 2
    assert "v" in names(found)


def test_one_is_of_another_family_than_the_most_tested() -> None:
    rules = Selection(most=2, per_family=2)
    proposals = [judged("a"), judged("b"), judged("weak", "volume", 0.001)]
    assert names(select(proposals, rules, "trend")) == ["a", "weak"]
    assert names(select(proposals, Selection(most=1, per_family=1), "trend")) == ["weak"]
    assert names(select(proposals[:2], rules, "trend")) == ["a", "b"]  # there is no other


def test_what_is_refused_or_hardly_feasible_is_not_chosen_and_says_why() -> None:
    found = select([judged("a", refused="no"), judged("b", value=0.01), judged("c")], Selection(), None)
    assert names(found) == ["c"]
    assert {one.proposal.name: one.refused for one in found} == {
        "a": "no",
        "b": "its feasibility is 0.010, below 0.05: data 0.01",
        "c": "",
    }


def test_likeness_to_what_was_chosen_counts_against_an_idea() -> None:
    found = select([judged("a"), judged("again", new=0.9), judged("v", "volume", 0.5)], Selection(most=2), None)
    assert names(found) == ["a", "v"]


def test_duplicates_of_known_ideas_and_of_proposals_before_are_refused() -> None:
    made = [judged("a"), judged("b"), judged("v", "volume")]
    fresh = [Judged(one.proposal, one.fingerprint) for one in made]
    first, second, third = novel(fresh, [("STR-001", printed(**RULES["volume"]))])
    assert (first.refused, second.refused) == ("", "it is a again (1.00 alike)")
    assert third.refused == "it is STR-001 again (1.00 alike)"
    assert third.insight is not None
    assert third.insight.novelty is Novelty.DUPLICATE


FAMILY = st.sampled_from(sorted(RULES))
MANY = st.lists(st.tuples(FAMILY, st.floats(0, 1), st.floats(0, 1)), max_size=8)


@given(MANY, st.integers(1, 4), st.integers(1, 3), st.sampled_from([None, *sorted(RULES)]))
def test_a_choice_keeps_its_rules(
    given_: list[tuple[str, float, float]], most: int, per: int, tested: str | None
) -> None:
    rules = Selection(most, per)
    made = [judged(f"i{k}", family, new, value) for k, (family, new, value) in enumerate(given_)]
    found = select(made, rules, None if tested is None else printed(**RULES[tested]).family)
    chosen = [one for one in found if one.chosen]
    assert len(found) == len(made)
    assert len(chosen) <= most
    assert not any(one.refused for one in chosen)
    families = [one.family for one in chosen]
    assert all(families.count(family) <= per for family in families)
    if tested and chosen and any(one.family != printed(**RULES[tested]).family and not one.refused for one in found):
        assert any(one.family != printed(**RULES[tested]).family for one in chosen)


BARS = synthetic_market(3, ("BTCUSDT",), HOURS, 0, 9_000)["BTCUSDT"]


def test_entries_are_counted_a_year() -> None:
    found = activity(spec(long="hour == 3", hold="2"), BARS)
    assert isinstance(found, Activity)
    assert found.entries == pytest.approx(365, rel=0.01)
    assert 0.2 < found.volatility < 2


def test_what_never_enters_or_cannot_run_says_so() -> None:
    assert "never enters" in str(activity(spec(long="close < 0"), BARS))
    closes = type(BARS)("BTCUSDT", "sim", HOURS, BARS.time, BARS.close)
    assert "cannot be run" in str(activity(spec(long="high > low"), closes))
    assert "no bars" in str(activity(spec(long="close > 1"), BARS.slice(0, 1)))


def test_a_portfolio_is_taken_to_enter_often_enough() -> None:
    found = activity(strategies(WITHOUT_MODEL)["pairs"], BARS)
    assert isinstance(found, Activity)
    assert feasibility(found, 5_000, 1.0, 20).activity == 1.0


def test_feasibility_falls_with_little_past_few_entries_and_high_costs() -> None:
    good = feasibility(Activity(60, 0.6), 2_000, 1.0, 20)
    assert good == Feasibility(1.0, 1.0, 1.0, 1.0)
    assert feasibility(Activity(60, 0.6), 252, 1.0, 20).data == 0.25
    assert feasibility(Activity(15, 0.6), 2_000, 1.0, 20).activity == 0.25
    assert feasibility(Activity(600, 0.6), 2_000, 1.0, 20).cost == pytest.approx(0.125)
    assert feasibility(Activity(600, 0.6), 2_000, 1.0, 0).cost == 1.0
    assert feasibility(Activity(60, 0.6), 2_000, 0.0, 20).value == 0.5


def test_what_lives_on_an_anomaly_is_weighed_by_what_an_occasion_pays() -> None:
    blind = feasibility(Activity(365.0, 0.5), 1_008, 0.5, 20.0)
    assert measured(blind, {"model": "any"}, 20.0) == blind
    for pays, cost in ((15.0, 0.0), (20.0, 0.0), (30.0, 0.5), (40.0, 1.0), (90.0, 1.0)):
        found = measured(blind, {"pays_bps": pays, "adjusted_p": 0.01}, 20.0)
        assert (found.cost, found.record) == (pytest.approx(cost), pytest.approx(0.99))
    assert measured(blind, {"pays_bps": 5.0, "adjusted_p": 0.9}, 0.0) == replace(blind, cost=1.0)
