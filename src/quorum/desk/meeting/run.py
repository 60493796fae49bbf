"""A strategy meeting: diverge, collect, filter, select, learn; kept under its id, its choice a decision."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from quorum.desk.desk import Desk
from quorum.desk.life import Record, show_life
from quorum.desk.life.taking import take_in_what_can_be
from quorum.desk.meeting.account import Account, alone
from quorum.desk.meeting.judging import Bench, judge
from quorum.desk.meeting.language import LanguageSeat
from quorum.desk.meeting.market import bars_until, directions, held_back, offers
from quorum.desk.meeting.past import CHOSEN, HELD, SKIPPED, SPENT, Past, look_back, survivals
from quorum.desk.meeting.ports import Seat
from quorum.desk.meeting.preflight import consulted
from quorum.desk.meeting.record import choice_told, decision, inputs_told, map_told, seat_told
from quorum.desk.meeting.seats import Table, diverge
from quorum.desk.settings import read_settings
from quorum.desk.settings.meeting import MEETING_FILE, MeetingFile
from quorum.discovery import Briefing, read_theme, records, survey, theme_after
from quorum.domain import Choice, DecisionKind, plain
from quorum.validation.life import Idea

BY = "strategy-meeting"
SCHEMA = 1
_LAST = 1_000


@dataclass(frozen=True, slots=True)
class Convened:
    """How a meeting is called: the seed of its chance and its theme, both its own where they are not given.

    With `dry_run` nothing is kept or queued. Under a `key` a meeting is held once.
    """

    seed: int | None = None
    theme: str | None = None
    dry_run: bool = False
    key: str = ""


@dataclass(frozen=True, slots=True)
class Meeting:
    """A meeting as it is kept: `meeting_id` is None for one that was tried only; `told` are plain values."""

    meeting_id: str | None
    told: Mapping[str, Any]

    @property
    def queued(self) -> tuple[str, ...]:
        return tuple(self.told["queued"])


def run_meeting(desk: Desk, convened: Convened = Convened(), models: Seat = LanguageSeat()) -> Meeting:  # noqa: B008
    """Hold a strategy meeting and queue what it chose; a meeting that was broken off before is finished first.

    One at a time: a second one waits, and knows what the first queued. UsageError where there is nothing to propose
    on or the theme is unknown; ConfigError for a seat whose model cannot be asked. Switched off in meeting.yaml it is
    skipped, with a decision that says so.
    """
    settings = meeting_settings(desk)
    theme = None if convened.theme is None else read_theme(convened.theme).name
    if convened.dry_run and not any(seat.model for seat in settings.seats.named().values()):
        return _held(desk, settings, convened, models, theme)
    with alone(desk.workspace.home):
        return _held(desk, settings, convened, models, theme)


def meeting_settings(desk: Desk) -> MeetingFile:
    """config/meeting.yaml; ConfigError names the line that is wrong."""
    return read_settings(desk.workspace.config / MEETING_FILE, MeetingFile)


def update_map(desk: Desk, seen: Past | None = None) -> int:
    """Bring the search-space map in the store up to what the tiers have answered; how many cells changed."""
    space = survey((seen or look_back(desk)).lives.values())
    cells = desk.life.books.cells
    before = {record["key"]: (record["tested"], record.get("passed")) for record in cells.listed()}
    changed = 0
    for cell, tally in space.cells.items():
        passed = dict(tally.passed)
        if before.get(cell.key) != (tally.tested, passed):
            survived = passed.get("L3", 0)
            cells.put(
                {"key": cell.key, "tested": tally.tested, "survived": survived, "passed": passed, **cell._asdict()}
            )
            changed += 1
    return changed


def _held(desk: Desk, settings: MeetingFile, convened: Convened, models: Seat, theme: str | None) -> Meeting:
    if not convened.dry_run:
        take_in_what_can_be(desk)
    records = desk.life.books.meetings.listed(_LAST)
    held = [record for record in records if record["status"] != SPENT]
    if not convened.dry_run:
        finished = {r["meeting_id"]: _finished(desk, r) for r in held if r["status"] == CHOSEN}
        same = next((r for r in held if convened.key and r.get("key") == convened.key), None)
        if same is not None:
            return finished.get(same["meeting_id"]) or Meeting(same["meeting_id"], same)
    if not settings.enabled:
        return _skipped(desk, convened)
    as_of = desk.clock.now()
    account = Account(desk, settings, records, as_of)
    told = _deliberated(desk, settings, convened, models, (held, theme, as_of, account))
    if convened.dry_run:
        return Meeting(None, {**told, "meeting_id": None, "queued": [], "status": "dry_run"})
    return _finished(desk, account.close({**told, "status": CHOSEN}))


def _deliberated(
    desk: Desk,
    settings: MeetingFile,
    convened: Convened,
    models: Seat,
    before: tuple[Sequence[Record], str | None, int, Account],
) -> dict[str, Any]:
    """Everything up to the choice, in plain values; nothing is written but what models take."""
    held, theme, as_of, account = before
    seen, purse = look_back(desk), account.purse
    space, own = survey(seen.lives.values()), records(seen.lives.values())
    if theme is None:
        survived = survivals(held, seen.lives, settings.survivor_tier)
        theme = theme_after(survived, settings.themes, settings.stagnation_meetings)
    briefing = Briefing(
        offers(desk, settings, as_of),
        space,
        seen.known,
        read_theme(theme),
        convened.seed if convened.seed is not None else len(held) + 1,
        settings.proposals_per_seat,
        directions(desk, settings),
    )
    warned = consulted(desk.life.books.learnings.listed(), {offer.symbol for offer in briefing.offers})
    bars = bars_until(desk, as_of)
    held_out = held_back(bars, settings.holdout_days)
    heard = diverge(settings, Table(briefing, warned, held_out, purse), models)
    rules = desk.settings.consensus.consensus.rules()
    bench = Bench(briefing, warned, bars, own, rules, settings)
    judged = judge(bench, [proposal for one in heard for proposal in one.proposals])
    return {
        **choice_told(judged, seen),
        "schema": SCHEMA,
        "key": convened.key,
        "as_of": as_of,
        "seed": briefing.seed,
        "theme": theme,
        "theme_asked": convened.theme is not None,
        "seats": [seat_told(one) for one in heard],
        "learnings": [one.learning_id for one in warned],
        "unread": list(seen.unread),
        "records": plain(own),
        "most_tested": space.most_tested,
        "map": map_told(space),
        "calls": purse.made,
        "spent": round(purse.spent, 6),
        "inputs": inputs_told(briefing, settings),
        "queued": [],
    }


def _finished(desk: Desk, record: Record) -> Meeting:
    """Queue what was chosen, record the decision, close the meeting; what is done already is not done again."""
    identity = record["meeting_id"]
    ideas = [Idea(**{**idea, "symbols": tuple(idea["symbols"])}) for idea in record["ideas"]]
    before = {c.idea.identity: c.strategy_id for c in desk.life.queue.listed() if c.added_at >= record["at"]}
    new = desk.life.queue.add([idea for idea in ideas if idea.identity not in before], BY)
    queued = [{**before, **{c.idea.identity: c.strategy_id for c in new}}[idea.identity] for idea in ideas]
    earlier = desk.decisions.recent(1, DecisionKind.MEETING, identity)
    decided = earlier[0] if earlier else desk.decisions.record(decision(record, queued))
    told = {"queued": queued, "decision_id": decided.decision_id, "cells": update_map(desk), "status": HELD}
    kept = desk.life.books.meetings.change((identity,), lambda found: {**found, **told})
    show_life(desk, queued)
    return Meeting(identity, kept)


def _skipped(desk: Desk, convened: Convened) -> Meeting:
    told: dict[str, Any] = {
        "schema": SCHEMA,
        "key": convened.key,
        "as_of": desk.clock.now(),
        "status": SKIPPED,
        **{name: [] for name in ("proposals", "selected", "rejected", "queued", "seats", "ideas", "learnings")},
        "reason": "enabled is false in config/meeting.yaml",
    }
    if convened.dry_run:
        return Meeting(None, {**told, "meeting_id": None})
    kept = desk.life.books.meetings.open(told)
    choice = Choice(
        DecisionKind.MEETING,
        kept["meeting_id"],
        told["as_of"],
        {"enabled": False},
        {"queued": [], "status": SKIPPED},
        "no meeting was held: it is switched off in config/meeting.yaml",
    )
    decided = desk.decisions.record(choice).decision_id
    return Meeting(
        kept["meeting_id"],
        desk.life.books.meetings.change((kept["meeting_id"],), lambda found: {**found, "decision_id": decided}),
    )
