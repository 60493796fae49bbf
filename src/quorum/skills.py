"""The skills' tools by the specification's names, over the desk of a workspace, with typed results.

Promise: each does its work with the desk's own parts; what it moves or keeps is what the commands move and keep.
In: the workspace at hand, or `home`. Out: values of the rooms that do the work.
Neighbours: a face beside `quorum` itself; `quorum validate` and `quorum retry` do the same as a whole.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from quorum.desk import Desk
    from quorum.desk.life import Record
    from quorum.desk.mending import Analysis
    from quorum.desk.proving import Merged
    from quorum.domain import Done, Lost
    from quorum.validation.ladder import TierResult
    from quorum.validation.life import Candidate
    from quorum.validation.repair import Fix, Proposal

__all__ = [
    "WorkerResult",
    "analyze_failure_reason",
    "apply_fix_to_strategy",
    "generate_parameter_fix",
    "merge_validation_results",
    "poll_worker_result",
    "spawn_parallel_worker",
    "track_retry_attempt",
    "update_queue_status",
]
BACKTESTER = "backtester"


@dataclass(frozen=True, slots=True)
class WorkerResult:
    """How a worker stands: `running`, `done` with the plain values of its TierResult, or `lost` with the reason."""

    worker_id: str
    strategy_id: str
    status: str
    result: Mapping[str, Any] | None = None
    error: str = ""
    cpu_seconds: float | None = None
    peak_mb: float | None = None


class _Worker(Thread):
    """One check of one tier in a process of its own; nothing is moved in the queue."""

    def __init__(self, desk: Desk, strategy_id: str, tier: str, seconds: float) -> None:
        super().__init__(name=f"{strategy_id}-{tier}", daemon=True)
        self.strategy_id = strategy_id
        self.outcome: Done | Lost | None = None
        from quorum.desk.proving import parallel_rules
        from quorum.desk.settings.tiers import read_ladder
        from quorum.domain import Limits, plain
        from quorum.validation.ladder import Tier

        rules = parallel_rules(desk)
        usual = rules.limits(read_ladder(desk.workspace.config).of(Tier(tier)), 1)
        self._desk, self._limits = desk, Limits(seconds, usual.memory_mb, 1)
        candidate = desk.life.queue.get(strategy_id)
        earlier = desk.life.results.of(strategy_id, "L2") if tier == "L3" else ()
        self._payload = {
            "home": str(desk.workspace.home),
            "strategy_id": strategy_id,
            "tier": tier,
            "idea": plain(candidate.idea),
            "params": dict(earlier[-1]["params"]) if earlier else {},
            "attempt": candidate.attempts,
            "niceness": rules.resource_limits.niceness,
        }

    def run(self) -> None:
        self.outcome = next(iter(self._desk.executor.run_many("tier", [self._payload], self._limits)))


_workers: dict[str, _Worker] = {}


def spawn_parallel_worker(
    agent_id: str, task_spec: Mapping[str, Any], timeout: float = 600.0, *, home: str | Path | None = None
) -> str:
    """Start an isolated worker on `task_spec`, which has `strategy_id` and `tier` (L0 without one); its id.

    `agent_id` is backtester, who alone validates; `timeout` is in seconds, its memory as the settings have it.
    UsageError for another agent, an unknown tier, or a spec without a strategy; NotFound for an unknown strategy.
    """
    from quorum.domain import UsageError
    from quorum.validation.ladder import Tier

    if agent_id.removeprefix("trading-") != BACKTESTER:
        raise UsageError(f"{agent_id} validates nothing", f"ask {BACKTESTER}")
    strategy_id, tier = task_spec.get("strategy_id"), task_spec.get("tier", Tier.L0.value)
    if not isinstance(strategy_id, str) or tier not in set(Tier):
        raise UsageError(f"{dict(task_spec)} names no strategy and tier", 'as {"strategy_id": "STR-001", "tier": "L0"}')
    worker = _Worker(_desk(home), strategy_id, str(tier), timeout)
    identity = f"WRK-{uuid.uuid4().hex[:12]}"
    _workers[identity] = worker
    worker.start()
    return identity


def poll_worker_result(worker_id: str, poll_interval: float = 5.0) -> WorkerResult:
    """How a worker stands, after `poll_interval` seconds at the latest; NotFound for an id that nobody was given."""
    from quorum.domain import Lost, NotFound

    worker = _workers.get(worker_id)
    if worker is None:
        raise NotFound(f"there is no worker {worker_id!r}", "spawn one first, in this process")
    worker.join(poll_interval)
    outcome = worker.outcome
    if outcome is None:
        return WorkerResult(worker_id, worker.strategy_id, "running" if worker.is_alive() else "lost")
    if isinstance(outcome, Lost):
        return WorkerResult(worker_id, worker.strategy_id, "lost", error=str(outcome.error))
    found = outcome.answer, "", outcome.cpu_seconds, outcome.peak_mb
    return WorkerResult(worker_id, worker.strategy_id, "done", *found)


def merge_validation_results(results_list: Iterable[WorkerResult]) -> Merged:
    """The results by strategy, each checked against its schema, and what cannot be read; the first good one counts."""
    from quorum.desk.proving import merge

    return merge((found.strategy_id, found.result) for found in results_list if found.status == "done")


def update_queue_status(strategy_id: str, tier: str, status: str, *, home: str | Path | None = None) -> Candidate:
    """Move a strategy in one transaction: `status` is a word of the queue, or the part after the tier, as PASSED.

    IllegalMove for a move that the table has not, or when somebody else moved it meanwhile; UsageError for no status.
    """
    from quorum.domain import IllegalMove, UsageError
    from quorum.validation.life import Status

    words = [word for word in (status, f"{tier}_{status}") if word in set(Status)]
    if not words:
        raise UsageError(f"there is no status {status!r}", f"there are {', '.join(Status)}")
    queue = _desk(home).life.queue
    before = queue.get(strategy_id).status
    moved = queue.move(strategy_id, before, Status(words[0]), "person", f"set by hand at {tier}", tier=tier)
    if moved is None:
        raise IllegalMove(f"{strategy_id} has been moved by somebody else", "look with `quorum queue show`")
    return moved


def analyze_failure_reason(backtest_result: TierResult | Mapping[str, Any]) -> Analysis:
    """A failed result by the table of reasons: category, agent, action; UsageError for one that did not fail."""
    from quorum.desk.mending import analyse

    return analyse(backtest_result)


def generate_parameter_fix(strategy_id: str, agent: str | None = None, *, home: str | Path | None = None) -> Proposal:
    """What an agent proposes about a strategy's newest failure, its hypothesis and the learnings read; costs trials."""
    from quorum.desk.mending import find_fix

    return find_fix(_desk(home), strategy_id, agent)


def apply_fix_to_strategy(strategy_id: str, fix_spec: Fix, *, home: str | Path | None = None) -> Candidate:
    """The strategy with the fix in it, what it was backed up; UsageError for one that waits for no fix."""
    from quorum.desk.mending import apply_fix

    return apply_fix(_desk(home), strategy_id, fix_spec)


def track_retry_attempt(
    strategy_id: str, attempt_num: int, result: Mapping[str, Any], *, home: str | Path | None = None
) -> Record:
    """Keep how an attempt went at the tier that the strategy is at; what was kept of it before stays."""
    from quorum.desk.mending import track
    from quorum.domain import UsageError

    desk = _desk(home)
    tier = desk.life.queue.get(strategy_id).tier
    if tier is None or attempt_num < 1:
        raise UsageError(f"{strategy_id} has no attempt {attempt_num}", "attempts count from 1, at a tier that failed")
    return track(desk, strategy_id, tier, attempt_num, result)


def _desk(home: str | Path | None) -> Desk:
    from quorum.bootstrap import open_desk

    return open_desk(None if home is None else Path(home))
