"""Commands of the specialists: who there is and how they are, their tasks, who takes what, what could be better."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import typer

from quorum.surfaces.cli.show import Home, Json, dated, facts, print_json, say, table, takes

agents = typer.Typer(rich_markup_mode=None)
Days = Annotated[int, typer.Option(help="How many days of calls to look at.", min=1, max=3_650)]


@agents.callback(invoke_without_command=True)
def list_agents(context: typer.Context, days: Days = 30, home: Home = None, as_json: Json = False) -> None:
    """List the specialists with their health, success rate, p95 and substitute.

    Example: quorum agents --json
    """
    if context.invoked_subcommand is not None:
        return
    from quorum.bootstrap import open_desk
    from quorum.desk.agents import looked_at, overview

    desk = open_desk(home)
    found = overview(desk.staff, looked_at(desk.staff, desk.clock.now(), days))
    if as_json:
        print_json({"agents": found, "days": days})
        return
    names = ("name", "health", "success_rate", "p95_seconds", "calls", "substitute", "mandatory", "brain")
    table(names, [tuple(agent[name] for name in names) for agent in found])


@dataclass(frozen=True)
class TaskOptions:
    """What `quorum agents tasks` takes."""

    limit: Annotated[int, typer.Option(min=1, max=10_000, help="How many, newest first.")] = 20
    only_open: Annotated[bool, typer.Option("--open", help="Only those under way.")] = False
    home: Home = None
    as_json: Json = False


@takes(TaskOptions)
def tasks(asked: TaskOptions) -> None:
    """List the tasks given to agents, and how they were handed on.

    Example: quorum agents tasks --open
    """
    from quorum.bootstrap import open_desk

    book = open_desk(asked.home).staff.tasks
    found = [task.told() for task in (book.open() if asked.only_open else book.recent(asked.limit))]
    if asked.as_json:
        print_json({"tasks": found})
        return
    names = ("task_id", "target_agent", "task_type", "priority", "deadline", "signal", "note")
    table(names, [tuple(task[name] for name in names) for task in found], empty="no task; workflows give them")


@dataclass(frozen=True)
class RouteOptions:
    """What `quorum agents route` takes."""

    task_type: Annotated[str, typer.Argument(help="A kind of task as 'ML development', or an agent's or task's name.")]
    home: Home = None
    as_json: Json = False


@takes(RouteOptions)
def route(asked: RouteOptions) -> None:
    """Say who takes a kind of task now, and why; ends with 1 when nobody does.

    Example: quorum agents route "ML development" --json
    """
    from quorum.bootstrap import open_desk
    from quorum.desk.agents import conditions, route_type, routing_told

    desk = open_desk(asked.home)
    rules = desk.staff.rules
    health = conditions(desk.staff, rules.agents.values())
    told = routing_told(*route_type(asked.task_type, rules, health, desk.clock.now()))
    if asked.as_json:
        print_json(told)
    else:
        _print_route(told)
    raise typer.Exit(0 if told["agent"] else 1)


@dataclass(frozen=True)
class RecommendOptions:
    """What `quorum agents recommend` takes."""

    days: Days = 30
    home: Home = None
    as_json: Json = False


@takes(RecommendOptions)
def recommend(asked: RecommendOptions) -> None:
    """Say what could be better, each with the numbers that it rests on; and rank the agents.

    Example: quorum agents recommend --days 7
    """
    from quorum.bootstrap import open_desk
    from quorum.desk.agents import looked_at, performance, ranking, recommendations
    from quorum.domain import plain

    desk = open_desk(asked.home)
    looked = looked_at(desk.staff, desk.clock.now(), asked.days)
    ranked: Any = dated(plain(ranking(performance(looked.calls))))
    advice: Any = plain(recommendations(desk.staff.rules, looked))
    if asked.as_json:
        print_json({"recommendations": advice, "ranking": ranked, "calls": len(looked.calls), "days": asked.days})
        return
    _print_advice(advice, ranked, f"{len(looked.calls)} calls in {asked.days} days")


@dataclass(frozen=True)
class ShowOptions:
    """What `quorum agents show` takes."""

    name: Annotated[str, typer.Argument(help="An agent's name or alias, as ml-engineer.")]
    days: Days = 30
    home: Home = None
    as_json: Json = False


@takes(ShowOptions)
def show(asked: ShowOptions) -> None:
    """Show one specialist: what it does, how it is, its last calls.

    Example: quorum agents show risk-manager
    """
    from quorum.bootstrap import open_desk
    from quorum.desk.agents import agent_told, conditions, performance
    from quorum.domain import DAY, plain

    desk = open_desk(asked.home)
    agent = desk.staff.rules.known(asked.name)
    calls = desk.staff.calls.of(agent.name, desk.clock.now() - asked.days * DAY)
    state = conditions(desk.staff, [agent])[agent.name]
    told = agent_told(desk.staff.rules, agent, state, performance(calls).get(agent.name))
    last: Any = dated(plain(calls[-10:]))
    if asked.as_json:
        print_json({**told, "last_calls": last})
        return
    facts({name: ", ".join(value) if isinstance(value, list) else value for name, value in told.items()})
    names = ("at", "task_type", "outcome", "seconds", "workflow_id", "error")
    table(names, [tuple(call[name] for name in names) for call in last], "last calls")


for command in (tasks, route, recommend, show):
    agents.command()(command)


def _print_route(told: Mapping[str, Any]) -> None:
    lines = {
        "kind of task": told["task_type"],
        "primary": told["primary"],
        "alternative": told["alternative"],
        "goes to": told["agent"] or "nobody",
        "does": ", ".join(told["tasks"]),
        "substituted": told["substituted"],
        "priority": told["priority"],
        "tools": ", ".join(told["tools"]),
        "by hand": ", ".join(told["commands"]),
    }
    facts(lines)
    for reason in told["why"]:
        say(f"because {reason}")
    if told["gap"]:
        say(f"to fill the gap, add to config/agents.yaml:\n{told['gap']['template'].rstrip()}")


def _print_advice(advice: Sequence[Mapping[str, Any]], ranked: Sequence[Mapping[str, Any]], over: str) -> None:
    if ranked:
        names = ("agent", "calls", "rate", "low", "p50", "p95", "effectiveness")
        rows = [tuple(agent[name] for name in names) for agent in ranked]
        table((*names[:4], "p50 (s)", "p95 (s)", names[-1]), rows, f"ranking by {over}")
    if not advice:
        say(f"nothing to recommend: {over}")
    for one in advice:
        numbers = ", ".join(f"{k} {_short(v)}" for k, v in one["evidence"].items() if k != "template" and v != "")
        say(f"{one['kind']}: {one['subject']}: {one['advice']} ({numbers})")


def _short(value: object) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value)
