"""What was recorded, found again: the bars that a decision saw, the bars and the strategy of a trial."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from quorum.domain import Timeframe
from quorum.lake import Bars, Lake, Panel
from quorum.signals import AnyStrategy, ConsensusRules, SpecStrategy, find_strategy, read_spec


def seen_bars(lake: Lake, seen: Mapping[str, Any]) -> Bars:
    """The series that a snapshot was taken of, in the revisions that it saw; the lake's errors when it is gone."""
    length, funding = Timeframe.parse(seen["timeframe"]), seen.get("funding_revision", 0)
    return lake.bars(seen["symbol"], length, seen["venue"], seen["revision"], funding)


def trial_bars(lake: Lake, inputs: Mapping[str, Any]) -> Bars | Panel:
    """The bars of a trial, in the revisions that it saw; the lake's errors when they are gone."""
    length, venue = Timeframe.parse(inputs["timeframe"]), inputs["venue"]
    at = None if "+" in venue else venue
    each = zip(inputs["symbols"], inputs["revisions"], inputs["funding_revisions"], strict=True)
    series = [lake.bars(symbol, length, at, revision, funding) for symbol, revision, funding in each]
    bars = Panel.of(series) if inputs["kind"] == "portfolio" else series[0]
    return bars.between(inputs["first"], inputs["last"] + 1)


def trial_strategy(inputs: Mapping[str, Any]) -> AnyStrategy:
    """The strategy that a trial ran: made from its settings where it is data, else found again."""
    settings = inputs["settings"]
    if inputs["kind"] == "spec":
        return SpecStrategy(read_spec(settings["spec"]))
    rules = ConsensusRules.read(settings) if inputs["kind"] == "consensus" else ConsensusRules()
    return find_strategy(inputs["place"] or inputs["strategy"], rules)
