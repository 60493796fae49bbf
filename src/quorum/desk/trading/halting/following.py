"""What the desk does about the halts that stand: both books have them, its state says so, people know."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from quorum.desk.deploying.steering import Word, pause
from quorum.desk.desk import Desk
from quorum.desk.notices import Event, Occurrence
from quorum.desk.system import Part, Person, SystemState
from quorum.domain import Halt, IllegalMove, NotFound, Scope, Severity, iso, plain
from quorum.risk import RAISED_BY
from quorum.validation.life import DEPLOYED, Status

OURS = frozenset({"reconciliation", "quorum", RAISED_BY})
"""Who halts without being a person."""


def follow_halts(desk: Desk) -> Sequence[str]:
    """Follow every halt that stands, each once: what was done, in words; nothing where all is done already.

    One that stands in the file alone gets into the store. BLACK for the desk moves its state to halted, RED for a
    strategy pauses it, but for the one of its own breaker: that opens nothing, and still takes its exits. People are
    told of each.
    """
    done: list[str] = []
    for halt in desk.halts.standing():
        if halt.at:
            desk.halts.raise_(halt)
        if halt.scope is Scope.DESK and halt.severity is Severity.BLACK:
            done += _halted(desk, halt)
            continue
        if halt.scope is Scope.STRATEGY and halt.by != RAISED_BY:
            done += _paused(desk, halt)
        done += _told(desk, halt)
    return done


def halt_facts(halt: Halt) -> dict[str, Any]:
    """A halt as plain values, its instant as ISO; None for one that nobody raised."""
    facts: dict[str, Any] = plain(halt)
    return {**facts, "severity": halt.severity.name, "at": iso(halt.at) if halt.at else None}


def _halted(desk: Desk, halt: Halt) -> list[str]:
    """The state, whose move tells people by itself."""
    if desk.states.current().state is SystemState.HALTED:
        return []
    by = Part(halt.by) if halt.by in OURS else Person(halt.by)
    try:
        desk.states.move(SystemState.HALTED, by, halt.reason)
    except IllegalMove:  # another process was faster
        return []
    return [f"the desk is halted: {halt.reason}"]


def _paused(desk: Desk, halt: Halt) -> list[str]:
    try:
        status = desk.life.queue.get(halt.of).status
        if status not in DEPLOYED or status is Status.PAUSED:
            return []
        pause(desk, halt.of, Word(halt.by, halt.reason))
    except (NotFound, IllegalMove):
        return []
    return [f"{halt.of} is paused: {halt.reason}"]


def _told(desk: Desk, halt: Halt) -> list[str]:
    summary = f"{halt.name} is halted ({halt.severity.name}): {halt.reason}"
    key = f"{halt.scope}/{halt.of}/{halt.at}"
    if any(told.notice.occurrence.identity == f"{Event.HALTED}/{key}" for told in desk.outbox.listed(100)):
        return []
    desk.outbox.raise_(Occurrence(Event.HALTED, key, summary, halt_facts(halt)))
    return [summary]
