"""Deployed strategies trade: the command."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from quorum.domain import UsageError
from quorum.surfaces.cli.show import Home, Json, facts, note, print_json, say, table, takes

if TYPE_CHECKING:
    from quorum.desk import Desk
    from quorum.desk.trading.stepping import Poll
    from quorum.desk.trading.turns import Turn
    from quorum.execution.hours import VenueClock

WATCH_SECONDS = 5.0
CALM_SECONDS = 0.5
"""The least that lies between turns, however often the venue tells of something."""
OPEN = ("intended", "sent", "unknown", "accepted", "partially_filled")
STANDING = ("strategy_id", "symbol", "weight", "goal", "held", "stop", "decided")
ORDERS = ("client_order_id", "symbol", "side", "quantity", "filled", "status", "purpose")
RESULTS = ("strategy_id", "symbol", "quantity", "realised", "unrealised", "fees", "profit", "slippage_bps", "fills")


@dataclass(frozen=True)
class TradeOptions:
    """What `quorum trade` takes."""

    strategy: Annotated[list[str] | None, typer.Option(help="As STR-001; may be repeated. Else all.")] = None
    paper: Annotated[bool, typer.Option("--paper", help="Trade on paper; without it nothing is changed.")] = False
    live: Annotated[bool, typer.Option("--live", help="Trade with real money as well, where it was approved.")] = False
    once: Annotated[bool, typer.Option("--once", help="One turn, which is what it does by itself.")] = False
    until: Annotated[int | None, typer.Option(help="Go on until so many orders were filled.", min=1)] = None
    watch: Annotated[
        float | None, typer.Option(help="Go on, with so many seconds between turns.", min=0.05, max=86_400)
    ] = None
    source: Annotated[str | None, typer.Option(help="Pull the newest bars first, from alpaca as an example.")] = None
    auctions: Annotated[bool, typer.Option("--auctions", help="Whole shares go into the next opening.")] = False
    venue_time: Annotated[bool, typer.Option("--venue-time", help="Tell time by the venue's clock.")] = False
    home: Home = None
    as_json: Json = False


@takes(TradeOptions)
def trade(asked: TradeOptions) -> None:
    """Let deployed strategies trade what they have decided by the bars that are closed; each bar trades once.

    Without --paper it shows what it would do. With --watch or --until it goes on until it is stopped, or has traded so
    often, and listens to what the venue tells of its orders meanwhile. Nothing is sent while a market is closed, but
    with --auctions. --venue-time is for a simulated venue whose clock runs faster. It ends with 1 where a strategy or
    an account had to be left out.

    Example: quorum trade --paper --watch 10
    """
    from quorum.bootstrap import open_desk

    if asked.once and (asked.until or asked.watch):
        raise UsageError("--once goes with neither --until nor --watch", "leave it away")
    if asked.until and not (asked.paper or asked.live):
        raise UsageError("--until counts trades, and a dry run makes none", "add --paper")
    asked = replace(asked, paper=asked.paper or asked.live)
    desk = open_desk(asked.home)
    _known(desk, asked.strategy or [])
    if asked.source is not None:
        _gives(desk, asked.source, asked.strategy or [])
    if asked.paper and not asked.live:
        _left_alone(desk)
    told = _run(desk, asked)
    print_json(told) if asked.as_json else _say(told)
    raise typer.Exit(1 if told["errors"] else 0)


def _known(desk: Desk, strategies: list[str]) -> None:
    """NotFound, or UsageError, for a strategy that cannot trade."""
    from quorum.desk.trading.turns import deployed

    standing = {one.strategy_id for one in deployed(desk)}
    for strategy_id in strategies:
        status = desk.life.queue.get(strategy_id).status
        if strategy_id not in standing:
            raise UsageError(f"{strategy_id} is {status}: it is not deployed", f"`quorum evaluate {strategy_id}`")


def _left_alone(desk: Desk) -> None:
    """Say which deployments a turn on paper does not look at."""
    from quorum.desk.trading.turns import deployed

    configured = desk.settings.accounts.accounts
    for one in deployed(desk):
        if one.account in configured and configured[one.account].live:
            note(f"{one.strategy_id} trades real money in account {one.account}: --live lets it")


def _gives(desk: Desk, source: str, strategies: list[str]) -> None:
    """UsageError, or what the source raises, where there is none, or it has no bars of what the strategies trade by."""
    from quorum.desk.settings import SourcesFile
    from quorum.desk.trading.turns import deployed

    if source not in SourcesFile.model_fields:
        raise UsageError(f"there is no source {source!r}", f"choose one of {', '.join(SourcesFile.model_fields)}")
    for one in deployed(desk, strategies):
        for symbol in one.idea.symbols:
            venue = desk.vendors(source, symbol).venue
            if one.idea.venue not in (None, venue):
                found = f"{one.strategy_id} trades by bars of {one.idea.venue}, the source {source} has bars of {venue}"
                raise UsageError(found, f"take a source of {one.idea.venue}, or name the others with --strategy")


def _run(desk: Desk, asked: TradeOptions) -> dict[str, Any]:
    """The turns, and what they came to."""
    from quorum.desk.trading.turns import attributions, beside_baseline, tell_bands
    from quorum.domain import utc_day
    from quorum.execution.hours import VenueClock

    counts, last, clock = [0, 0], None, VenueClock(desk.clock)
    orders: dict[str, Any] = {}
    day = ""
    with suppress(KeyboardInterrupt):
        for turn in _turns(desk, clock, asked):
            last, counts[0] = turn, counts[0] + 1
            orders |= {order["client_order_id"]: order for order in turn.orders}
            counts[1] = _filled(desk, orders)
            if asked.paper and utc_day(clock.now()) != day:
                day = utc_day(clock.now())
                tell_bands(desk, beside_baseline(desk, clock), clock)
            if asked.until and counts[1] >= asked.until:
                break
    beside = beside_baseline(desk, clock)
    told: dict[str, Any] = {} if last is None else last.told()
    return {
        **told,
        "turns": counts[0],
        "trades": counts[1],
        "orders": list(orders.values()),
        "results": [one.told() for one in attributions(desk)],
        "bands": [one.told() for one in beside],
        "errors": told.get("errors", {}),
    }


def _filled(desk: Desk, orders: dict[str, Any]) -> int:
    """How many of the orders are filled whole by now; those that have ended meanwhile are told anew."""
    from quorum.desk.facts import order_facts
    from quorum.domain import NotFound

    for name in [name for name, order in orders.items() if order["status"] in OPEN]:
        with suppress(NotFound):  # of a dry run, which leaves no order behind
            orders[name] = order_facts(desk.orders.get(name), desk.orders.fills_of(name))
    return sum(order["status"] == "filled" for order in orders.values())


def _turns(desk: Desk, clock: VenueClock, asked: TradeOptions) -> Iterator[Turn]:
    """Turn after turn where that is asked for, else one."""
    from quorum.desk.trading.turns import Streams, Watching, trade_turn, trading_accounts

    streams, woken = Streams(desk, _poll(desk, clock, asked)), threading.Event()
    goes_on = asked.watch is not None or asked.until is not None
    said: set[str] = set()
    with Watching(desk, woken.set, note, clock) as watching:
        while True:
            accounts = trading_accounts(desk, asked.live)
            _set(desk, clock, accounts if asked.venue_time else ())
            if goes_on and asked.paper:
                watching.cover(accounts)
            named = asked.strategy or ()
            how: bool | Literal["live"] = "live" if asked.live else asked.paper
            turn = trade_turn(desk, streams, paper=how, strategies=named, clock=clock, auctions=asked.auctions)
            said = _tell(turn, said, asked.as_json)
            yield turn
            if not goes_on:
                return
            pause = asked.watch or WATCH_SECONDS
            time.sleep(min(pause, CALM_SECONDS))
            woken.wait(pause - min(pause, CALM_SECONDS))
            woken.clear()


def _set(desk: Desk, clock: VenueClock, accounts: Iterable[str]) -> None:
    """Put our clock by that of the accounts' venues."""
    from quorum.domain import QuorumError

    for account in sorted(accounts):
        with suppress(QuorumError):  # the turn tells of a venue that does not answer
            clock.set(desk.hours(account, desk.clock))


def _tell(turn: Turn, said: set[str], as_json: bool) -> set[str]:
    """Its orders, and what went wrong or waits, each as long as it lasts but once; what that is."""
    lines = {f"{name}: {why}" for name, why in turn.errors.items()}
    lines |= {f"{row['strategy_id']} waits: {row['waits']}" for row in turn.standing if row["waits"]}
    lines |= {f"{row['strategy_id']}, {row['symbol']}: {row['said']}" for row in turn.standing if row["said"]}
    for line in sorted(lines - said):
        note(line)
    if not as_json:
        for order in turn.orders:
            why = order.get("detail") if order["status"] == "rejected" else ""
            say(" ".join(str(order[name]) for name in ORDERS) + (f": {why}" if why else ""))
    return lines


def _poll(desk: Desk, clock: VenueClock, asked: TradeOptions) -> Poll | None:
    """Brings a series' newest bars from the source into the lake; what cannot be had is said, and waits."""
    from quorum.desk.trading.stepping import polls
    from quorum.desk.trading.turns import minutes_for

    source, said = asked.source, set[str]()
    if source is None:
        return None

    def trouble(series: object, error: object) -> None:
        line = f"{series}: {error}"
        if line not in said:
            note(line)
        said.add(line)

    return polls(desk.lake, lambda symbol: desk.vendors(source, symbol), clock, trouble, minutes_for(desk))


def _say(told: Mapping[str, Any]) -> None:
    counted = {name: told[name] for name in ("turns", "trades")}
    if not any(told.get(part) for part in ("standing", "results", "bands", "errors")):
        facts({**counted, "deployed": "nothing; `quorum deploy STR-001` asks a person whether a strategy may trade"})
        return
    table(STANDING, [[row[name] for name in STANDING] for row in told.get("standing", ())], "where they stand")
    table(RESULTS, [[row[name] for name in RESULTS] for row in told["results"]], "what they have earned")
    bands = [(row["strategy_id"], row["days"], row["word"]) for row in told["bands"]]
    table(("strategy", "whole days", "beside its baseline"), bands)
    facts(counted if told.get("paper") else {**counted, "dry run": "nothing was changed; --paper trades"})
