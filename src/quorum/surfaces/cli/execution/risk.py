"""Commands of risk: what is used of the limits, and a person's override of one."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import typer

from quorum.surfaces.cli.show import Home, Json, facts, note, print_json, say, table, takes

risk = typer.Typer(help="Limits, breakers, overrides.", no_args_is_help=True, rich_markup_mode=None)
STOPPED = 4
SHOWN = 5
"""How many pairs the table of a terminal shows, the most alike first; --json has all."""
_SPAN = re.compile(r"(\d{1,4})([mhd])")


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
        (use["limit"], use["of"], _amount(use["used"], use), _amount(use["allowed"], use), _unit(use), _share(use))
        for use in one["limits"]
    ]
    table(("limit", "of", "used", "allowed", "unit", "share"), rows)
    facts(
        {
            "fall from the peak": _fall(one["breaker"]),
            "breaker": _breaker(one["breaker"]),
            **({"losses left": _budget(one["budget"], one["currency"])} if "budget" in one else {}),
            "value at risk, a day at 5 %": _tail(one["tail"]),
            **({"worst stress": _worst(one["stress"])} if "stress" in one else {}),
            "correlations": _pairs(one["correlations"]),
            "moves together": "; ".join(", ".join(of) for of in one["clusters"].values()) or "nothing",
        }
    )
    for override in one.get("overrides", ()):
        note(f"{override['limit']} may be {override['up_to']} until {_at(override['expires'])}: {override['reason']}")
    for pair in one["alike_unless_known"]:
        note(f"{' and '.join(pair['of'])} count as alike: {pair['days']} common days, {pair['needed']} are needed")
    for symbol in one.get("unpriced", ()):
        note(f"the lake has no bars of {symbol}: it counts at the last price that the book has of it")


def _amount(value: float, use: Mapping[str, Any]) -> str:
    if use["unit"] == "fraction":
        return f"{value:.2%}"
    return f"{value:,.0f}" if use["unit"] == "orders" else f"{value:,.2f}"


def _unit(use: Mapping[str, Any]) -> str:
    return "of the peak" if use["unit"] == "fraction" else str(use["unit"])


def _share(use: Mapping[str, Any]) -> str:
    share = use["share"]
    return "" if share is None else f"{share:.0%}{', near' if 0.8 <= share < 1 else ', used up' if share >= 1 else ''}"


def _fall(breaker: Mapping[str, Any]) -> str:
    deepest = breaker.get("deepest", 0.0)
    return f"{breaker['fall']:.2%}{f', the deepest {deepest:.2%}' if deepest > breaker['fall'] else ''}"


def _breaker(breaker: Mapping[str, Any]) -> str:
    if not float(breaker["at"]):
        return "none has tripped"
    done = ", ".join(action.replace("_", " ") for action in breaker.get("actions", ()))
    return f"{float(breaker['at']):.0%} ({breaker['severity']}){f': {done}' if done else ''}"


def _budget(budget: Mapping[str, Any], currency: str) -> str:
    left, risk = float(budget["left"]), float(budget["open_risk"])
    return f"{left:,.2f} {currency}, of which open stops may lose {risk:,.2f}: {budget['trades']} full trades"


def _tail(tail: Mapping[str, Any]) -> str:
    lost = tail.get("value_at_risk")
    if lost is not None:
        return f"{lost:.2%}, on the days beyond it {tail['shortfall']:.2%} on average"
    found = f" has {tail['found']} of {tail['needed']} days" if tail.get("needed") else ""
    return f"unknown: {tail.get('inconclusive', 'no number')}{found}"


def _worst(stress: Sequence[Mapping[str, Any]]) -> str:
    known = [one for one in stress if one.get("most")]
    worst = min(known, key=lambda one: float(one["result"]), default=None)
    return "nothing is held" if worst is None else f"{worst['result']:.2%}: {worst['name']}, most by {worst['most']}"


def _pairs(pairs: Sequence[Mapping[str, Any]]) -> str:
    if not pairs:
        return "none, with less than two"
    known = sorted((pair for pair in pairs if pair["correlation"] is not None), key=lambda pair: -pair["correlation"])
    said = "; ".join(f"{' and '.join(pair['of'])} {pair['correlation']:+.2f}" for pair in known[:SHOWN])
    return said or "none is known"


def _at(instant: int) -> str:
    from quorum.domain import iso

    return iso(instant)
