"""Every planted leak is named with its column and row, and every honest strategy passes."""

from __future__ import annotations

import copy
import re
from dataclasses import replace
from functools import cache
from typing import Any

import pytest

from quorum.signals import AnyStrategy, is_portfolio
from quorum.validation import Clean, Effort, Examination, Leaks, Unfit, examine, markets_for
from quorum.validation.lookahead.answers import Data
from validation.lookahead.honest import HONEST
from validation.lookahead.leaky import LEAKS, Winners
from validation.lookahead.unfit import UNFIT

LIGHT = Effort(seconds=60, cuts=24, futures=2, repaints=2, growth=3, starts=4, streaming=0.01, every=0.0)
# what shows at 2 of 600 cuts takes all of them, and what shows in a stream its rows, however busy the machine is
PATIENT: dict[str, dict[str, Any]] = {
    "one_row_in_300": {"streaming": 60.0, "every": 60.0},
    **{name: {"streaming": 60.0} for name in ("StartReads", "StepFails", "TwoMinds")},
}


@cache
def markets(symbols: int) -> list[Data]:
    """The same small markets for all rules on one symbol, and for all on so many."""
    like: AnyStrategy = LEAKS["next_return"][0] if symbols == 1 else WithSymbols(symbols)
    return markets_for(like, {}, 3, 600)


class WithSymbols(Winners):
    def __init__(self, symbols: int) -> None:
        self.symbols = (symbols, symbols)


def examined(strategy: AnyStrategy) -> Examination:
    data = markets(1)
    if is_portfolio(strategy):
        data = markets(strategy.symbols[1] or 4)
    return examine(strategy, data, effort=replace(LIGHT, **PATIENT.get(strategy.name, {})))


@pytest.mark.parametrize("name", LEAKS)
def test_a_leak_is_named_with_its_column_and_its_first_row(name: str) -> None:
    strategy, column = LEAKS[name]
    found = examined(strategy)
    assert isinstance(found.verdict, Leaks), found.told()
    assert {leak.column for leak in found.verdict.leaks} >= {column}
    first = found.verdict.first
    assert first.row is not None
    assert first.time is not None


@pytest.mark.parametrize("name", HONEST)
def test_an_honest_strategy_is_clean(name: str) -> None:
    found = examined(HONEST[name])
    assert isinstance(found.verdict, Clean), found.told()


def test_there_are_at_least_thirty_of_each() -> None:
    assert len(LEAKS) >= 30
    assert len(HONEST) >= 30


@pytest.mark.parametrize("name", UNFIT)
def test_what_cannot_be_trusted_to_run_is_named(name: str) -> None:
    strategy, check, says = UNFIT[name]
    found = examined(copy.deepcopy(strategy))
    assert isinstance(found.verdict, Unfit), found.told()
    named = [flaw for flaw in found.verdict.flaws if flaw.check == check]
    assert named, found.told()
    assert any(re.search(says, str(flaw)) for flaw in named), [str(flaw) for flaw in named]
