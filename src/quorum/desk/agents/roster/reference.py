"""docs/reference/agents.md, made of the tables that the program itself goes by."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from quorum.desk.agents.roster.agent import Agent
from quorum.desk.agents.roster.registry import AGENTS
from quorum.desk.agents.roster.routes import ROUTES, SUBSTITUTIONS, Route
from quorum.desk.agents.roster.suites import SUITES, SuiteTask

_HEAD = """\
# Agents

Every specialist of the desk, once. Each name is also known with `trading-` before it, with underscores or spaces for
hyphens, in capitals, and with `agent` after it. An agent does the tasks of its row and no other. One without a task is
listed as `unavailable` and refuses: its room is not built, or it is a seat for a language model that nobody sits in
(`seat`). The desk needs the mandatory ones. A deadline is in seconds; without one it is `timeout_threshold` of
`config/agents.yaml`. `quorum agents` shows them with their health; [Add an agent](../guides/agents.md) says how to add
yours. `named in` says which file of the specification names it. This page is made of the program's own tables.
"""
_ROUTING = """
## Who stands in for whom

A row applies while its agent is unknown or unhealthy. A task goes to nobody who does not do it: then the next row is
tried, then `general-purpose` if a language model sits there; else the gap is recorded and the step's policy holds.
"""
_KINDS = """
## Who is asked for what

`quorum agents route "KIND"` answers with the first agent that can: the first one, its substitutes, the alternative.
"""
_SUITES = """
## Suites

The tasks of the parallel group run at once, those after it one by one. `OrchestrationContextManager` of
`quorum.orchestration` runs `discovery`, `ParallelValidationOrchestrator` any of them.
"""


def reference() -> str:
    """The page's text."""
    agents = _table(
        ("agent", "also called", "what it is for", "domain", "tasks", "room", "named in", ""), map(_agent, _sorted())
    )
    rows = [(f"`{r.agent}`", f"`{r.use}`", r.priority.value, r.purpose) for r in SUBSTITUTIONS]
    kinds = _table(("kind of task", "first", "alternative", "tasks", "tools", "by hand"), map(_route, ROUTES))
    suites = [(f"`{name}`", _group(s.parallel_group), _group(s.sequential_after)) for name, s in SUITES.items()]
    parts = (
        _HEAD,
        agents,
        _ROUTING,
        _table(("instead of", "ask", "priority", "for"), rows),
        _KINDS,
        kinds,
        _SUITES,
        _table(("suite", "parallel group", "after it"), suites),
    )
    return "\n".join(parts)


def _sorted() -> Iterator[Agent]:
    return iter(sorted(AGENTS.values(), key=lambda agent: agent.name))


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"


def _agent(agent: Agent) -> tuple[str, ...]:
    notes = [
        *(["mandatory"] if agent.mandatory else []),
        *([f"deadline {agent.deadline_seconds:g}"] if agent.deadline_seconds else []),
        *(["seat"] if agent.brain else []),
    ]
    return (
        f"`{agent.name}`",
        _code(agent.aliases),
        agent.role,
        agent.domain,
        _code(agent.tasks),
        agent.room,
        agent.source,
        ", ".join(notes),
    )


def _route(row: Route) -> tuple[str, ...]:
    second = f"`{row.alternative}`" if row.alternative else ""
    return (row.task_type, f"`{row.primary}`", second, _code(row.tasks), ", ".join(row.tools), _code(row.commands))


def _group(tasks: tuple[SuiteTask, ...]) -> str:
    return ", ".join(f"{task.agent}: `{task.task}`" for task in tasks)


def _code(names: tuple[str, ...]) -> str:
    return ", ".join(f"`{name}`" for name in names)
