"""Workflows as commands: what there is, running one, looking at it, and what a person may do to it."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import typer

from quorum.surfaces.cli.show import Home, Json, facts, print_json, say, table, takes

if TYPE_CHECKING:
    from quorum.desk import Desk
    from quorum.desk.workflows import RunState

workflow = typer.Typer(no_args_is_help=True, help="Workflows: run, list, show, cancel, resume, fork.")
LOOK_SECONDS = 0.05
ENDED = ("done", "failed", "cancelled")
NEEDS_APPROVAL = 3
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
    with _worker(asked, desk) as works:
        desk.workflows.enqueue(identity, request)
        state = desk.workflows.run(identity)[0]
        while (asked.wait or works) and state.status not in ENDED and not _waits(desk, identity):
            time.sleep(LOOK_SECONDS)
            state = desk.workflows.run(identity)[0]
        while works and _under_way(desk):
            time.sleep(LOOK_SECONDS)
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
            "status": "waiting" if state.status == "running" and _waits(desk, state.identity) else state.status,
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
    waits = [approval_facts(a) for a in desk.approvals.open() if a.question.workflow_id == identity]
    told = {**_told(state, bool(waits)), "params": state.request.get("params", {})}
    lines = timeline(state, steps)
    if as_json:
        print_json({**told, "timeline": lines, "waits_for": waits})
        return
    facts({name: told[name] for name in ("workflow_id", "workflow", "status", "reason", "as_of", "execution")})
    rows = ((x["step"], x["status"], x["began"], x["duration_ms"], x.get("reason", "")) for x in lines)
    table(("step", "status", "began", "ms", "reason"), rows)
    for approval in waits:
        say(f"waits for {approval['approval_id']}: {approval['question']}, until {approval['expires_at']}")


@workflow.command("cancel")
def cancel(identity: Identity, home: Home = None, as_json: Json = False) -> None:
    """Cancel a run: a step under way ends, the next does not begin.

    Example: quorum workflow cancel WF-20250130-001
    """
    _move(identity, "cancel", None, home, as_json)


@workflow.command("resume")
def resume(identity: Identity, home: Home = None, as_json: Json = False) -> None:
    """Let a run that was cancelled or failed go on from its last finished step.

    Example: quorum workflow resume WF-20250130-001
    """
    _move(identity, "resume", None, home, as_json)


@workflow.command("fork")
def fork(
    identity: Identity,
    step: Annotated[int, typer.Option("--from-step", min=1, help="The first step that is run again.")] = 1,
    home: Home = None,
    as_json: Json = False,
) -> None:
    """Run a workflow again from one of its steps, with the kept answers of those before; from step 1 all of it.

    Example: quorum workflow fork WF-20250130-001 --from-step 4
    """
    _move(identity, "fork", step, home, as_json)


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


@contextmanager
def _worker(asked: RunOptions, desk: Desk) -> Iterator[bool]:
    """A worker in this process for the time of a run, when none is at work; whether there is one."""
    from quorum.bootstrap import open_worker, works_elsewhere

    own = None if works_elsewhere(asked.home) else open_worker(asked.home)
    if own is None:
        yield False
        return
    with own:
        own.start()
        yield True
        own.deliver()


def _waits(desk: Desk, identity: str) -> bool:
    return any(approval.question.workflow_id == identity for approval in desk.approvals.open())


def _under_way(desk: Desk) -> list[str]:
    """The runs that neither ended nor wait for a person, as one that the run itself has asked for."""
    runs = [*desk.workflows.runs(20, None, "enqueued"), *desk.workflows.runs(20, None, "running")]
    return [run.identity for run in runs if not _waits(desk, run.identity)]


def _told(state: RunState, waits: bool) -> dict[str, Any]:
    """A run as one line of facts, with its results."""
    from quorum.domain import iso

    outcome: Mapping[str, Any] = state.outcome or {}
    status = "waiting" if waits and state.status not in ENDED else outcome.get("status", state.status)
    request = state.request
    return {
        "workflow_id": state.identity,
        "workflow": state.workflow,
        "status": status,
        "reason": state.error or outcome.get("reason", ""),
        "as_of": iso(request["as_of"]) if "as_of" in request else None,
        "execution": request.get("execution"),
        **{name: value for name, value in outcome.get("results", {}).items() if name != "status"},
    }


def _tell(desk: Desk, state: RunState, as_json: bool) -> None:
    """Print how a run ended; the exit code says whether it needs a person, or was halted."""
    from quorum.desk import show_system

    told = _told(state, _waits(desk, state.identity))
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


def _move(identity: str, move: str, step: int | None, home: Any, as_json: bool) -> None:
    from quorum.bootstrap import open_desk

    desk = open_desk(home)
    to = None
    if move == "fork":
        state, _ = desk.workflows.run(identity)
        to = desk.runs.enter(state.request)
    after = desk.workflows.move(identity, move, step, to)
    told = {"workflow_id": after, "move": move, "from": identity, "step": step}
    if as_json:
        print_json({name: value for name, value in told.items() if value is not None})
    else:
        done = {"cancel": "is cancelled", "resume": "goes on", "fork": f"goes on as {after}"}[move]
        say(f"{identity} {done}; a worker runs it: `quorum up`, or `quorum workflow show {after}`")


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
