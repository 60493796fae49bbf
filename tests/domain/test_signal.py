"""A view either makes sense in all its levels or does not come to be."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.words import view
from quorum.domain import Abstain, Direction, InvalidSignal, QuorumError, View

LEVELS = st.sampled_from([-5.0, 0.0, 90.0, 95.0, 100.0, 105.0, 110.0, math.nan, math.inf])


def mirrored(level: float) -> float:
    return 200.0 - level


def bearish(**changed: Any) -> View:
    """The view of `words`, upside down around 100."""
    levels = {"entry": (100.0, 101.0), "stop": 105.0, "targets": (90.0, 80.0)}
    return view(**{"direction": Direction.BEARISH, **levels, **changed})


def neutral(**changed: Any) -> View:
    return view(**{"direction": Direction.NEUTRAL, "entry": None, "stop": None, "targets": (), **changed})


def test_the_worst_price_of_the_zone_is_what_reward_and_risk_are_measured_from() -> None:
    assert (view().entry_price, view().reward_risk) == (100.0, 2.0)
    assert (bearish().entry_price, bearish().reward_risk) == (100.0, 2.0)
    assert neutral().reward_risk == 0.0
    with pytest.raises(InvalidSignal, match="a neutral view has no entry"):
        _ = neutral().entry_price
    assert [d.sign for d in (Direction.BULLISH, Direction.BEARISH, Direction.NEUTRAL)] == [1, -1, 0]


BAD_LEVELS: list[dict[str, Any]] = [
    {"stop": 100.0},
    {"stop": 99.5},
    {"stop": 99.0},
    {"stop": 101.0},
    {"stop": 115.0},
    {"targets": (100.0,)},
    {"targets": (99.5, 120.0)},
    {"targets": (110.0, 90.0)},
    {"targets": (120.0, 110.0)},
    {"entry": (100.0, 99.0)},
    {"stop": None},
    {"entry": None},
    {"targets": ()},
    *({"stop": level} for level in (math.nan, math.inf, -math.inf)),
    *({"targets": (110.0, level)} for level in (math.nan, math.inf)),
    *({"entry": (level, 100.0)} for level in (math.nan, -math.inf)),
    *({"entry": (99.0, level)} for level in (math.nan, math.inf)),
]


def upside_down(levels: dict[str, Any]) -> dict[str, Any]:
    return {name: turned(name, level) for name, level in levels.items()}


def turned(name: str, level: Any) -> Any:
    """A level as it is mirrored around 100; a zone keeps its low end first."""
    if not isinstance(level, tuple):
        return level and mirrored(level)
    prices = tuple(map(mirrored, level))
    return prices[::-1] if name == "entry" else prices


@pytest.mark.parametrize("levels", BAD_LEVELS, ids=str)
def test_levels_that_contradict_each_other_are_refused_on_both_sides(levels: dict[str, Any]) -> None:
    for refused, changed in ((view, levels), (bearish, upside_down(levels))):
        with pytest.raises(InvalidSignal) as refusal:
            refused(**changed)
        assert str(refusal.value).startswith("smc: ")
        assert "\n" not in str(refusal.value)


@pytest.mark.parametrize("levels", [{"stop": 0.0}, {"stop": -1.0}, {"entry": (-1.0, 100.0), "stop": -2.0}], ids=str)
def test_a_price_that_is_not_positive_is_no_level(levels: dict[str, Any]) -> None:
    with pytest.raises(InvalidSignal, match="are no prices in order"):
        view(**levels)
    with pytest.raises(InvalidSignal, match="are no prices in order"):
        bearish(targets=(90.0, 0.0))


@given(st.sampled_from([Direction.BULLISH, Direction.BEARISH]), LEVELS, LEVELS, LEVELS, LEVELS, LEVELS)
def test_a_view_comes_to_be_exactly_when_its_prices_are_in_order(
    side: Direction, low: float, high: float, stop: float, first: float, second: float
) -> None:
    order = [stop, low, high, first, second] if side is Direction.BULLISH else [-stop, -high, -low, -first, -second]
    rising = [before <= after for before, after in pairwise(order)]
    strict = order[0] < order[1] and order[2] < order[3]
    real = all(math.isfinite(p) and p > 0 for p in (low, high, stop, first, second))
    levels: dict[str, Any] = {"direction": side, "entry": (low, high), "stop": stop, "targets": (first, second)}
    if real and all(rising) and strict:
        assert view(**levels).reward_risk > 0
    else:
        with pytest.raises(InvalidSignal):
            view(**levels)


@pytest.mark.parametrize("confidence", [-0.01, 1.01, math.nan, math.inf])
def test_confidence_is_a_share(confidence: float) -> None:
    for any_view in (view, bearish, neutral):
        with pytest.raises(InvalidSignal, match=r"smc: confidence .* is not within 0\.\.1"):
            any_view(confidence=confidence)
    assert [view(confidence=c).confidence for c in (0.0, 1.0)] == [0.0, 1.0]


@pytest.mark.parametrize("level", [{"entry": (99.0, 100.0)}, {"stop": 95.0}, {"targets": (110.0,)}], ids=str)
def test_a_neutral_view_has_no_levels(level: dict[str, Any]) -> None:
    with pytest.raises(InvalidSignal, match="a neutral view has no entry, no stop and no target"):
        neutral(**level)


def test_silence_is_no_zero() -> None:
    silence = Abstain("smc", "BTCUSDT", 0, "no bars")
    assert not hasattr(silence, "confidence")
    assert not hasattr(silence, "direction")
    assert issubclass(InvalidSignal, QuorumError)
