"""Workflows as commands: what there is, running one, looking at it, and what a person may do to it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import typer

from quorum.surfaces.cli.coordinator.going import ENDED, NEEDS_APPROVAL, Wait, finish, go_on, run_facts, waits
from quorum.surfaces.cli.show import Home, Json, facts, print_json, say, table, takes

if TYPE_CHECKING:
    from quorum.desk import Desk
    from quorum.desk.workflows import RunState

workflow = typer.Typer(no_args_is_help=True, help="Workflows: run, list, show, cancel, resume, fork.")
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
    wait: Annotated[bool, typer.Option(help="Wait until it ended, or waits for a person.")] = True
    home: Home = None
    as_json: Json = False


@workflow.command("run")
@takes(RunOptions)
def run(asked: RunOptions) -> None:
    """Run a workflow: by the worker that is at work, else in this process.

    Example: quorum workflow run realtime_signal_generation --symbol BTCUSDT --timeframe 1h
    """
    from quorum.bootstrap import open_desk
    from quorum.desk.running import known_to, protocols_of, request_of
    from quorum.desk.workflows import find_workflow

    desk = open_desk(asked.home)
    spec = find_workflow(asked.name, desk.workspace.config / "workflows", known_to(desk), protocols_of(desk))
    request = request_of(spec, _given(asked), desk.clock.now(), asked.execution)
    identity = desk.runs.enter(request)
    state = go_on(desk, asked.home, identity, lambda: desk.workflows.enqueue(identity, request), wait=asked.wait)
    _tell(desk, state, asked.as_json)


@workflow.command("list")
def list_runs(
    name: Annotated[str | None, typer.Option("--workflow", help="Runs of this workflow only.")] = None,
    status: Annotated[str | None, typer.Option(help="enqueued, running, done, failed or cancelled.")] = None,
    specs: Annotated[
        bool, typer.Option("--specs", help="The workflows that can be run, in place of their runs.")
    ] = False,
    limit: Annotated[int, typer.Option(min=1, help="How many.")] = 20,
    home: Home = None,
    as_json: Json = False,
) -> None:
    """List the newest runs, or the workflows that there are.

    Example: quorum workflow list --status running
    """
    from quorum.bootstrap import open_desk
    from quorum.domain import UsageError, iso

    desk = open_desk(home)
    if specs:
        _list_specs(desk, as_json)
        return
    if status is not None and status not in (*ENDED, "enqueued", "running"):
        raise UsageError(f"there is no status {status!r}", "choose enqueued, running, done, failed or cancelled")
    found = [
        {
            "workflow_id": state.identity,
            "workflow": state.workflow,
            "status": "waiting" if state.status == "running" and waits(desk, state.identity) else state.status,
            "end": (state.outcome or {}).get("status"),
            "created": iso(state.created),
            "updated": iso(state.updated),
            "reason": state.error or (state.outcome or {}).get("reason") or "",
        }
        for state in desk.workflows.runs(limit, name, status)
    ]
    if as_json:
        print_json({"runs": found})
        return
    columns = ("workflow_id", "workflow", "status", "end", "created", "reason")
    table(columns, ([line[column] for column in columns] for line in found))


@workflow.command("show")
def show(identity: Identity, home: Home = None, as_json: Json = False) -> None:
    """Show a run: how it stands, its timeline with durations, what it waits for.

    Example: quorum workflow show WF-20250130-001
    """
    from quorum.bootstrap import open_desk
    from quorum.desk.approvals import facts as approval_facts
    from quorum.desk.running import timeline

    desk = open_desk(home)
    state, steps = desk.workflows.run(identity)
    asked = [approval_facts(approval) for approval in waits(desk, identity)]
    told = {**run_facts(state, waiting=bool(asked)), "params": state.request.get("params", {})}
    lines = timeline(state, steps)
    if as_json:
        print_json({**told, "timeline": lines, "waits_for": asked})
        return
    facts({name: told[name] for name in ("workflow_id", "workflow", "status", "reason", "as_of", "execution")})
    rows = ((x["step"], x["status"], x["began"], x["duration_ms"], x.get("reason", "")) for x in lines)
    table(("step", "status", "began", "ms", "reason"), rows)
    for approval in asked:
        say(f"waits for {approval['approval_id']}: {approval['question']}, until {approval['expires_at']}")


@workflow.command("cancel")
def cancel(identity: Identity, home: Home = None, as_json: Json = False) -> None:
    """Cancel a run: a step under way ends, the next does not begin.

    Example: quorum workflow cancel WF-20250130-001
    """
    _move(identity, "cancel", None, home, as_json)


@workflow.command("resume")
def resume(identity: Identity, wait: Wait = True, home: Home = None, as_json: Json = False) -> None:
    """Let a run that was cancelled or failed go on from its last finished step.

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


def _tell(desk: Desk, state: RunState, as_json: bool) -> None:
    """Print how a run ended; the exit code says whether it needs a person, or was halted."""
    from quorum.desk import show_system

    told = run_facts(state, waiting=bool(waits(desk, state.identity)))
    show_system(desk, told.get("decision_id"))
    if as_json:
        print_json(told)
    else:
        plain_facts = {name: value for name, value in told.items() if not isinstance(value, dict | list)}
        facts(plain_facts)
        say(f"more: quorum workflow show {state.identity}")
    if told["status"] == "waiting":
        raise typer.Exit(NEEDS_APPROVAL)
    if told["status"] in ("halted", "failed", "cancelled"):
        raise typer.Exit(1)


def _move(identity: str, move: str, step: int | None, home: Any, as_json: bool, *, wait: bool = False) -> None:
    from quorum.bootstrap import open_desk
    from quorum.desk.team import cancel as cancel_run

    desk = open_desk(home)
    to = None
    if move == "fork":
        state, _ = desk.workflows.run(identity)
        to = desk.runs.enter(state.request)
    if move == "cancel":
        cancel_run(desk, identity)
    after = identity if move == "cancel" else desk.workflows.move(identity, move, step, to)
    ended = finish(desk, home, after) if wait else None
    told: dict[str, Any] = {"workflow_id": after, "move": move, "from": identity, "step": step}
    if ended is not None:
        told["run"] = run_facts(ended, waiting=bool(waits(desk, after)))
    if as_json:
        print_json({name: value for name, value in told.items() if value is not None})
    else:
        _say_moved(identity, move, after, ended)
    if ended is not None and waits(desk, after):
        raise typer.Exit(NEEDS_APPROVAL)


def _say_moved(identity: str, move: str, after: str, ended: RunState | None) -> None:
    done = {"cancel": "is cancelled", "resume": "goes on", "fork": f"goes on as {after}"}[move]
    if ended is None and move != "cancel":
        say(f"{identity} {done}; a worker runs it: `quorum up`, or `quorum workflow show {after}`")
        return
    say(f"{identity} {done}")
    if ended is not None:
        say(f"{after}: {run_facts(ended, waiting=False)['status']}; more: quorum workflow show {after}")


def _list_specs(desk: Desk, as_json: bool) -> None:
    from quorum.desk.running import known_to, protocols_of
    from quorum.desk.workflows import workflows

    found = workflows(desk.workspace.config / "workflows", known_to(desk), protocols_of(desk))
    lines = [_spec_line(name, spec) for name, spec in found.items()]
    if as_json:
        print_json({"workflows": lines})
        return
    table(("workflow", "steps", "needs", "about"), ([x["workflow"], x["steps"], x["needs"], x["about"]] for x in lines))


def _spec_line(name: str, spec: Any) -> dict[str, Any]:
    """A workflow as a line, or what is wrong with its file."""
    from quorum.desk.workflows import WorkflowSpec

    if not isinstance(spec, WorkflowSpec):
        return {"workflow": name, "steps": None, "needs": "", "about": str(spec), "ok": False}
    needs = " ".join(p.name for p in spec.params if p.required)
    return {"workflow": name, "steps": len(spec.steps), "needs": needs, "about": spec.about, "ok": True}
