"""Desks with a strategy that failed, and workers that answer by a script."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

from desk.offices import at_work
from quorum.adapters.process import InlineExecutor
from quorum.desk import Desk
from quorum.domain import QuorumError
from quorum.validation.ladder import Failed, Tier, TierResult, Verdict
from quorum.validation.life import Candidate, Idea, Status
from quorum.validation.repair import Fix, Nothing, Proposal, told_proposal
from validation.repair.failing import failed, result

IDEA = Idea("demo_ma", ("FLATUSDT",), "1h", "sim", {"fast": 10.0})
Answer = Callable[[Mapping[str, Any]], Any]


def passes(payload: Mapping[str, Any]) -> TierResult:
    return result(tier=Tier(payload["tier"]), sharpe=2.0)


def fails(payload: Mapping[str, Any]) -> TierResult:
    return result(failed(), Tier(payload["tier"]), sharpe=0.1)


def tunes(payload: Mapping[str, Any]) -> Proposal:
    """A fix of its own for each agent that is asked."""
    case = payload["case"]
    number = 11.0 + len(case["seen"])
    return Fix(case["agent"], case["actions"][0], "because", {"params": {"fast": number}}, trials=2)


def has_nothing(payload: Mapping[str, Any]) -> Proposal:
    return Nothing(payload["case"]["agent"], "no idea")


def breaks(payload: Mapping[str, Any]) -> Proposal:
    raise QuorumError("the fixer broke", "mend it")


class Crew:
    """The workers of a desk; every payload that they were given is kept."""

    def __init__(self, mend: Answer = tunes, tier: Answer = passes) -> None:
        self.mend, self.tier = mend, tier
        self.asked: list[tuple[str, Mapping[str, Any]]] = []

    def executor(self) -> InlineExecutor:
        return InlineExecutor({"mend": self._mend, "tier": self._tier})

    def _mend(self, payload: Mapping[str, Any], beat: object) -> Mapping[str, Any]:
        self.asked.append(("mend", payload))
        return told_proposal(self.mend(payload))

    def _tier(self, payload: Mapping[str, Any], beat: object) -> Mapping[str, Any]:
        self.asked.append(("tier", payload))
        told: Mapping[str, Any] = self.tier(payload).told()
        return told

    def times(self, task: str) -> int:
        return sum(name == task for name, _ in self.asked)


Made = Callable[[Path], Desk]
LONG = ("tiers.yaml", "thresholds.yaml", "portfolio-thresholds.yaml", "tiered-validation-protocol.yaml", "agents.yaml")
"""Files that say what holds without them, and take long to read."""


def desk_of(home: Path, crew: Crew | None = None) -> Desk:
    """The desk of a workspace whose workers answer by the crew's script."""
    for name in LONG:
        (home / "config" / name).unlink(missing_ok=True)
    return replace(at_work(home), executor=(crew or Crew()).executor())


def fail(desk: Desk, tier: str = "L1", verdict: Verdict | None = None, idea: Idea = IDEA) -> Candidate:
    """A strategy that failed a tier as the validation leaves it."""
    told = verdict or failed()
    assert isinstance(told, Failed)
    queue = desk.life.queue
    (candidate,) = queue.add([idea], "test")
    mine = candidate.strategy_id
    way = [Status.PENDING, Status.L0_VALIDATING, Status.L0_PASSED, Status.L1_VALIDATING]
    way += [Status.L1_PASSED, Status.L2_VALIDATING] if tier == "L2" else []
    for before, after in pairwise(way):
        queue.move(mine, before, after, "test", "it goes on")
    desk.life.results.keep(mine, tier, 0, "VAL-1", result(told, Tier(tier), sharpe=0.1).told())
    moved = queue.move(mine, way[-1], Status.FIXABLE_FAILURE, "VAL-1", f"{told.reason}: {told.why}")
    assert moved is not None
    return moved
