"""Commands of approvals: what waits for an answer, yes and no, and what is agreed to beforehand."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import typer

from quorum.surfaces.cli.coordinator.going import NEEDS_APPROVAL, Wait, finish, run_facts
from quorum.surfaces.cli.coordinator.runs import print_run
from quorum.surfaces.cli.show import Home, Json, facts, note, print_json, say, table, takes

approvals = typer.Typer(invoke_without_command=True, rich_markup_mode=None)
SURFACE = "cli"
Identity = Annotated[str, typer.Argument(metavar="ID", help="As APR-20240603-001.")]
Reason = Annotated[str, typer.Option("--reason", help="Why; it goes on record.")]
By = Annotated[str | None, typer.Option("--by", help="Who; else your name on this machine.")]


@dataclass(frozen=True)
class AnswerOptions:
    """What `quorum approve` and `quorum reject` take."""

    approval_id: Identity
    reason: Reason
    by: By = None
    wait: Wait = True
    home: Home = None
    as_json: Json = False


@takes(AnswerOptions)
def approve(asked: AnswerOptions) -> None:
    """Say yes to a question, once; the workflow that waits goes on. Ends with 3 when it asks again.

    Example: quorum approve APR-20240603-001 --reason "spread is fine"
    """
    _answer(asked, approve=True)


@takes(AnswerOptions)
def reject(asked: AnswerOptions) -> None:
    """Say no to a question, once; the workflow that waits goes on without. Ends with 3 when it asks again.

    Example: quorum reject APR-20240603-001 --reason "news at two"
    """
    _answer(asked, approve=False)


@approvals.callback()
def list_open(context: typer.Context, home: Home = None, as_json: Json = False) -> None:
    """List the questions that wait for an answer, with what is shown and until when.

    Example: quorum approvals
    """
    if context.invoked_subcommand is not None:
        return
    from quorum.bootstrap import open_desk
    from quorum.desk.approvals import facts as told_of

    found = [told_of(approval) for approval in open_desk(home).approvals.open()]
    if as_json:
        print_json({"approvals": found})
        return
    for told in found:
        say(f"{told['approval_id']}  {told['question']}")
        facts({f"  {name}": value for name, value in _shown(told).items()})
    if not found:
        say("nothing waits for an answer")


@approvals.command("show")
def show(approval_id: Identity, home: Home = None, as_json: Json = False) -> None:
    """Show a question, and who answered it when and why.

    Example: quorum approvals show APR-20240603-001
    """
    from quorum.bootstrap import open_desk
    from quorum.desk.approvals import facts as told_of

    told = told_of(open_desk(home).approvals.get(approval_id))
    print_json(told) if as_json else facts({name: _text(value) for name, value in told.items()})


@approvals.command("standing")
def list_standing(home: Home = None, as_json: Json = False) -> None:
    """List the standing approvals, those that have ended included.

    Example: quorum approvals standing --json
    """
    from quorum.bootstrap import open_desk
    from quorum.desk.approvals import standing_facts

    desk = open_desk(home)
    now = desk.clock.now()
    found = [standing_facts(one, now, desk.approvals.uses(one)) for one in desk.approvals.standing()]
    if as_json:
        print_json({"standing_approvals": found})
        return
    names = ("name", "status", "scope", "most", "expires_at", "granted_by", "reason", "used")
    table(names, [tuple(_text(one[name]) for name in names) for one in found])


@dataclass(frozen=True)
class GrantOptions:
    """What `quorum approvals grant` takes."""

    name: Annotated[str, typer.Argument(help="Its name, used once.")]
    scope: Annotated[list[str], typer.Option("--scope", help="What it is for: workflow=NAME, symbol=BTCUSDT, …")]
    until: Annotated[str, typer.Option("--until", help="When it ends, as 2025-02-01.")]
    reason: Reason
    most: Annotated[str | None, typer.Option("--most", help="The largest size of one question, as '5000 USDT'.")] = None
    by: By = None
    home: Home = None
    as_json: Json = False


@takes(GrantOptions)
def grant(asked: GrantOptions) -> None:
    """Agree beforehand to what has every word of the scope; --most bounds questions that have a size.

    Example: quorum approvals grant small --scope workflow=team_review --until 2025-02-01 --reason "tried for a month"
    """
    from quorum.bootstrap import open_desk
    from quorum.desk.approvals import Size, Standing, standing_facts
    from quorum.domain import parse_instant

    desk = open_desk(asked.home)
    now = desk.clock.now()
    granted = desk.approvals.grant(
        Standing(
            name=asked.name,
            scope=_scope(asked.scope),
            most=None if asked.most is None else Size.parse(asked.most),
            granted_at=now,
            expires_at=parse_instant(asked.until),
            granted_by=asked.by or user(),
            reason=asked.reason,
        )
    )
    _print_standing(standing_facts(granted, now), asked.as_json)


@approvals.command("revoke")
def revoke(
    name: Annotated[str, typer.Argument(help="A standing approval.")],
    reason: Reason,
    by: By = None,
    home: Home = None,
    as_json: Json = False,
) -> None:
    """Take a standing approval back; what it has answered stands.

    Example: quorum approvals revoke small --reason "spreads widened"
    """
    from quorum.bootstrap import open_desk
    from quorum.desk.approvals import standing_facts

    desk = open_desk(home)
    revoked = desk.approvals.revoke(name, by or user(), reason)
    _print_standing(standing_facts(revoked, desk.clock.now()), as_json)


approvals.command("grant")(grant)


def _answer(asked: AnswerOptions, *, approve: bool) -> None:
    """Commit the answer, tell the run, and print both."""
    from quorum.bootstrap import open_desk
    from quorum.desk.approvals import Said, answer
    from quorum.desk.approvals import facts as told_of

    desk = open_desk(asked.home)
    said = Said(approve, asked.by or user(), asked.reason, SURFACE)
    given = answer(desk.approvals, desk.workflows, asked.approval_id, said)
    told = told_of(given.approval)
    run = given.approval.question.workflow_id
    ended = finish(desk, asked.home, run) if asked.wait else None
    if ended is not None:
        told["run"] = run_facts(desk, ended)
    elif given.untold is not None:
        note(f"the answer stands; {run} hears of it when a worker runs ({given.untold})")
    if asked.as_json:
        print_json(told)
    else:
        say(f"{told['approval_id']} {told['status']} by {told['answered_by']}: {told['question']}")
        if ended is not None:
            print_run(told["run"])
    if told.get("run", {}).get("waits_for"):
        raise typer.Exit(NEEDS_APPROVAL)


def _scope(pairs: Sequence[str]) -> dict[str, str]:
    """The words of a scope; UsageError for a text that is no pair, and for a word that no question has."""
    from quorum.desk.approvals import SCOPE_WORDS
    from quorum.domain import UsageError

    scope: dict[str, str] = {}
    for pair in pairs:
        name, _, value = pair.partition("=")
        if not name or not value:
            raise UsageError(f"scope {pair!r} is no pair", "write --scope workflow=NAME")
        if name not in SCOPE_WORDS:
            raise UsageError(f"no question has a {name!r} in its scope", f"the words are {', '.join(SCOPE_WORDS)}")
        if name in scope:
            raise UsageError(f"scope {name} is named twice", "grant a standing approval for each")
        scope[name] = value
    return scope


def _shown(told: dict[str, Any]) -> dict[str, str]:
    """What a person needs for an answer, a line each."""
    lines = {"run": f"{told['workflow_id']} {told['step']}", "expires": told["expires_at"]}
    if told["size"]:
        lines["size"] = told["size"]
    return {**lines, **{name: _text(value) for name, value in told["shows"].items()}}


def _print_standing(told: dict[str, Any], as_json: bool) -> None:
    print_json(told) if as_json else facts({name: _text(value) for name, value in told.items()})


def _text(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name}={_text(inner)}" for name, inner in value.items())
    if isinstance(value, str):
        return value
    return "-" if value is None else json.dumps(value, ensure_ascii=False)


def user() -> str:
    """Whoever runs this process, by the system's own list of users."""
    import os
    import pwd

    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return f"user {os.getuid()}"
