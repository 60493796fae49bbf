"""File 3's orchestration tools under their old names, over the desk of a workspace.

Promise: each of them does its work with the desk's own parts and says no more than these have seen.
In: the workspace at hand, or `home`. Out: plain values.
Neighbours: a face beside `quorum` itself; bootstrap puts the desk together.
"""

from __future__ import annotations

import asyncio
import math
import time
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from threading import BoundedSemaphore, Thread
from typing import TYPE_CHECKING, Any

from quorum import Desk as _Facade
from quorum.domain import plain

if TYPE_CHECKING:
    from quorum.desk import Desk
    from quorum.desk.agents import Looked, SuiteTask
    from quorum.desk.workflows.crew import Call as Asked
    from quorum.domain import Outcome
    from quorum.signals.strategies.trend_breakout import TrendBreakout as TrendBreakoutStrategy

DAYS = 30
_LAZY = {"TrendBreakoutStrategy": ("quorum.signals.strategies.trend_breakout", "TrendBreakout")}

__all__ = [
    "AgentMetaWorkflow",
    "ClaudeCodeAgentOptimizer",
    "IntegratedMLPipeline",
    "IntegratedOrchestrator",
    "OrchestrationContextManager",
    "OrchestrationMetricsTracker",
    "ParallelValidationOrchestrator",
    "ProductionOrchestrator",
    "TrendBreakoutStrategy",
]


def __getattr__(name: str) -> Any:
    """`TrendBreakoutStrategy` is the rule itself; it is imported when it is asked for, since its kernel takes time."""
    from importlib import import_module

    if name not in _LAZY:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module, own = _LAZY[name]
    return getattr(import_module(module), own)


class _Tool:
    """A tool over a desk: the workspace's at `home`, or the nearest. WorkspaceError when there is none."""

    def __init__(self, home: str | Path | None = None) -> None:
        from quorum.bootstrap import open_desk

        self._desk: Desk = open_desk(None if home is None else Path(home))

    def _looked(self, workers: int = 4) -> Looked:
        from quorum.desk.agents import looked_at

        return looked_at(self._desk.staff, self._desk.clock.now(), DAYS, workers)


class ParallelValidationOrchestrator(_Tool):
    """Runs a suite of config/agents.yaml: its parallel group, at most `max_workers` tasks at once, then the rest.

    UsageError for fewer workers than one.
    """

    def __init__(self, home: str | Path | None = None, *, max_workers: int = 4) -> None:
        from quorum.domain import UsageError

        if not isinstance(max_workers, int) or max_workers < 1:
            raise UsageError(f"{max_workers!r} workers run no suite", "give a whole number of at least 1")
        super().__init__(home)
        self.max_workers = max_workers

    async def run_validation_suite(self, suite: str = "validation", **params: Any) -> dict[str, Any]:
        """Run a suite; `params` go to each of its tasks, before those of config/agents.yaml. See `run`."""
        return await asyncio.to_thread(self.run, suite, params)

    def run(self, suite: str = "validation", params: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """What became of each task, the seconds it took, and the seconds of all one after the other.

        `sequential_seconds` is what the tasks would take at least one by one: their processor time, not the time that
        they stood in one another's way; `saved` is the share of it that running at once saved. `status` is passed
        when every task completed. NotFound for a suite that there is not.
        """
        from quorum.domain import NotFound

        suites = self._desk.staff.rules.suites
        if suite not in suites:
            raise NotFound(f"there is no suite {suite!r}", f"config/agents.yaml has {', '.join(sorted(suites))}")
        began = time.monotonic()
        crew = _Crew(self._desk, suite, params or {}, self.max_workers)
        try:
            found = [
                *crew.do(suites[suite].parallel_group, 1, True),
                *crew.do(suites[suite].sequential_after, 2, False),
            ]
        finally:
            crew.close()
        return _timed(suite, found, time.monotonic() - began)


def _timed(suite: str, found: Sequence[Mapping[str, Any]], seconds: float) -> dict[str, Any]:
    """The outcomes of a suite with its time, and what it would have been without running at once."""
    alone = sum(task["alone_seconds"] for task in found)
    missing = [task["task"] for task in found if task["status"] != "completed"]
    return {
        "suite": suite,
        "status": "incomplete" if missing else "passed",
        "tasks": list(found),
        "seconds": seconds,
        "sequential_seconds": alone,
        "saved": max(0.0, 1.0 - seconds / alone) if alone else 0.0,
    }


class _Crew:
    """The team of the desk at work on one suite."""

    def __init__(self, desk: Desk, suite: str, params: Mapping[str, Any], workers: int) -> None:
        from quorum.desk.team import Team
        from quorum.desk.workflows.crew import Facts

        now = desk.clock.now()
        identity = f"SUITE-{suite}-{uuid.uuid4().hex[:12]}"
        self._facts = Facts(identity, suite, now, "notify", dict(params))
        self._hands = _Hands(desk, workers)
        self._team = Team(desk, self._hands)

    def close(self) -> None:
        self._team.close()

    def do(self, tasks: Sequence[SuiteTask], step: int, parallel: bool) -> list[dict[str, Any]]:
        """What became of each task, in the order of the suite."""
        asked = [self._asked(task, step, number) for number, task in enumerate(tasks, 1)]
        found = self._team.perform(asked, parallel) if asked else {}
        return [self._outcome(call, found[call.task.name]) for call in asked]

    def _asked(self, task: SuiteTask, step: int, number: int) -> Asked:
        from quorum.desk.workflows.crew import Call
        from quorum.desk.workflows.spec import Degrade, Fallback, Retries, Task

        spec = Task(
            name=f"{step}.{number}.{task.task}",
            task=task.task,
            agent=task.agent,
            action="",
            params={**task.params, **self._facts.params},
            retries=Retries(most=0),
            critical=False,
            fallback=Fallback(Degrade.SKIP),
        )
        return Call(self._facts, step, f"{self._facts.identity}/{spec.name}", spec, {}, used_as=spec.name)

    def _outcome(self, call: Asked, outcome: Mapping[str, Any]) -> dict[str, Any]:
        seconds = outcome.get("seconds", 0.0)
        told = {"agent": call.task.agent, "done_by": outcome.get("agent"), "task": call.task.task}
        spent = {"seconds": seconds, "alone_seconds": self._hands.alone.get(call.key, seconds)}
        return {
            **told,
            "status": outcome["status"],
            **spent,
            "reason": outcome.get("reason"),
            "answer": outcome.get("answer"),
        }


class _Hands:
    """Hands in threads of this process, at most `workers` at once; a call that takes too long is left behind.

    `alone` has by key the seconds that a call needs at least when nothing runs beside it: its processor time, and all
    of its time where it was left behind.
    """

    def __init__(self, desk: Desk, workers: int) -> None:
        self._desk = desk
        self._free = BoundedSemaphore(workers)
        self.alone: dict[str, float] = {}

    def call(self, task: str, payload: Mapping[str, Any], seconds: float) -> Outcome:
        from quorum.domain import Loss, Lost, QuorumError

        found: list[tuple[Outcome, float]] = []
        asked = payload["assignment"]
        with self._free:
            thread = Thread(target=lambda: found.append(self._done(payload)), name=asked["task"], daemon=True)
            thread.start()
            thread.join(seconds)
        late = Lost(0, Loss.TIMEOUT, QuorumError(f"{asked['task']} took longer than {seconds:g} s"))
        outcome, self.alone[asked["key"]] = found[0] if found else (late, seconds)
        return outcome

    def _done(self, payload: Mapping[str, Any]) -> tuple[Outcome, float]:
        """What became of a call, and its processor time in seconds."""
        from quorum.desk.team import perform
        from quorum.domain import Done, Loss, Lost, QuorumError

        began = time.thread_time()
        try:
            outcome: Outcome = Done(0, perform(self._desk, payload), 0.0, 0.0)
        except QuorumError as error:
            outcome = Lost(0, Loss.ERROR, error)
        except Exception as error:  # noqa: BLE001 - the rim: what a task raises is its failure, on record
            outcome = Lost(0, Loss.ERROR, QuorumError(f"{type(error).__name__}: {error}"))
        return outcome, time.thread_time() - began

    def warm(self, task: str, payload: Mapping[str, Any]) -> object:
        """This process is as warm as it is."""
        return None

    def close(self) -> None:
        """There is nothing to end."""


class OrchestrationContextManager(_Tool):
    """The shared context of agents: discovery by all of them at once, what is ready, how it stands."""

    def launch_parallel_discovery(self, **params: Any) -> dict[str, Any]:
        """Have the agents of the suite `discovery` look at the desk at once; `params` say at what.

        Without a symbol it is the first series of the lake. See ParallelValidationOrchestrator.run.
        """
        orchestrator = ParallelValidationOrchestrator(self._desk.workspace.home, max_workers=12)
        return orchestrator.run("discovery", {**self._series(), **params})

    def _series(self) -> dict[str, Any]:
        first = next(iter(self._desk.lake.series()), None)
        if first is None:
            return {}
        return {"symbol": first.symbol, "venue": first.venue, "timeframe": str(first.timeframe)}

    def get_ready_tasks(self) -> list[dict[str, Any]]:
        """The tasks that somebody can take up, in file 4's shape with how they were handed on."""
        from quorum.desk.agents import everything, ready

        return [task.told() for task in ready(everything(self._desk.staff), self._desk.clock.now())]

    def get_status_summary(self) -> dict[str, Any]:
        """Tasks by hand-off, agents by health, substitutions in force, parallel efficiency."""
        from quorum.desk.agents import summary

        return summary(self._desk.staff, self._looked())

    def get_context(self) -> dict[str, Any]:
        """The document of state/system/orchestration_context.json as of now."""
        from quorum.desk.agents import conditions, everything, orchestration_context

        staff = self._desk.staff
        health = conditions(staff, staff.rules.agents.values())
        return orchestration_context(everything(staff), staff.rules, health, self._desk.clock.now())


class AgentMetaWorkflow(_Tool):
    """What the calls of agents say of the team."""

    def generate_optimization_report(self) -> dict[str, Any]:
        """Ranking, gaps, recommendations with their evidence, unused agents, substitutions; over 30 days."""
        from quorum.desk.agents import gaps_asked, performance, prunable, ranking, recommendations, summary

        rules, looked = self._desk.staff.rules, self._looked()
        return {
            **summary(self._desk.staff, looked),
            "ranking": plain(ranking(performance(looked.calls))),
            "gaps": gaps_asked(looked.calls),
            "recommendations": plain(recommendations(rules, looked)),
            "prunable": [one.subject for one in prunable(rules, looked)],
        }


class ClaudeCodeAgentOptimizer(_Tool):
    """Substitutes for agents that are not found, a record of attempts, and what to learn from them."""

    def __init__(self, home: str | Path | None = None) -> None:
        super().__init__(home)
        self.meta_workflow = AgentMetaWorkflow(self._desk.workspace.home)

    def optimize_workflow(self) -> dict[str, Any]:
        """`agent_substitutions` is who to ask when a name is not found; `in_force` are the rows that apply now."""
        from quorum.desk.agents import recommendations

        looked, report = self._looked(), self.meta_workflow.generate_optimization_report()
        return {
            "agent_substitutions": {row.agent: row.use for row in self._desk.staff.rules.substitutions},
            "in_force": report["substitutions"],
            "recommendations": plain(recommendations(self._desk.staff.rules, looked)),
        }

    def log_agent_attempt(
        self, agent: str, success: bool, duration: float | None = None, error: str | None = None
    ) -> None:
        """Record that an agent was called, for `duration` seconds; a name that nobody has is recorded as a gap.

        UsageError for an empty name, and for seconds that are none.
        """
        from quorum.desk.agents import Call, CallOutcome
        from quorum.domain import UsageError

        if not agent.strip() or not 0.0 <= (duration or 0.0) < math.inf:
            raise UsageError(f"agent {agent!r} for {duration} seconds", "give a name, and seconds of at least 0")
        found = self._desk.staff.rules.find(agent)
        outcome = CallOutcome.DONE if success else CallOutcome.ERROR
        call = Call(
            key=f"attempt/{uuid.uuid4().hex}",
            at=self._desk.clock.now() - round((duration or 0.0) * 1e9),
            agent="" if found is None else found.name,
            asked_agent=agent if found is None else found.name,
            task_type="attempt",
            workflow_id="",
            outcome=CallOutcome.GAP if found is None else outcome,
            seconds=duration or 0.0,
            error=error or "",
        )
        self._desk.staff.calls.record(call)

    def suggest_agent_creation(self, name: str) -> str:
        """An entry for config/agents.yaml that adds an agent of that name, or one like the agent that has it.

        UsageError for an empty name.
        """
        from quorum.desk.agents import agent_template
        from quorum.domain import UsageError

        if not name.strip():
            raise UsageError("an agent without a name", "give one in small letters, digits and hyphens")
        return agent_template(name, self._desk.staff.rules)

    def generate_workflow_update(self) -> str:
        """What was learnt, as Markdown to keep."""
        report = self.meta_workflow.generate_optimization_report()
        lines = [f"## Agents, {report['at']}: {report['calls']} calls in {report['days']} days", ""]
        lines += [f"- {row['agent']} is replaced by {row['use']}: {row['why']}" for row in report["substitutions"]]
        lines += [f"- {one['subject']} ({one['kind']}): {one['advice']}" for one in report["recommendations"]]
        lines += [] if len(lines) > 2 else ["- nothing to recommend"]
        return "\n".join(lines) + "\n"


class OrchestrationMetricsTracker(_Tool):
    """Figures of the agents' calls in the last 30 days."""

    def get_parallel_efficiency(self) -> float | None:
        """Per cent of the workers' time that overlapping calls of a workflow used; None when none overlapped."""
        from quorum.desk.agents import parallel_efficiency

        found = parallel_efficiency(self._looked().calls, self._looked().workers)
        return None if found is None else 100.0 * found.share

    def get_agent_performance_ranking(self) -> list[dict[str, Any]]:
        """The agents that succeeded or failed at all, best first."""
        from quorum.desk.agents import performance, ranking

        return [asdict(found) for found in ranking(performance(self._looked().calls))]

    def get_optimization_recommendations(self) -> list[dict[str, Any]]:
        """What could be better, each with its numbers."""
        from quorum.desk.agents import recommendations

        return [asdict(advice) for advice in recommendations(self._desk.staff.rules, self._looked())]


class IntegratedOrchestrator(_Facade):
    """Data, strategy, risk and backtest in one hand: `quorum.Desk`, opened at the workspace at hand."""

    def __init__(self, home: str | Path | None = None) -> None:
        from quorum.bootstrap import open_desk

        super().__init__(open_desk(None if home is None else Path(home)))


class ProductionOrchestrator:
    """The live orchestrator of file 3: `quorum up` runs the desk; live trading is not built, so this one refuses."""

    def __init__(self, *_: object, **__: object) -> None:
        from quorum.desk.work import Unavailable

        raise Unavailable("live trading is not built yet: room monitoring", "run the desk on paper with `quorum up`")


class IntegratedMLPipeline:
    """The model pipeline of file 3; its room is not built, so this one refuses."""

    def __init__(self, *_: object, **__: object) -> None:
        from quorum.desk.work import Unavailable

        raise Unavailable("models are not built yet: room learning", "use strategies and analysts without a model")
