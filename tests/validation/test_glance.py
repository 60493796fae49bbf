"""The glance before a backtest: a strategy from outside that uses later bars is refused with its bar."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from quorum.domain import HOUR, InvalidSignal, Timeframe, iso
from quorum.lake import Bars
from quorum.signals import Parameter, from_batch, strategies
from quorum.signals.consensus import ConsensusRules
from quorum.validation import refuse_foresight

RISES = np.cumprod(1 + np.random.default_rng(3).normal(0, 0.01, 300)) * 100
BARS = Bars("ABC", "t", Timeframe.parse("1h"), np.arange(300) * HOUR, np.asarray(RISES, np.float64))


def tomorrow(bars: Bars, params: Any) -> Any:
    return np.append(bars.close[1:] > bars.close[:-1], False).astype(float)


def normalised(bars: Bars, params: Any) -> Any:
    return np.clip((bars.close - bars.close.mean()) / bars.close.std() / params["width"], -1, 1)


def yesterday(bars: Bars, params: Any) -> Any:
    return np.append(False, bars.close[1:] > bars.close[:-1]).astype(float)


def broken(bars: Bars, params: Any) -> Any:
    raise ValueError("no")


WIDTH = (Parameter("width", 4, 1, 9, "spreads"),)


def test_a_row_that_later_bars_change_is_named() -> None:
    told = f"ahead looks ahead on ABC: weight at the close of the bar of {iso(HOUR)}"
    with pytest.raises(InvalidSignal, match=told):
        refuse_foresight(from_batch("ahead", tomorrow, 2), BARS, {})
    with pytest.raises(InvalidSignal, match="scaled with width = 5 looks ahead on ABC"):
        refuse_foresight(from_batch("scaled", normalised, 2, WIDTH), BARS, {"width": 5})


@pytest.mark.parametrize("rule", [yesterday, broken, lambda bars, params: np.zeros(3)])
def test_what_is_clean_or_gives_no_answer_passes(rule: Callable[..., Any]) -> None:
    refuse_foresight(from_batch("rule", rule, 2), BARS, {})
    refuse_foresight(from_batch("rule", rule, 2), BARS, {"unknown": 1})


def test_our_own_are_not_looked_at() -> None:
    for strategy in strategies(ConsensusRules(required=("smc", "momentum"), optional=())).values():
        refuse_foresight(strategy, BARS, {})
