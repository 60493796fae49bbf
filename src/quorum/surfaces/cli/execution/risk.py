"""Commands of risk: what is used of the limits, and a person's override of one."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

import typer

from quorum.surfaces.cli.show import Home, Json, facts, note, print_json, say, table, takes

risk = typer.Typer(help="Limits, breakers, overrides.", no_args_is_help=True, rich_markup_mode=None)
STOPPED = 4
_SPAN = re.compile(r"(\d+)([mhd])")


@dataclass(frozen=True)
class CheckOptions:
    """What `quorum risk check` takes."""

    strategy: Annotated[str | None, typer.Argument(help="A deployed strategy, as STR-001; else every book.")] = None
    account: Annotated[str | None, typer.Option(help="One account alone.")] = None
    home: Home = None
    as_json: Json = False


@risk.command("check")
@takes(CheckOptions)
def check(asked: CheckOptions) -> None:
    """Show limits used, breakers, correlations, tails and whether anything may open; ends with 4 where nothing may.

    Example: quorum risk check --json
    """
    from quorum.bootstrap import open_desk
    from quorum.desk.guarding import check_books, check_strategy

    desk = open_desk(asked.home)
    found = check_strategy(desk, asked.strategy) if asked.strategy else check_books(desk, asked.account)
    books = [found] if asked.strategy else found["books"]
    if asked.as_json:
        print_json(found)
    elif not books:
        say("no account is open yet")
    else:
        for one in books:
            _show(one)
    raise typer.Exit(0 if all(one["verdict"]["may_open"] for one in books) else STOPPED)


@dataclass(frozen=True)
class OverrideOptions:
    """What `quorum risk override` takes."""

    name: Annotated[str, typer.Argument(help="The limit, as max_position.")]
    account: Annotated[str, typer.Option(help="The account whose book it is.")]
    to: Annotated[str, typer.Option(help="Up to what, in the limit's own unit.")]
    reason: Annotated[str, typer.Option(help="Why.")]
    expires: Annotated[str, typer.Option(help="Until when: an instant, or 30m, 4h, 2d from now.")]
    by: Annotated[str, typer.Option(help="Who says so.")]
    home: Home = None
    as_json: Json = False


@risk.command("override")
@takes(OverrideOptions)
def override(asked: OverrideOptions) -> None:
    """Let a limit be used up to more for a while; a decision with a name, a reason and an end.

    Example: quorum risk override max_position --account paper --to 0.45 --reason "a listing" --expires 4h --by Ann
    """
    from quorum.bootstrap import open_desk
    from quorum.desk.guarding import override as let
    from quorum.desk.guarding import sound_number
    from quorum.risk import Override

    desk = open_desk(asked.home)
    until = _until(asked.expires, desk.clock.now())
    told = let(desk, asked.account, Override(asked.name, sound_number(asked.to), asked.by, asked.reason, until))
    print_json(told) if asked.as_json else facts(told)


def _until(text: str, now: int) -> int:
    """The instant that was written, or the span from now."""
    from quorum.domain import DAY, HOUR, MINUTE, parse_instant

    span = _SPAN.fullmatch(text.strip())
    if span is None:
        return parse_instant(text)
    return now + int(span[1]) * {"m": MINUTE, "h": HOUR, "d": DAY}[span[2]]


def _show(one: Mapping[str, Any]) -> None:
    name = one.get("strategy_id") or one["account"]
    say(f"{name}: {'may open' if one['verdict']['may_open'] else 'opens nothing'}")
    for reason in one["verdict"]["reasons"]:
        note(reason)
    rows = [
        (use["limit"], use["of"], f"{use['used']:,.4g}", f"{use['allowed']:,.4g}", use["unit"], _share(use["share"]))
        for use in one["limits"]
    ]
    table(("limit", "of", "used", "allowed", "unit", "share"), rows)
    tail = one["tail"]
    lost = tail.get("value_at_risk")
    facts(
        {
            "fall from the peak": f"{one['breaker']['fall']:.2%}",
            "breaker": f"{one['breaker']['at']} ({one['breaker']['severity']})",
            "value at risk, a day at 5 %": f"{lost:.2%}" if lost is not None else _unknown(tail),
            "moves together": "; ".join(", ".join(of) for of in one["clusters"].values()) or "nothing",
        }
    )


def _share(share: float | None) -> str:
    return "" if share is None else f"{share:.0%}"


def _unknown(tail: Mapping[str, Any]) -> str:
    return f"unknown: {tail['inconclusive']} has {tail.get('found', 0)} of {tail.get('needed', 0)} days"
