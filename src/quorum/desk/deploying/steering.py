"""A deployed strategy's life by a person's word: undeploy, pause, resume, retire."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, NamedTuple

from quorum.desk.deploying.criticising import parents_of
from quorum.desk.deploying.risk import AT_WORK
from quorum.desk.desk import Desk
from quorum.desk.life import Record
from quorum.desk.life.showing import show_life
from quorum.desk.notices import Event, Occurrence
from quorum.domain import Choice, DecisionKind, IllegalMove, UsageError
from quorum.validation.life import DEPLOYED, MOVES, Candidate, Status

POSITIONS = ("keep", "close")


class Word(NamedTuple):
    """Who says it, and why."""

    by: str
    reason: str


def undeploy(desk: Desk, strategy_id: str, word: Word, positions: str = "keep") -> dict[str, Any]:
    """Take a deployment back: from paper it awaits a person's word again, from later stages it is disabled.

    `positions` says what becomes of what it holds: with `close` the next turn sells it. IllegalMove for a strategy
    that is not deployed, or is paused; UsageError for another word.
    """
    _check(positions)
    found = _deployed(desk, strategy_id)
    if found.status is Status.PAUSED:
        raise IllegalMove(
            f"{strategy_id} is paused", f"`quorum strategy resume {strategy_id}` first, or `quorum strategy retire`"
        )
    after = Status.AWAITING_HUMAN if found.status is Status.PAPER else Status.DISABLED
    return {**_done(desk, found, after, ("ended", positions), word), "positions": positions}


def pause(desk: Desk, strategy_id: str, word: Word) -> dict[str, Any]:
    """It opens nothing until a person resumes it; it keeps its positions and its allocation."""
    found = _deployed(desk, strategy_id)
    if found.status is Status.PAUSED:
        raise IllegalMove(f"{strategy_id} is paused already", f"go on with `quorum strategy resume {strategy_id}`")
    return _done(desk, found, Status.PAUSED, ("paused", ""), word)


def resume(desk: Desk, strategy_id: str, word: Word) -> dict[str, Any]:
    """It goes on at the stage that it was paused at; IllegalMove for one that is not paused."""
    found = desk.life.queue.get(strategy_id)
    if found.status is not Status.PAUSED:
        raise IllegalMove(f"{strategy_id} is {found.status}, not paused", "there is nothing to resume")
    into = (move.before for move in reversed(desk.life.queue.moves(strategy_id)) if move.after is Status.PAUSED)
    stage = next(into, None) or Status.PAPER
    return _done(desk, found, stage, ("standing", ""), word)


def retire(desk: Desk, strategy_id: str, word: Word, positions: str = "keep") -> dict[str, Any]:
    """End a deployed strategy's life for good; with `close` the next turn sells what it holds, else that is kept.

    UsageError for another word, IllegalMove for what cannot be retired.
    """
    _check(positions)
    found = desk.life.queue.get(strategy_id)
    if Status.RETIRED not in MOVES[found.status]:
        raise IllegalMove(
            f"{strategy_id} is {found.status}: only what was deployed retires",
            "take it out with `quorum queue remove`",
        )
    return {**_done(desk, found, Status.RETIRED, ("ended", positions), word), "positions": positions}


def _check(positions: str) -> None:
    if positions not in POSITIONS:
        raise UsageError(f"positions cannot be {positions!r}", f"choose one of {', '.join(POSITIONS)}")


def _deployed(desk: Desk, strategy_id: str) -> Candidate:
    found = desk.life.queue.get(strategy_id)
    if found.status not in DEPLOYED:
        raise IllegalMove(
            f"{strategy_id} is {found.status}: it is not deployed", f"`quorum evaluate {strategy_id}` says what is next"
        )
    return found


def _done(desk: Desk, found: Candidate, after: Status, standing: tuple[str, str], word: Word) -> dict[str, Any]:
    """Move the strategy, then its deployments, with the decision; who comes second is refused.

    `standing` is the deployments' new status, and what becomes of what it holds, if anything.
    """
    if not word.reason.strip():
        raise UsageError("no reason is given", "say why with --reason TEXT")
    strategy_id = found.strategy_id
    moved = desk.life.queue.move(strategy_id, found.status, after, word.by, word.reason)
    if moved is None:
        now = desk.life.queue.get(strategy_id).status
        raise IllegalMove(f"{strategy_id} has become {now} meanwhile", "look again with `quorum queue show`")
    decided = desk.decisions.once(
        f"deployment/{strategy_id}/{moved.version}",
        Choice(
            DecisionKind.DEPLOYMENT,
            strategy_id,
            desk.clock.now(),
            {"before": found.status.value},
            {"status": after.value, "by": word.by},
            f"{strategy_id} {found.status} -> {after}; {word.by}: {word.reason}",
            parents_of(desk, strategy_id),
        ),
    )
    changed = [_changed(desk, record, standing, decided) for record in standing_of(desk, strategy_id)]
    summary = f"{strategy_id} {found.idea.name} is {after}: {word.reason}"
    details = {"strategy_id": strategy_id, "before": found.status.value, "decision_id": decided}
    desk.outbox.raise_(Occurrence(Event.DEPLOYMENT, f"{strategy_id}/{moved.version}", summary, details))
    show_life(desk, [strategy_id])
    return {
        "strategy_id": strategy_id,
        "before": found.status.value,
        "status": after.value,
        "deployments": [record["deployment_id"] for record in changed],
        "decision_id": decided,
    }


def standing_of(desk: Desk, strategy_id: str, statuses: Collection[str] = AT_WORK) -> list[Record]:
    """A strategy's deployments that have their allocation."""
    return [r for r in desk.life.books.deployments.listed(strategy_id=strategy_id) if r["status"] in statuses]


def _changed(desk: Desk, record: Record, standing: tuple[str, str], decided: str) -> Record:
    status, positions = standing
    more = {"positions": positions} if positions else {}

    def act(old: Mapping[str, Any]) -> Record:
        return {**old, **more, "status": status, "decision_id": decided}

    return desk.life.books.deployments.change((record["deployment_id"],), act)
