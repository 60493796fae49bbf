"""Workflows as commands: what there is, running one, looking at it, and what a person may do to it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import typer

from quorum.surfaces.cli.coordinator.going import NEEDS_APPROVAL, Wait, begin, finish, run_facts
from quorum.surfaces.cli.coordinator.runs import STATUSES, listed, print_questions, print_run, print_timeline
from quorum.surfaces.cli.show import Home, Json, facts, print_json, say, table, takes

if TYPE_CHECKING:
    from quorum.desk import Desk
    from quorum.desk.workflows import RunState

workflow = typer.Typer(no_args_is_help=True, help="Workflows: run, list, show, cancel, resume, rerun, fork.")
Identity = Annotated[str, typer.Argument(help="The run's id, as WF-20250130-001.")]


@dataclass(frozen=True)
class RunOptions:
    """What `quorum workflow run` takes."""

    name: Annotated[str, typer.Argument(help="The workflow: one of `quorum workflow list --specs`.")]
    symbol: Annotated[str | None, typer.Option(help="The parameter symbol.")] = None
    timeframe: Annotated[str | None, typer.Option(help="The parameter timeframe.")] = None
    strategy: Annotated[str | None, typer.Option(help="The parameter strategy.")] = None
    venue: Annotated[str | None, typer.Option(help="The parameter venue.")] = None
    account: Annotated[str | None, typer.Option(help="The parameter account.")] = None
    as_of: Annotated[str | None, typer.Option("--as-of", help="The instant to decide at; else now.")] = None
    param: Annotated[list[str] | None, typer.Option("--param", "-p", help="Any parameter, as name=value.")] = None
    execution: Annotated[str | None, typer.Option(help="notify, paper or live; else as the workflow says.")] = None
    wait: Annotated[bool, typer.Option(help="Until it ended or waits for a person; else leave it to a worker.")] = True
    home: Home = None
    as_json: Json = False


@workflow.command("run")
@takes(RunOptions)
def run(asked: RunOptions) -> None:
    """Run a workflow: by the worker that is at work, else in this process. Ends with 3 while a person is asked.

    Example: quorum workflow run realtime_signal_generation --symbol BTCUSDT --timeframe 1h
    """
    from quorum.bootstrap import open_desk

    desk = open_desk(asked.home)
    state = begin(desk, asked.name, _given(asked), asked.execution, wait=asked.wait)
    _tell(desk, state, asked)


@workflow.command("list")
def list_runs(
    name: Annotated[str | None, typer.Option("--workflow", help="Runs of this workflow only.")] = None,
    status: Annotated[str | None, typer.Option(help=f"{', '.join(STATUSES)}.")] = None,
    specs: Annotated[
        bool, typer.Option("--specs", help="The workflows that can be run, in place of their runs.")
    ] = False,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="How many.")] = 20,
    home: Home = None,
    as_json: Json = False,
) -> None:
    """List the newest runs, or the workflows that there are.

    Example: quorum workflow list --status running
    """
    from quorum.bootstrap import open_desk

    desk = open_desk(home)
    if specs:
        _list_specs(desk, as_json)
        return
    found = listed(desk, limit, name, status)
    if as_json:
        print_json({"runs": found})
        return
    columns = ("workflow_id", "workflow", "status", "created", "reason")
    table(
        columns,
        ([run[column] for column in columns] for run in found),
        empty="no run; `quorum workflow run NAME` begins one",
    )


@workflow.command("show")
def show(identity: Identity, home: Home = None, as_json: Json = False) -> None:
    """Show a run: how it stands, its timeline with durations, what it waits for.

    Example: quorum workflow show WF-20250130-001
    """
    from quorum.bootstrap import open_desk
    from quorum.desk.running import timeline

    desk = open_desk(home)
    state, steps = desk.workflows.run(identity)
    told = {**run_facts(desk, state), "params": state.request.get("params", {}), "timeline": timeline(state, steps)}
    if as_json:
        print_json(told)
        return
    facts({name: told[name] for name in ("workflow_id", "workflow", "status", "reason", "as_of", "execution")})
    print_timeline(told["timeline"])
    print_questions(told["waits_for"])
    _say_left(told, home)


@workflow.command("cancel")
def cancel(identity: Identity, home: Home = None, as_json: Json = False) -> None:
    """Cancel a run: a step under way ends, the next does not begin.

    Example: quorum workflow cancel WF-20250130-001
    """
    _move(identity, "cancel", None, home, as_json)


@workflow.command("resume")
def resume(identity: Identity, wait: Wait = True, home: Home = None, as_json: Json = False) -> None:
    """Let a run that was cancelled, failed or interrupted go on from its last finished step.

    Example: quorum workflow resume WF-20250130-001
    """
    _move(identity, "resume", None, home, as_json, wait=wait)


@dataclass(frozen=True)
class ForkOptions:
    """What `quorum workflow fork` takes."""

    identity: Identity
    step: Annotated[int, typer.Option("--from-step", min=1, help="The first step that is run again.")] = 1
    wait: Wait = True
    home: Home = None
    as_json: Json = False


@workflow.command("fork")
@takes(ForkOptions)
def fork(asked: ForkOptions) -> None:
    """Run a workflow again from one of its steps, with the kept answers of those before; from step 1 all of it.

    Example: quorum workflow fork WF-20250130-001 --from-step 4
    """
    _move(asked.identity, "fork", asked.step, asked.home, asked.as_json, wait=asked.wait)


@workflow.command("rerun")
def rerun(identity: Identity, wait: Wait = True, home: Home = None, as_json: Json = False) -> None:
    """Run all of a run again, as it was asked for: a fork from step 1, with an id of its own.

    Example: quorum workflow rerun WF-20250130-001
    """
    _move(identity, "fork", 1, home, as_json, wait=wait)


@workflow.command("check")
def check(
    file: Annotated[str, typer.Argument(help="A workflow's YAML file.")], home: Home = None, as_json: Json = False
) -> None:
    """Read a workflow's file and say what is wrong with it, with line and column.

    Example: quorum workflow check my_workflow.yaml
    """
    from pathlib import Path

    from quorum.bootstrap import open_desk
    from quorum.desk.running import known_to, protocols_of
    from quorum.desk.workflows import check_file

    desk = open_desk(home)
    spec = check_file(Path(file), desk.workspace.config / "workflows", known_to(desk), protocols_of(desk))
    told = {"workflow": spec.name, "steps": len(spec.steps), "params": [p.name for p in spec.params], "ok": True}
    if as_json:
        print_json(told)
    else:
        say(f"{spec.name}: {len(spec.steps)} steps, nothing wrong")


def _given(asked: RunOptions) -> dict[str, str]:
    """The parameters that were given, by name."""
    from quorum.domain import UsageError

    names = ("symbol", "timeframe", "strategy", "venue", "account", "as_of")
    given = {name: getattr(asked, name) for name in names if getattr(asked, name) is not None}
    for text in asked.param or ():
        name, equals, value = text.partition("=")
        if not equals or not name:
            raise UsageError(f"--param {text!r} is no name=value", "write it as --param symbol=BTCUSDT")
        given[name.strip()] = value
    return given


def _tell(desk: Desk, state: RunState, asked: RunOptions) -> None:
    """Print how a run ended; the exit code says whether it needs a person, or was halted."""
    from quorum.desk import show_system

    told = run_facts(desk, state)
    show_system(desk, told.get("decision_id"))
    if asked.as_json:
        print_json(told)
    else:
        print_run(told)
        _say_left(told, asked.home)
    raise typer.Exit(_code(told))


def _say_left(run: Mapping[str, Any], home: Any) -> None:
    """Say how a run goes on that nobody runs."""
    from quorum.bootstrap import works_elsewhere

    if run["status"] in ("enqueued", "running") and not works_elsewhere(home):
        say(f"no worker is at work: `quorum up`, or `quorum workflow resume {run['workflow_id']}`")


def _code(run: Mapping[str, Any]) -> int:
    """What a command ends with whose run came to this."""
    if run["waits_for"]:
        return NEEDS_APPROVAL
    return 1 if run["status"] in ("halted", "failed", "cancelled") else 0


def _move(identity: str, move: str, step: int | None, home: Any, as_json: bool, *, wait: bool = False) -> None:
    from quorum.bootstrap import open_desk

    desk = open_desk(home)
    after = _moved(desk, identity, move, step, home)
    ended = finish(desk, home, after) if wait else None
    told: dict[str, Any] = {"workflow_id": after, "move": move, "from": identity, "step": step}
    if ended is not None:
        told["run"] = run_facts(desk, ended)
    if as_json:
        print_json({name: value for name, value in told.items() if value is not None})
    else:
        _say_moved(identity, move, after, told.get("run"))
    raise typer.Exit(_code(told["run"]) if ended is not None else 0)


def _moved(desk: Desk, identity: str, move: str, step: int | None, home: Any) -> str:
    """Move a run; the id of the one that goes on."""
    from quorum.bootstrap import works_elsewhere
    from quorum.desk.running import fork as fork_run
    from quorum.desk.team import cancel as cancel_run
    from quorum.desk.team import resume as resume_run

    state, _ = desk.workflows.run(identity)
    if move == "cancel":
        cancel_run(desk, identity)
        return identity
    if move == "fork":
        return fork_run(desk.runs, desk.workflows, identity, step or 1)
    if state.status == "running" and not works_elsewhere(home):
        return identity  # whoever ran it was interrupted
    resume_run(desk, identity)
    return identity


def _say_moved(identity: str, move: str, after: str, run: Mapping[str, Any] | None) -> None:
    done = {"cancel": "is cancelled", "resume": "goes on", "fork": f"goes on as {after}"}[move]
    if run is None and move != "cancel":
        say(f"{identity} {done}; a worker runs it: `quorum up`, or `quorum workflow show {after}`")
        return
    say(f"{identity} {done}")
    if run is not None:
        print_run(run)


def _list_specs(desk: Desk, as_json: bool) -> None:
    from quorum.desk.running import known_to, protocols_of
    from quorum.desk.workflows import workflows

    found = workflows(desk.workspace.config / "workflows", known_to(desk), protocols_of(desk))
    lines = [_spec_line(name, spec) for name, spec in found.items()]
    if as_json:
        print_json({"workflows": lines})
        return
    rows = ([x["workflow"], x["steps"], ", ".join(x["needs"]), x["about"]] for x in lines)
    table(("workflow", "steps", "needs", "about"), rows)


def _spec_line(name: str, spec: Any) -> dict[str, Any]:
    """A workflow as a line, or what is wrong with its file."""
    from quorum.desk.workflows import WorkflowSpec

    if not isinstance(spec, WorkflowSpec):
        return {"workflow": name, "steps": None, "needs": [], "about": str(spec), "ok": False}
    needs = [p.name for p in spec.params if p.required]
    return {"workflow": name, "steps": len(spec.steps), "needs": needs, "about": spec.about, "ok": True}
