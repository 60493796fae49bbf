"""The queue and the results of tiers in memory, for tests."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

from quorum.domain import Clock, NotFound, UsageError, plain
from quorum.validation.life.candidate import Candidate, Idea, Move, number_in
from quorum.validation.life.status import OVER, Status, check_move

FACTS = ("tier", "attempts", "idea")


class MemoryQueue:
    """StrategyQueue in a dict, and what the reading of a host's files does to it; it keeps no decisions."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._kept: dict[str, Candidate] = {}
        self._moves: list[Move] = []
        self._number = 0

    def add(self, ideas: Sequence[Idea], by: str) -> Sequence[Candidate]:
        return [self._waiting(idea) or self._queued(idea, by) for idea in ideas]

    def get(self, strategy_id: str) -> Candidate:
        if strategy_id not in self._kept:
            raise NotFound(f"there is no strategy {strategy_id!r} in the queue", "list them with `quorum queue show`")
        return self._kept[strategy_id]

    def listed(self, statuses: Collection[Status] = ()) -> Sequence[Candidate]:
        found = [c for c in self._kept.values() if not statuses or c.status in statuses]
        return sorted(found, key=lambda c: (-c.idea.weight, len(c.strategy_id), c.strategy_id))

    def move(
        self, strategy_id: str, before: Status, after: Status, by: str, reason: str, **facts: Any
    ) -> Candidate | None:
        check_move(strategy_id, before, after)
        if unknown := set(facts).difference(FACTS):
            raise UsageError(f"a move changes no {sorted(unknown)[0]}", f"it may change {', '.join(FACTS)}")
        found = self.get(strategy_id)
        if found.status is not before:
            return None
        tier = facts.pop("tier", after[:2] if after.startswith("L") else found.tier)
        now, version = self._clock.now(), found.version + 1
        changed = {"status": after, "moved_at": now, "reason": reason, "version": version, "tier": tier}
        self._kept[strategy_id] = moved = replace(found, **changed, **facts)
        self._moves.append(Move(strategy_id, now, before, after, by, reason))
        return moved

    def moves(self, strategy_id: str) -> Sequence[Move]:
        self.get(strategy_id)
        return [move for move in self._moves if move.strategy_id == strategy_id]

    def adopt(self, candidates: Sequence[Candidate], by: str, next_number: int = 1) -> Sequence[Candidate]:
        self._number = max(self._number, next_number - 1)
        new = [c for c in {c.strategy_id: c for c in candidates}.values() if c.strategy_id not in self._kept]
        for candidate in new:
            self._begin(candidate, by, candidate.reason or "found in the queue file")
            self._number = max(self._number, number_in(candidate.strategy_id, "STR"))
        return new

    def revise(self, strategy_id: str, weight: float, other: Mapping[str, Any]) -> Candidate:
        found = self.get(strategy_id)
        self._kept[strategy_id] = replace(found, idea=replace(found.idea, weight=weight), other=plain(other))
        return self._kept[strategy_id]

    def next_number(self) -> int:
        return self._number + 1

    def _waiting(self, idea: Idea) -> Candidate | None:
        same = (c for c in self._kept.values() if c.idea.identity == idea.identity and c.status not in OVER)
        return next(same, None)

    def _queued(self, idea: Idea, by: str) -> Candidate:
        self._number += 1
        now = self._clock.now()
        made = Candidate(f"STR-{self._number:03d}", idea, Status.PENDING, now, now)
        self._begin(made, by, idea.hypothesis or f"{idea.name} was queued")
        return made

    def _begin(self, made: Candidate, by: str, why: str) -> None:
        self._kept[made.strategy_id] = made
        self._moves.append(Move(made.strategy_id, made.moved_at, None, made.status, by, why))


class MemoryResults:
    """Results in a dict."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._kept: dict[tuple[str, str, int, str], dict[str, Any]] = {}

    def keep(self, strategy_id: str, tier: str, attempt: int, run_id: str, result: Mapping[str, Any]) -> None:
        at = {"tier": tier, "attempt": attempt, "run_id": run_id, "at": self._clock.now()}
        self._kept.setdefault((strategy_id, tier, attempt, run_id), {**plain(result), **at})

    def of(self, strategy_id: str, tier: str | None = None) -> Sequence[Mapping[str, Any]]:
        found = [r for key, r in self._kept.items() if key[0] == strategy_id and tier in (None, key[1])]
        return sorted(found, key=lambda r: (r["at"], r["tier"], r["attempt"], r["run_id"]))
