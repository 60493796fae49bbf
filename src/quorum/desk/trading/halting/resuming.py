"""Ending halts: a person's word, and only when books and venues agree."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from quorum.desk.deploying.steering import Word, resume
from quorum.desk.desk import Desk
from quorum.desk.system import Person, SystemState
from quorum.desk.trading.halting.following import halt_facts
from quorum.desk.trading.reconciling import Reconciled, Unreached, reconcile_all
from quorum.domain import Halt, Halted, IllegalMove, NotFound, Scope, UsageError
from quorum.validation.life import Status


@dataclass(frozen=True, slots=True)
class Range:
    """Which halts are meant: those of one scope and name, or all; the desk's own without anything."""

    scope: Scope = Scope.DESK
    of: str = ""
    everything: bool = False

    def has(self, halt: Halt) -> bool:
        return self.everything or (halt.scope, halt.of) == (self.scope, self.of)


def resume_trading(desk: Desk, asked: Range, word: Word) -> dict[str, Any]:
    """Lift the halts that are meant, and move a halted desk on when none of the desk stands any more.

    Every account is reconciled first: Halted with what differs, or does not answer, and then nothing changes; so too
    while a book of halts cannot be read.
    UsageError without a reason or a name.
    """
    if not word.by.strip() or not word.reason.strip():
        raise UsageError("resuming needs somebody and a reason", "say why with --reason TEXT")
    _readable(desk)
    _clean(desk)
    meant = [halt for halt in desk.halts.standing() if asked.has(halt)]
    for halt in meant:
        desk.halts.raise_(halt)  # one that only the file has is put on record before it ends
        desk.halts.lift(halt, word.by, word.reason)
        if halt.scope is Scope.STRATEGY:
            _go_on(desk, halt.of, word)
    standing = desk.halts.standing()
    if (asked.everything or asked.scope is Scope.DESK) and not any(h.scope is Scope.DESK for h in standing):
        _move(desk, word)
    return {
        "resumed": [halt_facts(halt) for halt in meant],
        "standing": [halt_facts(halt) for halt in standing],
        "state": desk.states.current().state.value,
        "by": word.by,
        "reason": word.reason,
    }


def _readable(desk: Desk) -> None:
    """Halted when nobody knows what is halted: a person looks first."""
    unknown = next((halt for halt in desk.halts.standing() if not halt.at), None)
    if unknown is not None:
        found, _, remedy = unknown.reason.partition("; ")
        raise Halted(found, remedy or "see `quorum doctor`")


def _clean(desk: Desk) -> None:
    """Halted when an account's books and its venue do not agree."""
    wrong = [said for found in reconcile_all(desk) for said in _wrong(found)]
    if wrong:
        found = f"nothing is resumed while books and venues differ: {'; '.join(wrong)}"
        raise Halted(found, "mend it, see `quorum broker reconcile`, then resume")


def _wrong(found: Reconciled | Unreached) -> Sequence[str]:
    if isinstance(found, Unreached):
        return [f"{found.account}: {found.why}"]
    if found.clean:
        return []
    left = [f"{one.difference} ({one.why})" for one in found.left if not one.explained]
    return [f"{found.account}: {', '.join(left) or 'it would not stand still'}"]


def _go_on(desk: Desk, strategy_id: str, word: Word) -> None:
    try:
        if desk.life.queue.get(strategy_id).status is Status.PAUSED:
            resume(desk, strategy_id, word)
    except (NotFound, IllegalMove):
        return


def _move(desk: Desk, word: Word) -> None:
    if desk.states.current().state is SystemState.HALTED:
        desk.states.move(SystemState.OPERATIONAL, Person(word.by), word.reason)
