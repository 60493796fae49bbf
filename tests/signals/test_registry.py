"""Strategies and analysts by their names."""

from __future__ import annotations

import pytest

from quorum.domain import NotFound
from quorum.signals import ANALYSTS, AnyStrategy, ConsensusRules, consensus_strategy, find_strategy, strategies

RULES = ConsensusRules(required=("smc", "momentum"), optional=())
SINGLE = ("demo_ma", "trend_breakout", "mean_reversion", "momentum", "volatility")
PORTFOLIOS = ("pairs", "rotation", "follow")
NAMES = (*SINGLE, "carry", *PORTFOLIOS, "consensus")


def test_every_strategy_is_found_by_the_name_it_has() -> None:
    known = strategies(RULES)
    assert tuple(known) == NAMES
    for name, strategy in known.items():
        found: AnyStrategy = find_strategy(name, RULES)
        assert found == strategy
        kinds = {"consensus": "consensus", **dict.fromkeys(PORTFOLIOS, "portfolio")}
        assert (found.name, found.kind) == (name, kinds.get(name, "rule"))
        assert found.summary
        for parameter in found.parameters:
            assert parameter.read(parameter.default) == parameter.default


def test_every_analyst_has_the_name_it_is_listed_under() -> None:
    assert set(ANALYSTS) == {"smc", "momentum", "microstructure", "ml_model"}
    assert all(analyst.name == name for name, analyst in ANALYSTS.items())


@pytest.mark.parametrize(
    ("asked", "says"),
    [("demo", "did you mean demo_ma"), ("consesnus", "did you mean consensus"), ("", "there are demo_ma")],
)
def test_an_unknown_name_is_refused_with_what_comes_close(asked: str, says: str) -> None:
    with pytest.raises(NotFound, match=says):
        find_strategy(asked, RULES)


def test_a_vote_of_nobody_known_is_refused() -> None:
    with pytest.raises(NotFound, match="there is no analyst 'astrology'; there are smc, momentum"):
        consensus_strategy(ConsensusRules(required=("smc", "astrology"), optional=()))


def test_rules_that_cannot_vote_stop_no_other_strategy() -> None:
    unusable = ConsensusRules(required=("astrology",), optional=())
    assert find_strategy("demo_ma", unusable).name == "demo_ma"
    with pytest.raises(NotFound, match="astrology"):
        find_strategy("consensus", unusable)


def test_the_vote_counts_by_the_rules_that_are_given() -> None:
    first, second = (find_strategy("consensus", ConsensusRules(("smc",), (), threshold=t)) for t in (0.6, 0.7))
    assert first.settings != second.settings
    assert first.settings["threshold"] == 0.6
