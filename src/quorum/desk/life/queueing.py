"""Putting ideas into the queue, taking them out, and looking at it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any, NamedTuple

from quorum.desk.desk import Desk
from quorum.desk.life.entries import strategy_of, told
from quorum.desk.life.showing import show_life
from quorum.domain import DataError, IllegalMove, NotFound, Timeframe, UsageError, iso
from quorum.signals import is_portfolio
from quorum.validation.ladder import Failed
from quorum.validation.ladder.asked import read_given
from quorum.validation.life import OVER, Candidate, Idea, Status

PERSON = "person"


class Queued(NamedTuple):
    """A strategy in the queue, and whether the idea is new or was there already."""

    candidate: Candidate
    new: bool


def check_idea(desk: Desk, idea: Idea) -> Idea:
    """The idea as it can be validated: its strategy is there, its parameters fit, the lake has its bars.

    NotFound, UsageError or ConfigError with what to do for one that cannot be.
    """
    strategy = strategy_of(desk, idea)
    given = read_given(strategy, idea.params)
    if isinstance(given, Failed):
        raise UsageError(given.why, f"see `quorum strategy show {idea.name}`")
    symbols = tuple(dict.fromkeys(idea.symbols))
    if not symbols:
        raise UsageError(f"{idea.name} is to trade nothing", "name a symbol with --symbol")
    if is_portfolio(strategy) and len(symbols) < 2:
        raise UsageError(f"{idea.name} is a portfolio, and {symbols[0]} alone is none", "name several with --symbol")
    length = Timeframe.parse(idea.timeframe)
    for symbol in symbols:
        if not len(desk.lake.bars(symbol, length, idea.venue)):
            raise DataError(f"{symbol} has no bars of {length}", "import some with `quorum data import`")
    params = {name: given[name] for name in idea.params}
    return replace(idea, symbols=symbols, timeframe=str(length), params=params)


def queue_idea(desk: Desk, idea: Idea, by: str = PERSON) -> Queued:
    """Put an idea into the queue once; one that is there, its life not over, is told as it stands.

    Errors as for `check_idea`; what it refuses is not queued.
    """
    checked = check_idea(desk, idea)
    before = {c.idea.identity for c in desk.life.queue.listed() if c.status not in OVER}
    (candidate,) = desk.life.queue.add([checked], by)
    show_life(desk, [candidate.strategy_id])
    return Queued(candidate, checked.identity not in before)


def remove(desk: Desk, strategy_id: str, reason: str, by: str = PERSON) -> Candidate:
    """Reject a strategy by hand; NotFound, or IllegalMove for one that cannot be rejected where it stands."""
    if not reason.strip():
        raise UsageError(f"no reason why {strategy_id} is rejected", "say one with --reason; it goes on record")
    found = desk.life.queue.get(strategy_id)
    moved = desk.life.queue.move(strategy_id, found.status, Status.REJECTED, by, reason)
    if moved is None:
        raise IllegalMove(f"{strategy_id} was moved meanwhile", "look where it stands: `quorum queue show`")
    show_life(desk, [strategy_id])
    return moved


def queue_facts(desk: Desk, statuses: Collection[Status] = ()) -> dict[str, Any]:
    """The queue as plain values: its strategies by priority, and how many stand where."""
    found = desk.life.queue.listed(statuses)
    return {"strategies": [told(c) for c in found], "counts": dict(sorted(Counter(c.status for c in found).items()))}


def strategy_facts(desk: Desk, strategy_id: str) -> dict[str, Any]:
    """One strategy as plain values: where it stands, its moves, how each of its tiers ended. NotFound for none."""
    candidate = desk.life.queue.get(strategy_id)
    moves = [
        {
            "at": iso(m.at),
            "before": m.before,
            "after": m.after,
            "by": m.by,
            "reason": m.reason,
            "decision_id": m.decision_id,
        }
        for m in desk.life.queue.moves(strategy_id)
    ]
    return {**told(candidate), "moves": moves, "results": [_result(r) for r in desk.life.results.of(strategy_id)]}


def read_statuses(words: Collection[str]) -> list[Status]:
    """The statuses that words name, in any case; NotFound for one that there is not."""
    known = {status.value: status for status in Status}
    for word in words:
        if word.upper() not in known:
            raise NotFound(f"there is no status {word!r}", f"there are {', '.join(known)}")
    return [known[word.upper()] for word in words]


def _result(result: Mapping[str, Any]) -> dict[str, Any]:
    kept = {name: result[name] for name in ("tier", "attempt", "run_id")}
    return {**kept, "at": iso(result["at"]), "verdict": result.get("verdict"), "metrics": result.get("metrics", {})}
