"""Who is asked: the agent that was named, its substitute, the general-purpose seat, or nobody and a recorded gap."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches

from quorum.desk.agents.health import HEALTHY, Condition, Health
from quorum.desk.agents.roster import GENERAL, Agent, Route, Substitution, known_tasks, spelled
from quorum.desk.agents.staff import StaffRules
from quorum.domain import NotFound


@dataclass(frozen=True, slots=True)
class Routed:
    """Who does it. `asked` is the name that was asked for, `why` every reason on the way.

    `substitution` is the row that was applied, `probe` is true when an unhealthy agent is tried again,
    `alternatives` are others who could, `tasks` those of the tasks asked for that this agent does; all of its own where
    none was asked for.
    """

    agent: Agent
    asked: str
    why: tuple[str, ...]
    tasks: tuple[str, ...] = ()
    alternatives: tuple[str, ...] = ()
    substitution: Substitution | None = None
    probe: bool = False


@dataclass(frozen=True, slots=True)
class Gap:
    """Nobody does it: the name that was asked for, who comes nearest, and an entry for config/agents.yaml."""

    name: str
    why: tuple[str, ...]
    alternative: str
    template: str


def route(
    asked: str, tasks: tuple[str, ...], rules: StaffRules, health: Mapping[str, Condition], now: int
) -> Routed | Gap:
    """Who does one of `tasks` when `asked` was named; without tasks, who answers in its place.

    The one named, while it is known, does such a task and may be asked; else the substitutes of its rows, in their
    order; else the general-purpose seat when a model sits there; else a gap. Nobody gets a task that it does not do.
    """
    return _first(
        asked, [(asked, None), *_substitutes(asked, rules), (GENERAL, None)], _Wanted(tasks, rules, health, now)
    )


def route_type(
    task_type: str, rules: StaffRules, health: Mapping[str, Condition], now: int
) -> tuple[Route, Routed | Gap]:
    """The row of a kind of task and who takes it now: its first agent, the substitutes, its second agent, the seat.

    NotFound for a kind of task that has no row.
    """
    row = find_route(task_type, rules)
    second = [(row.alternative, None)] if row.alternative else []
    names = [(row.primary, None), *_substitutes(row.primary, rules), *second, (GENERAL, None)]
    return row, _first(row.primary, names, _Wanted(row.tasks, rules, health, now))


def find_route(asked: str, rules: StaffRules) -> Route:
    """The row of a kind of task, however it is written; or a row made for the name of an agent or of a task.

    NotFound names the kind that comes nearest.
    """
    rows = {spelled(row.task_type): row for row in reversed(rules.routes)}
    if (found := rows.get(spelled(asked))) is not None:
        return found
    doers = known_tasks(rules.agents.values()).get(asked.strip())
    if doers is not None:
        return Route(asked.strip(), doers[0], "", (), (asked.strip(),))
    agent = rules.find(asked)
    if agent is not None or any(_means(asked, row.agent, rules) for row in rules.substitutions):
        return Route(asked, asked, "", (), () if agent is None else agent.tasks)
    near = get_close_matches(spelled(asked), rows, 1, 0.5)
    hint = f", did you mean {rows[near[0]].task_type!r}?" if near else ""
    known = ", ".join(row.task_type for row in rules.routes) or "none"
    raise NotFound(f"no kind of task, agent or task is called {asked!r}{hint}", f"kinds of tasks are {known}")


def substitutions_now(
    rules: StaffRules, health: Mapping[str, Condition], now: int
) -> tuple[tuple[Substitution, str], ...]:
    """The rows that apply now, each with why: their agent is unknown, unhealthy or unavailable."""
    found = []
    for row in rules.substitutions:
        agent = rules.find(row.agent)
        state = HEALTHY if agent is None else health.get(agent.name, HEALTHY)
        if agent is None:
            found.append((row, f"nobody is called {row.agent}"))
        elif not state.usable(now):
            found.append((row, f"{agent.name} is {state.health}: {state.reason}"))
    return tuple(found)


def agent_template(name: str, rules: StaffRules, task: str = "TASK") -> str:
    """An entry for config/agents.yaml that adds an agent called `name`; where it is known, one like it beside it.

    `TASK` stands for a task that is still to be chosen, `new-agent` for a name that has no letter.
    """
    like = rules.find(name)
    free = "-".join(re.findall(r"[a-z0-9]+", spelled(name))) if like is None else f"my-{like.name}"
    free = free or "new-agent"
    role = "What it is for, in a sentence." if like is None else like.role
    tasks = (task,) if like is None or not like.tasks else like.tasks
    note = "" if like is None else f"# {like.name} is there already, named in {like.source}; one like it:\n"
    return (
        f"{note}agents:\n  {free}:\n    role: {role!r}\n    tasks: [{', '.join(tasks)}]\n    aliases: []\n"
        "    deadline_seconds: 30\n    mandatory: false\n"
    )


@dataclass(frozen=True, slots=True)
class _Wanted:
    tasks: tuple[str, ...]
    rules: StaffRules
    health: Mapping[str, Condition]
    now: int

    def refused(self, name: str, agent: Agent | None) -> str:
        """Why this one is not asked; empty when it is."""
        if agent is None:
            return f"nobody is called {name}"
        state = self.health.get(agent.name, HEALTHY)
        refusal = self.rules.refusal(agent)
        if refusal or state.health is Health.UNAVAILABLE:
            return f"{agent.name} is unavailable: {refusal or state.reason}"
        if not state.usable(self.now):
            return f"{agent.name} is {state.health}: {state.reason}"
        if self.tasks and not self.of(agent) and not (agent.brain and self.rules.model):
            return f"{agent.name} does not do {' or '.join(self.tasks)}"
        return ""

    def of(self, agent: Agent) -> tuple[str, ...]:
        """Those of the tasks that the agent does."""
        return tuple(task for task in self.tasks if task in agent.tasks)

    def able(self) -> tuple[str, ...]:
        """Everyone who does one of the tasks and may be asked."""
        doers = known_tasks(self.rules.agents.values())
        names = dict.fromkeys(name for task in self.tasks for name in doers.get(task, ()))
        return tuple(name for name in names if not self.refused(name, self.rules.agents[name]))


def _substitutes(asked: str, rules: StaffRules) -> list[tuple[str, Substitution | None]]:
    return [(row.use, row) for row in rules.substitutions if _means(asked, row.agent, rules)]


def _means(asked: str, name: str, rules: StaffRules) -> bool:
    agent = rules.find(asked)
    return spelled(asked) == spelled(name) or (agent is not None and rules.find(name) is agent)


def _first(asked: str, names: list[tuple[str, Substitution | None]], wanted: _Wanted) -> Routed | Gap:
    """The first of `names` that may be asked and does the task; a gap when there is none."""
    why: list[str] = []
    for name, row in names:
        agent = wanted.rules.find(name)
        refused = wanted.refused(name, agent)
        if agent is None or refused:
            why += [refused] if refused not in why else []
            continue
        why += _reasons(agent, row, wanted)
        others = tuple(other for other in wanted.able() if other != agent.name)
        probe = wanted.health.get(agent.name, HEALTHY).health is Health.UNHEALTHY
        tasks = wanted.of(agent) if wanted.tasks else agent.tasks
        return Routed(agent, asked, tuple(why), tasks, others, row, probe)
    able = wanted.able()
    task = wanted.tasks[0] if wanted.tasks else "TASK"
    return Gap(asked, tuple(why), able[0] if able else "", agent_template(asked, wanted.rules, task))


def _reasons(agent: Agent, row: Substitution | None, wanted: _Wanted) -> Iterator[str]:
    if row is not None:
        yield f"{agent.name} stands in for {row.agent} ({row.priority}: {row.purpose})"
    state = wanted.health.get(agent.name, HEALTHY)
    if state.health is Health.UNHEALTHY:
        yield f"{agent.name} is asked as a probe: {state.reason}"
    if agent.tasks and (left := [task for task in wanted.tasks if task not in agent.tasks]):
        yield f"{agent.name} does not do {' or '.join(left)}"
