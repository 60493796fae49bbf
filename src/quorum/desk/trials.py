"""What a recorded trial was made from: its bars and its strategy, found again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from quorum.domain import Timeframe
from quorum.lake import Bars, BarSource, Panel
from quorum.signals import AnyStrategy, ConsensusRules, SpecStrategy, find_strategy, read_spec


def trial_bars(lake: BarSource, inputs: Mapping[str, Any]) -> Bars | Panel:
    """The bars of a trial, in the revisions that it saw; the lake's errors when they are gone."""
    length, venue = Timeframe.parse(inputs["timeframe"]), inputs["venue"]
    each = zip(inputs["symbols"], inputs["revisions"], strict=True)
    series = [lake.bars(symbol, length, None if "+" in venue else venue, revision) for symbol, revision in each]
    bars = Panel.of(series) if inputs["kind"] == "portfolio" else series[0]
    return bars.between(inputs["first"], inputs["last"] + 1)


def trial_strategy(inputs: Mapping[str, Any]) -> AnyStrategy:
    """The strategy that a trial ran: made from its settings where it is data, else found again."""
    settings = inputs["settings"]
    if inputs["kind"] == "spec":
        return SpecStrategy(read_spec(settings["spec"]))
    rules = ConsensusRules.read(settings) if inputs["kind"] == "consensus" else ConsensusRules()
    return find_strategy(inputs["place"] or inputs["strategy"], rules)
