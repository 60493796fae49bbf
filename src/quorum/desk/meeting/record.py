"""A meeting in plain values: what its record tells of proposals, seats and the map, and its decision."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from quorum.desk.life import Record
from quorum.desk.meeting.past import Past
from quorum.desk.meeting.seats import Heard
from quorum.desk.settings.meeting import MeetingFile
from quorum.discovery import Briefing, Judged, Novelty, SearchSpace
from quorum.domain import Choice, DecisionKind, iso, plain
from quorum.validation.life import Idea


def choice_told(judged: Sequence[Judged], seen: Past) -> dict[str, Any]:
    """Every proposal, the chosen ones first, the others with why not; the ideas as they will be queued."""
    chosen = [one for one in judged if one.chosen]
    return {
        "proposals": [_proposal(one) for one in judged],
        "selected": [one.proposal.name for one in chosen],
        "rejected": [
            {"name": one.proposal.name, "by": one.proposal.by, "reason": _why_not(one)}
            for one in judged
            if not one.chosen
        ],
        "ideas": [plain(_idea(one, {known.strategy_id for known in seen.known})) for one in chosen],
    }


def _why_not(one: Judged) -> str:
    return one.refused or f"others were newer or more feasible: its score is {one.score:.3f}"


def _proposal(one: Judged) -> dict[str, Any]:
    """A proposal as the record tells it."""
    made, found = one.proposal, one.fingerprint
    told: dict[str, Any] = {
        "name": made.name,
        "by": made.by,
        "hypothesis": made.hypothesis,
        "symbols": list(made.symbols),
        "timeframe": made.timeframe,
        "venue": made.venue,
        "strategy": plain(made.strategy),
        "params": dict(made.params),
        "parent": made.parent,
        "evidence": plain(made.evidence),
        "cell": None if found is None else found.cell.key,
        "rule": None if found is None else found.rule,
        "novelty": None if one.insight is None else one.insight.novelty.value,
        "similarity": None if one.insight is None else one.insight.similarity,
        "like": None if one.insight is None else one.insight.like,
        "feasibility": None if one.feasibility is None else round(one.feasibility.value, 6),
        "feasibility_parts": None if one.feasibility is None else plain(one.feasibility),
        "score": round(one.score, 6),
        "chosen": one.chosen,
    }
    return told


def _idea(one: Judged, known: set[str]) -> Idea:
    made, told = one.proposal, one.insight
    like = told.like if told is not None and told.novelty is not Novelty.NOVEL and told.like in known else None
    return Idea(
        strategy=plain(made.strategy),
        symbols=made.symbols,
        timeframe=made.timeframe,
        venue=made.venue,
        params=dict(made.params),
        hypothesis=made.hypothesis,
        origin=made.by,
        parent=made.parent or like,
        weight=round(one.score, 6),
    )


def decision(record: Record, queued: Sequence[str]) -> Choice:
    """The decision that a meeting is, by its record."""
    names = ", ".join(f"{i} {name}" for i, name in zip(queued, record["selected"], strict=True))
    count = len(record["proposals"])
    return Choice(
        DecisionKind.MEETING,
        record["meeting_id"],
        record["as_of"],
        {"seed": record["seed"], "theme": record["theme"], **record["inputs"]},
        {"queued": list(queued), "rejected": record["rejected"]},
        f"of {count} proposals on the theme {record['theme']} {f'{names} went' if names else 'none went'} to the queue",
    )


def inputs_told(briefing: Briefing, settings: MeetingFile) -> dict[str, Any]:
    """All that the choice followed from, beside seed and theme."""
    series = [
        f"{o.symbol}.{o.venue} {o.timeframe} {iso(o.first)}..{iso(o.end)}{' funded' if o.funding else ''}"
        for o in briefing.offers
    ]
    known = [one.strategy_id for one in briefing.known]
    told = {"series": series, "known": known, "directions": list(briefing.directions)}
    return {**told, "settings": settings.model_dump(mode="json")}


def seat_told(one: Heard) -> dict[str, Any]:
    """Who spoke from a seat, and how much."""
    return {"seat": one.seat, "spoke": one.spoke, "proposals": len(one.proposals), **one.facts}


def map_told(space: SearchSpace) -> dict[str, Any]:
    """The cells in which anything was tested, by their keys."""
    return {cell.key: {"tested": tally.tested, "passed": dict(tally.passed)} for cell, tally in space.cells.items()}
