"""Workers that end as a script says, ideas for the queue, and results as workers tell them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from quorum.desk import Desk
from quorum.domain import Done, Limits, Loss, Lost, Outcome, Progress, QuorumError
from quorum.validation.ladder import Failed, Inconclusive, Passed, Tier, TierResult, Verdict
from quorum.validation.life import Idea

PASSES = Passed()
WEAK = Failed("sharpe_below_threshold", "sharpe", 0.2, 0.5, True, "sharpe is 0.2, above 0.5 is asked for")
NEARLY = replace(WEAK, metric="oos_sharpe", value=0.9, threshold=1.0, marginal=True)
FLAWED = Failed("fundamental_strategy_flaw", "leaks", 3.0, 0.0, False, "it sees the future")
SHORT = Inconclusive("days", 1008, 400)
Said = Verdict | Loss | Mapping[str, Any] | Exception
DATA: Mapping[str, Any] = {
    "symbols": ["FLATUSDT"],
    "venue": "sim",
    "timeframe": "1h",
    "revisions": [1],
    "first": 0,
    "last": 1,
    "rows": 100,
    "days": 4,
    "data_hash": "d",
    "provisional": False,
}


def result(tier: str, verdict: Verdict, **more: Any) -> TierResult:
    """A result of that tier."""
    whole: dict[str, Any] = {
        "metrics": {"sharpe": 1.5},
        "rows": (),
        "trials": 1,
        "trials_in_family": 1,
        "data": DATA,
        "params": {"fast": 12.0},
        "code_hash": "c",
        "seed": 0,
        "elapsed_seconds": 0.5,
        "cpu_seconds": 0.4,
    }
    return TierResult(Tier(tier), verdict, **{**whole, **more})


def ideas(count: int, symbol: str = "FLATUSDT") -> list[Idea]:
    """So many ideas that differ."""
    return [Idea("demo_ma", (symbol,), "1h", params={"fast": 5 + i}) for i in range(count)]


def queued(desk: Desk, count: int) -> list[str]:
    """The ids of so many strategies that wait."""
    return [candidate.strategy_id for candidate in desk.life.queue.add(ideas(count), "test")]


@dataclass
class Engine:
    """Workflows that runs nothing: what was asked for, by id; those in `under_way` have not ended."""

    asked: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    under_way: Sequence[Any] = ()

    def enqueue(self, identity: str, request: Mapping[str, Any]) -> None:
        self.asked[identity] = request

    def runs(self, limit: int = 50, workflow: str | None = None, status: str | None = None) -> Sequence[Any]:
        return [run for run in self.under_way if run.workflow == workflow and run.status == status]


MEETING = """\
workflow: strategy_meeting
about: A meeting.
steps:
  - {step: 1, name: agents, task: check_agents, action: Look}
"""


@dataclass
class Scripted:
    """Executor whose workers end as `script` says for strategy and tier: each word once, the last one for ever.

    `batches` are the payloads that were given out together, `limits` what they were given, `fresh` those of one
    process each. `breaks` is raised instead of any batch.
    """

    script: Mapping[tuple[str, str], Sequence[Said]] = field(default_factory=dict)
    otherwise: Said = PASSES
    breaks: Exception | None = None
    before: Callable[[Mapping[str, Any]], object] = lambda payload: None
    batches: list[list[Mapping[str, Any]]] = field(default_factory=list)
    limits: list[Limits] = field(default_factory=list)
    fresh: list[Mapping[str, Any]] = field(default_factory=list)
    _said: dict[tuple[str, str], int] = field(default_factory=dict)

    def run(self, task: str, payload: Mapping[str, Any], timeout: float | None = None) -> Mapping[str, Any]:
        self.fresh.append(payload)
        outcome = self._outcome(0, payload)
        if isinstance(outcome, Lost):
            raise outcome.error
        return outcome.answer

    def run_many(
        self,
        task: str,
        payloads: Sequence[Mapping[str, Any]],
        limits: Limits,
        told: Callable[[Progress], object] = lambda progress: None,
    ) -> Iterator[Outcome]:
        assert task == "tier"
        if self.breaks is not None:
            raise self.breaks
        self.batches.append([json.loads(json.dumps(payload)) for payload in payloads])
        self.limits.append(limits)
        for index, payload in enumerate(payloads):
            self.before(payload)
            yield self._outcome(index, payload)

    def _outcome(self, index: int, payload: Mapping[str, Any]) -> Outcome:
        key = payload["strategy_id"], payload["tier"]
        words = self.script.get(key, (self.otherwise,))
        said = words[min(self._said.get(key, 0), len(words) - 1)]
        self._said[key] = self._said.get(key, 0) + 1
        if isinstance(said, Loss):
            return Lost(index, said, QuorumError(f"task tier {index}: {said.value}", "look"))
        if isinstance(said, Exception):
            raise said
        answer = said if isinstance(said, Mapping) else result(payload["tier"], said).told()
        return Done(index, json.loads(json.dumps(answer)), 0.25, 40.0)
