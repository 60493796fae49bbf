"""Deployed strategies trade: the command."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import typer

from quorum.domain import UsageError
from quorum.surfaces.cli.show import Home, Json, facts, note, print_json, say, table, takes

if TYPE_CHECKING:
    from quorum.desk import Desk
    from quorum.desk.trading.turns import Streams, Turn

WATCH_SECONDS = 5.0
STANDING = ("strategy_id", "symbol", "weight", "goal", "held", "stop", "decided")
ORDERS = ("client_order_id", "symbol", "side", "quantity", "filled", "status", "purpose")
RESULTS = ("strategy_id", "symbol", "quantity", "realised", "unrealised", "fees", "profit", "slippage_bps", "fills")


@dataclass(frozen=True)
class TradeOptions:
    """What `quorum trade` takes."""

    strategy: Annotated[list[str] | None, typer.Option(help="As STR-001; may be repeated. Else all.")] = None
    paper: Annotated[bool, typer.Option("--paper", help="Trade; without it nothing is changed.")] = False
    once: Annotated[bool, typer.Option("--once", help="One turn, which is what it does by itself.")] = False
    until: Annotated[int | None, typer.Option(help="Go on until so many orders were filled.", min=1)] = None
    watch: Annotated[float | None, typer.Option(help="Go on, with so many seconds between turns.", min=0.05)] = None
    source: Annotated[str | None, typer.Option(help="Pull the newest bars first: alpaca, binance or kraken.")] = None
    home: Home = None
    as_json: Json = False


@takes(TradeOptions)
def trade(asked: TradeOptions) -> None:
    """Let deployed strategies trade what they have decided by the bars that are closed; each bar trades once.

    Without --paper it shows what it would do. With --watch or --until it goes on until it is stopped, or has traded so
    often. It ends with 1 where a strategy or an account had to be left out.

    Example: quorum trade --paper --watch 10
    """
    from quorum.bootstrap import open_desk
    from quorum.desk.trading.turns import Streams

    if asked.once and (asked.until or asked.watch):
        raise UsageError("--once goes with neither --until nor --watch", "leave it away")
    if asked.until and not asked.paper:
        raise UsageError("--until counts trades, and a dry run makes none", "add --paper")
    desk = open_desk(asked.home)
    _known(desk, asked.strategy or [])
    told = _run(desk, Streams(desk, _poll(desk, asked)), asked)
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


def _run(desk: Desk, streams: Streams, asked: TradeOptions) -> dict[str, Any]:
    """The turns, and what they came to."""
    from quorum.desk.trading.turns import attributions, beside_baseline, tell_bands

    counts, last = [0, 0], None
    orders: dict[str, Any] = {}
    with suppress(KeyboardInterrupt):
        for turn in _turns(desk, streams, asked):
            last, counts[0] = turn, counts[0] + 1
            counts[1] += turn.trades
            orders |= {order["client_order_id"]: order for order in turn.orders}
            if asked.until and counts[1] >= asked.until:
                break
    beside = beside_baseline(desk)
    if asked.paper:
        tell_bands(desk, beside)
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


def _turns(desk: Desk, streams: Streams, asked: TradeOptions) -> Iterator[Turn]:
    """Turn after turn where that is asked for, else one."""
    from quorum.desk.trading.turns import trade_turn

    while True:
        turn = trade_turn(desk, streams, paper=asked.paper, strategies=asked.strategy or ())
        for name, why in turn.errors.items():
            note(f"{name}: {why}")
        if not asked.as_json:
            for order in turn.orders:
                say(" ".join(str(order[name]) for name in ORDERS))
        yield turn
        if asked.watch is None and asked.until is None:
            return
        time.sleep(asked.watch or WATCH_SECONDS)


def _poll(desk: Desk, asked: TradeOptions) -> Callable[[Any], object] | None:
    """Brings a series' newest bars from the source into the lake; what cannot be had is said, and waits."""
    if asked.source is None:
        return None
    from quorum.bootstrap import open_vendor
    from quorum.domain import QuorumError, SystemClock
    from quorum.lake.pull import Asked, pull

    source = asked.source

    def poll(series: Any) -> None:
        info = desk.lake.newest(series)
        since = series.timeframe.nanoseconds * 2 if info is None else info.last
        if info is not None and SystemClock().now() < info.last + 2 * series.timeframe.nanoseconds:
            return  # its next bar is not closed yet
        try:
            vendor = open_vendor(desk.workspace, source, series.symbol, note)
            pull(desk.lake, vendor, Asked(series.symbol, series.timeframe, since), SystemClock())
        except QuorumError as error:
            note(f"{series}: {error}")

    return poll


def _say(told: Mapping[str, Any]) -> None:
    table(STANDING, [[row[name] for name in STANDING] for row in told.get("standing", ())], "where they stand")
    table(RESULTS, [[row[name] for name in RESULTS] for row in told["results"]], "what they have earned")
    bands = [(row["strategy_id"], row["days"], row["word"]) for row in told["bands"]]
    table(("strategy", "whole days", "beside its baseline"), bands)
    counted = {name: told[name] for name in ("turns", "trades")}
    facts(counted if told.get("paper") else {**counted, "dry run": "nothing was changed; --paper trades"})
