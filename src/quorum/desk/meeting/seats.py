"""Diverge: each seat puts its ideas forward, by its rules or by a language model."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from quorum.desk.meeting.brief import brief, series_of
from quorum.desk.meeting.ports import Purse, Seat, Silent, Wanted
from quorum.desk.meeting.preflight import Warned
from quorum.desk.settings.meeting import MeetingFile, ModelSection, SeatSection
from quorum.discovery import (
    CURIOUS,
    MAVERICK,
    STRATEGIST,
    Briefing,
    Curiosity,
    Offer,
    Proposal,
    curious,
    maverick,
    strategist,
)
from quorum.lake import Bars

MOST_TOLD = 20
"""Anomalies that a record tells in words, the surest."""


class Heard(NamedTuple):
    """What a seat put forward, who spoke (`rules`, or a model's name), and what is to be told of it."""

    seat: str
    spoke: str
    proposals: tuple[Proposal, ...]
    facts: Mapping[str, Any] = {}


class Table(NamedTuple):
    """What the seats share: the briefing, learnings that can stop an idea, bars that may be tested on, the purse."""

    briefing: Briefing
    warned: tuple[Warned, ...]
    bars: Callable[[Offer], Bars]
    purse: Purse


def diverge(settings: MeetingFile, table: Table, models: Seat) -> tuple[Heard, ...]:
    """What every seat that is enabled puts forward. Where a model is silent, the seat's own rules speak.

    ConfigError where a seat has a model that cannot be asked at all.
    """
    return tuple(
        _heard(name, seat, settings, table, models) for name, seat in settings.seats.named().items() if seat.enabled
    )


def _heard(name: str, seat: SeatSection, settings: MeetingFile, table: Table, models: Seat) -> Heard:
    if seat.model is None:
        return _by_rules(name, settings, table)
    try:
        said = models.propose(_wanted(name, seat.model, settings.model, table), table.purse)
    except Silent as error:
        own = _by_rules(name, settings, table)
        return own._replace(facts={**own.facts, "silent": str(error)})
    return Heard(name, seat.model, tuple(said))


def _by_rules(name: str, settings: MeetingFile, table: Table) -> Heard:
    if name == CURIOUS:
        look = curious(table.briefing, Curiosity(table.bars, settings.false_discovery_rate, settings.cost_bps))
        facts = {"tests": look.tests, "anomalies": len(look.anomalies), "found": list(look.told[:MOST_TOLD])}
        return Heard(name, "rules", look.proposals, facts)
    speak: Mapping[str, Callable[[Briefing], Sequence[Proposal]]] = {STRATEGIST: strategist, MAVERICK: maverick}
    return Heard(name, "rules", tuple(speak[name](table.briefing)))


def _wanted(name: str, model: str, section: ModelSection, table: Table) -> Wanted:
    return Wanted(
        seat=name,
        model=model,
        brief=brief(name, table.briefing, table.warned),
        series=series_of(table.briefing),
        most=table.briefing.most,
        base_url=section.base_url,
        input_price=section.input_price,
        output_price=section.output_price,
        most_output_tokens=section.most_output_tokens,
        timeout_seconds=section.timeout_seconds,
    )
