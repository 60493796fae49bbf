"""Emergencies: halt, cancel-all and close-all in a process that loads nothing of the desk; resume with all of it."""

from __future__ import annotations

import getpass
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Any

import typer

from quorum.domain import NeedsApproval, Scope, UsageError
from quorum.surfaces.cli.show import Home, Json, facts, note, print_json, say, takes

Reason = Annotated[str, typer.Option("--reason", help="Why; it stands on the record.")]
By = Annotated[str | None, typer.Option("--by", help="Who says so; else the user of this machine.")]
OneAccount = Annotated[str | None, typer.Option("--account", help="Only this account.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do it; without it nothing is done.")]
Deadline = Annotated[float, typer.Option("--deadline", help="Seconds to try for.", min=0.1, max=3600)]


@dataclass(frozen=True)
class HaltOptions:
    """What `quorum halt` takes; nobody in a hurry is asked for a reason first."""

    reason: Reason = "halt"
    strategy: Annotated[str | None, typer.Option(help="Only this strategy, as STR-001 (RED).")] = None
    account: Annotated[str | None, typer.Option(help="Only this account (BLACK).")] = None
    symbol: Annotated[str | None, typer.Option(help="Only this symbol (RED).")] = None
    by: By = None
    deadline: Deadline = 30.0
    home: Home = None
    as_json: Json = False


@takes(HaltOptions)
def halt(asked: HaltOptions) -> None:
    """Halt: nothing opens from now on, open entry orders are cancelled; holdings and their stops stay.

    Ends with 1 when an order could not be cancelled; the halt stands all the same.

    Example: quorum halt --reason "the feed is wrong"
    """
    from quorum.bootstrap import halt_trading

    halted = _scope(asked.strategy, asked.account, asked.symbol)
    _end(halt_trading(asked.home, halted, (_name(asked.by), asked.reason), asked.deadline), asked.as_json)


def cancel_all(
    account: OneAccount = None, yes: Yes = False, deadline: Deadline = 30.0, home: Home = None, as_json: Json = False
) -> None:
    """Cancel every open order at the venue, whoever placed it, protective stops too; ends with 1 when one is left.

    Nothing is halted by it: what trades may place orders again.

    Example: quorum cancel-all --yes --json
    """
    from quorum.bootstrap import cancel_everywhere

    _sure(yes, "every open order is to be cancelled, protective stops too", account)
    _end(cancel_everywhere(home, account, deadline), as_json)


@dataclass(frozen=True)
class CloseOptions:
    """What `quorum close-all` takes."""

    account: OneAccount = None
    yes: Yes = False
    reason: Reason = "close-all"
    by: By = None
    collar_bps: Annotated[
        int, typer.Option(help="How far from the last price an order may fill.", min=1, max=9_999)
    ] = 1_000
    deadline: Deadline = 30.0
    home: Home = None
    as_json: Json = False


@takes(CloseOptions)
def close_all(asked: CloseOptions) -> None:
    """Halt, cancel every order, close every position at the market; ends with 1 when something is left, and says why.

    Example: quorum close-all --yes --reason "out of everything" --json
    """
    from quorum.bootstrap import close_everywhere

    _sure(asked.yes, "every order is to be cancelled and every position closed", asked.account)
    word = (_name(asked.by), asked.reason)
    width = Decimal(asked.collar_bps) / 10_000
    _end(close_everywhere(asked.home, asked.account, word, width, asked.deadline), asked.as_json)


@dataclass(frozen=True)
class ResumeOptions:
    """What `quorum resume` takes."""

    reason: Reason
    strategy: Annotated[str | None, typer.Option(help="Only this strategy, as STR-001.")] = None
    account: Annotated[str | None, typer.Option(help="Only this account.")] = None
    symbol: Annotated[str | None, typer.Option(help="Only this symbol.")] = None
    everything: Annotated[bool, typer.Option("--all", help="Every halt that stands; else the desk's own.")] = False
    by: By = None
    home: Home = None
    as_json: Json = False


@takes(ResumeOptions)
def resume_trading(asked: ResumeOptions) -> None:
    """End a halt; ends with 4 while books and venues differ, and then nothing changes.

    Example: quorum resume --reason "the feed is right again"
    """
    from quorum.bootstrap import open_desk
    from quorum.desk.deploying import Word
    from quorum.desk.trading import halting

    scope, of = _scope(asked.strategy, asked.account, asked.symbol)
    desk = open_desk(asked.home)
    word = Word(_name(asked.by), asked.reason)
    found = halting.resume_trading(desk, halting.Range(scope, of, asked.everything), word)
    if asked.as_json:
        print_json(found)
        return
    for one in found["resumed"]:
        say(f"{one['scope']} {one['of']}".strip() + ": resumed")
    for one in found["standing"]:
        note(f"still halted: {one['scope']} {one['of']} ({one['severity']}): {one['reason']}")
    say("the desk does not run" if found["state"] == "stopping" else f"the desk is {found['state']}")


def follow_halts(home: Home = None) -> None:
    """Do what the desk does about halts that stand: its state, its strategies, its people."""
    from quorum.bootstrap import open_desk
    from quorum.desk.trading.halting import follow_halts as follow

    for line in follow(open_desk(home)):
        say(line)


def _scope(strategy: str | None, account: str | None, symbol: str | None) -> tuple[Scope, str]:
    named = {Scope.STRATEGY: strategy, Scope.ACCOUNT: account, Scope.SYMBOL: symbol}
    given = [(scope, of) for scope, of in named.items() if of is not None]
    if len(given) > 1:
        raise UsageError("a halt is of one strategy, account or symbol", "name one of them, or none for the desk")
    if given and not given[0][1].strip():
        raise UsageError(f"the {given[0][0]} has no name", f"write --{given[0][0]} NAME, or leave it out for the desk")
    return given[0] if given else (Scope.DESK, "")


def _name(by: str | None) -> str:
    return getpass.getuser() if by is None else by


def _sure(yes: bool, what: str, account: str | None) -> None:
    if not yes:
        where = "of all accounts" if account is None else f"of account {account}"
        raise NeedsApproval(f"{what}, {where}", "say so with --yes")


def _end(found: dict[str, Any], as_json: bool) -> None:
    if as_json:
        print_json(found)
    else:
        _print(found)
    raise typer.Exit(1 if found["failed"] else 0)


def _print(found: dict[str, Any]) -> None:
    lines: dict[str, object] = {n: found[n] for n in ("halted", "severity", "reason", "by") if n in found}
    facts({**lines, "cancelled": len(found["cancelled"]), "seconds": found["seconds"]})
    for one in found["closed"]:
        say(f"closed {one['quantity']} {one['symbol']} of {one['account']} in {one['orders']} orders")
    for one in found["failed"]:
        note(f"failed: {one['account']} {one['what']}: {one['why']}")
    for text in found["notes"]:
        note(text)
