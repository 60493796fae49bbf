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

    Workflows that have hours of their own and are on no schedule come after them, with the line that schedules one.

    Example: quorum schedule --json
    """
    if context.invoked_subcommand is not None:
        return
    from quorum.bootstrap import open_desk

    desk = open_desk(home)
    specs = _specs(desk)
    schedules = _schedules(desk, specs)
    found, left = _overview(desk, schedules), _unscheduled(desk, specs, schedules)
    if as_json:
        print_json({"schedules": found, "not_scheduled": left})
        return
    columns = ("schedule", "workflow", "for", "on", "next due", "last", "late s", "missed", "skipped")
    table(columns, map(_line, found), empty="nothing runs by itself yet")
    for line in found:
        if "error" in line:
            say(line["error"])
    if left:
        rows = ((line["workflow"], "; ".join(line["triggers"]), ", ".join(line["needs"])) for line in left)
        table(("workflow", "would run", "needs"), rows, "not scheduled")
        say(f"what of these shall run is written in {desk.workspace.config / 'schedule.yaml'}:\nschedules:")
        for line in left:
            say(f"  {line['line']}")


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
    table(names, [tuple(tick[name] for name in names) for tick in found], empty="no tick yet")


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
    specs = _specs(desk)
    found = _schedules(desk, specs).get(asked.name)
    if enabled and isinstance(found, ConfigError):
        raise found
    path = desk.workspace.config / "schedule.yaml"
    changed = set_enabled(path, asked.name, enabled)
    (line,) = _overview(desk, {asked.name: _schedules(desk, specs)[asked.name]})
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


def _specs(desk: Any) -> Mapping[str, Any]:
    """The workflows of a desk's workspace by name, or what is wrong with one."""
    from quorum.desk.running import known_to, protocols_of
    from quorum.desk.workflows import workflows

    return workflows(desk.workspace.config / "workflows", known_to(desk), protocols_of(desk))


def _schedules(desk: Any, specs: Mapping[str, Any]) -> Mapping[str, Any]:
    """The schedules of a desk's workspace over its workflows."""
    from quorum.desk.schedule import read_schedules

    return read_schedules(desk.workspace.config / "schedule.yaml", specs)


def _unscheduled(desk: Any, specs: Mapping[str, Any], schedules: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The workflows with triggers that no schedule names: when they would run, and the line that schedules them."""
    from quorum.desk.schedule import Schedule
    from quorum.desk.workflows import WorkflowSpec

    named = {section.workflow for section in desk.settings.schedule.schedules.values()}
    example, found = _example(desk), []
    for name, spec in specs.items():
        if not isinstance(spec, WorkflowSpec) or not spec.triggers or name in named:
            continue
        made = Schedule(name, spec, spec.triggers, {}, spec.missed, spec.overlap, enabled=False)
        needs = [p.name for p in spec.params if p.required]
        params = ", ".join(
            f"{p.name}: {example.get(p.name, '…')}" for p in spec.params if p.required or p.name == "timeframe"
        )
        line = f"{name}: {{workflow: {name}, enabled: true, params: {{{params}}}}}"
        found.append({"workflow": name, "triggers": made.written, "needs": needs, "line": line})
    return found


def _example(desk: Any) -> Mapping[str, str]:
    """Parameters that a first schedule may have: a series of the lake, if there is one."""
    for series in desk.lake.series():
        return {"symbol": series.symbol, "timeframe": str(series.timeframe), "strategy": "trend_breakout"}
    return {"symbol": "BTCUSDT", "timeframe": "1h", "strategy": "trend_breakout"}


def _line(found: Mapping[str, Any]) -> tuple[object, ...]:
    if "error" in found:
        return (found["schedule"], "WRONG", None, False, None, None, None, None, None)
    last = found["last"] or {}
    told = f"{last['status']} {last['due_at']}" if last else None
    late = last.get("lateness_seconds")
    names = ("schedule", "workflow", "execution", "enabled", "next_due")
    return (*(found[name] for name in names), told, late, found["missed"], found["skipped"])
