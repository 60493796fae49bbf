"""Commands of the schedules: what runs by itself, when, and what became of it; switching one on or off."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

import typer

from quorum.surfaces.cli.show import Home, Json, print_json, say, table, takes

schedule = typer.Typer(rich_markup_mode=None)
Name = Annotated[str, typer.Argument(help="A schedule of config/schedule.yaml.")]


@schedule.callback(invoke_without_command=True)
def list_schedules(context: typer.Context, home: Home = None, as_json: Json = False) -> None:
    """List the schedules: when each is next due, its last tick, what was missed or skipped. Times are UTC.

    Example: quorum schedule --json
    """
    if context.invoked_subcommand is not None:
        return
    from quorum.bootstrap import open_desk

    desk = open_desk(home)
    found = _overview(desk, _schedules(desk))
    if as_json:
        print_json({"schedules": found})
        return
    if not found:
        say("nothing runs by itself: config/schedule.yaml has examples")
        return
    table(("schedule", "workflow", "on", "next due", "last", "late s", "missed", "skipped"), map(_line, found))
    for line in found:
        if "error" in line:
            say(line["error"])


@dataclass(frozen=True)
class TickOptions:
    """What `quorum schedule ticks` takes."""

    name: Name
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="How many, newest first.")] = 20
    home: Home = None
    as_json: Json = False


@takes(TickOptions)
def ticks(asked: TickOptions) -> None:
    """List the ticks of a schedule, newest first: when it was due, when it was seen, what became of it.

    Example: quorum schedule ticks btc --limit 5
    """
    from quorum.bootstrap import open_desk
    from quorum.desk.schedule import shown
    from quorum.domain import NotFound

    desk = open_desk(asked.home)
    found = [shown(tick) for tick in desk.ticks.newest(asked.name, asked.limit)]
    if not found and asked.name not in desk.settings.schedule.schedules:
        raise NotFound(f"there is no schedule {asked.name!r}", "list them with `quorum schedule`")
    if asked.as_json:
        print_json({"schedule": asked.name, "ticks": found})
        return
    names = ("due_at", "status", "lateness_seconds", "workflow_id", "count", "reason")
    table(names, [tuple(tick[name] for name in names) for tick in found])


@dataclass(frozen=True)
class SwitchOptions:
    """What `quorum schedule enable` and `disable` take."""

    name: Name
    home: Home = None
    as_json: Json = False


@takes(SwitchOptions)
def enable(asked: SwitchOptions) -> None:
    """Let a schedule run by itself from now on; the file keeps its comments.

    Example: quorum schedule enable btc
    """
    _switch(asked, True)


@takes(SwitchOptions)
def disable(asked: SwitchOptions) -> None:
    """Let a schedule rest; what it has under way goes on, what is due meanwhile is not made up for.

    Example: quorum schedule disable btc
    """
    _switch(asked, False)


for command in (ticks, enable, disable):
    schedule.command()(command)


def _switch(asked: SwitchOptions, enabled: bool) -> None:
    from quorum.bootstrap import open_desk
    from quorum.desk.schedule import set_enabled
    from quorum.domain import ConfigError

    desk = open_desk(asked.home)
    found = _schedules(desk).get(asked.name)
    if enabled and isinstance(found, ConfigError):
        raise found
    path = desk.workspace.config / "schedule.yaml"
    changed = set_enabled(path, asked.name, enabled)
    (line,) = _overview(desk, {asked.name: _schedules(desk)[asked.name]})
    if asked.as_json:
        print_json({"changed": changed, **line})
        return
    word = "on" if enabled else "off"
    say(f"{asked.name} is {word}{'' if changed else ' already'}")
    if line.get("next_due"):
        say(f"next due: {line['next_due']}")


def _overview(desk: Any, schedules: Mapping[str, Any]) -> list[dict[str, Any]]:
    from quorum.desk.schedule import newest_close, overview

    return overview(schedules, desk.ticks, desk.clock.now(), newest_close(desk.lake))


def _schedules(desk: Any) -> Mapping[str, Any]:
    """The schedules of a desk's workspace over its workflows."""
    from quorum.desk.running import known_to, protocols_of
    from quorum.desk.schedule import read_schedules
    from quorum.desk.workflows import workflows

    specs = workflows(desk.workspace.config / "workflows", known_to(desk), protocols_of(desk))
    return read_schedules(desk.workspace.config / "schedule.yaml", specs)


def _line(found: Mapping[str, Any]) -> tuple[object, ...]:
    if "error" in found:
        return (found["schedule"], "WRONG", False, None, None, None, None, None)
    last = found["last"] or {}
    told = f"{last['status']} {last['due_at']}" if last else None
    late = last.get("lateness_seconds")
    names = ("schedule", "workflow", "enabled", "next_due")
    return (*(found[name] for name in names), told, late, found["missed"], found["skipped"])
