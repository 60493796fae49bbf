"""Commands of the lab: backtest, consensus."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from quorum.surfaces.cli.show import Home, Json, facts, note, print_json, say, table, takes
from quorum.surfaces.cli.strategies import named_strategy, read_pairs

Symbol = Annotated[str, typer.Option("--symbol", help="As imported: BTCUSDT, or BTCUSDT.binance.")]
Length = Annotated[str, typer.Option("--timeframe", help="Length of a bar: 1m, 1h, 1d.")]
Venue = Annotated[str | None, typer.Option("--venue", help="When several venues have the symbol.")]


@dataclass(frozen=True)
class BacktestOptions:
    """What `quorum backtest` takes."""

    strategy: Annotated[str, typer.Argument(help="A name of `quorum strategy list`, or a file as ./my_rule.py.")]
    symbol: Symbol
    timeframe: Length
    venue: Venue = None
    since: Annotated[str | None, typer.Option(help="First instant, as 2020-01-01.")] = None
    until: Annotated[str | None, typer.Option(help="End, not included.")] = None
    param: Annotated[list[str] | None, typer.Option(help="NAME=VALUE, several times.")] = None
    sizing: Annotated[str, typer.Option(help="What a target of 1 means: weight, cash, units, volatility or atr.")] = "weight"
    size: Annotated[float, typer.Option(help="Size of that: a fraction of equity, or units.")] = 1.0
    fill: Annotated[str, typer.Option(help="Fill model: next_open, next_close, volume_capped, ...")] = "next_open"
    fee_bps: Annotated[float, typer.Option(help="Fee, in basis points of notional.")] = 10.0
    slippage_bps: Annotated[float, typer.Option(help="Slippage, in basis points of price.")] = 0.0
    equity: Annotated[float, typer.Option(help="Starting equity.")] = 100_000.0
    report: Annotated[Path | None, typer.Option(help="Write a tear sheet to this HTML file.")] = None
    home: Home = None
    as_json: Json = False


@takes(BacktestOptions)
def backtest(asked: BacktestOptions) -> None:
    """Backtest a strategy: known at a bar's close, filled at the next open; counted as a trial.

    Example: quorum backtest trend_breakout --symbol BTCUSDT --timeframe 1h --report sheet.html
    """
    from quorum.bootstrap import open_desk
    from quorum.domain import Timeframe, parse_instant
    from quorum.engine import Terms
    from quorum.engine import backtest as run

    desk = open_desk(asked.home)
    terms = Terms(asked.fee_bps, asked.slippage_bps, asked.sizing, asked.size, asked.equity, asked.fill)
    rule = named_strategy(asked.strategy, asked.home)
    bars = desk.lake.bars(asked.symbol, Timeframe.parse(asked.timeframe), asked.venue)
    since, until = (None if text is None else parse_instant(text) for text in (asked.since, asked.until))
    cut = _period(bars, since, until)
    result = run(cut, rule, read_pairs(asked.param or []), terms, desk.trials)
    if asked.report is not None:
        from quorum.surfaces.report import tearsheet, write_page

        write_page(asked.report, tearsheet(result, cut))
    summary = {**result.summary(), "report": None if asked.report is None else str(asked.report)}
    if asked.as_json:
        print_json(summary)
        return
    facts({k: v for k, v in summary.items() if k not in ("terms", "parameters")})
    note("A backtest is evidence, not a promise: see the Sharpe ratio's standard error.")


@dataclass(frozen=True)
class ConsensusOptions:
    """What `quorum consensus` takes."""

    symbol: Annotated[str, typer.Argument(help="As imported: BTCUSDT, or BTCUSDT.binance.")]
    timeframe: Length
    as_of: Annotated[str | None, typer.Option("--as-of", help="The instant to decide at; else now.")] = None
    venue: Venue = None
    account: Annotated[str | None, typer.Option(help="The account; else the first in the symbol's currency.")] = None
    paper: Annotated[bool, typer.Option("--paper", help="Trade what is approved at the simulated venue.")] = False
    home: Home = None
    as_json: Json = False


@takes(ConsensusOptions)
def consensus(asked: ConsensusOptions) -> None:
    """Let the analysts vote on a symbol, check the outcome for risk, and explain it: a dry run without --paper.

    Example: quorum consensus BTCUSDT --timeframe 1h --as-of 2024-06-03T00:00:00Z
    """
    from quorum.bootstrap import open_desk
    from quorum.desk import Question, convene, publish
    from quorum.domain import Timeframe, parse_instant, plain

    desk = open_desk(asked.home)
    instant = None if asked.as_of is None else parse_instant(asked.as_of)
    length = Timeframe.parse(asked.timeframe)
    record = convene(desk, Question(asked.symbol, length, instant, asked.venue, asked.account, asked.paper))
    if asked.as_json:
        print_json(plain(record))
    else:
        _print_cycle(plain(record))
    publish(desk, record.decision_id)


def _print_cycle(record: dict[str, Any]) -> None:
    outcome, risk, order = record["consensus"], record["risk"], record["order"]
    say(f"{record['decision_id']}  {record['snapshot']['symbol']} as of {record['snapshot']['as_of']}")
    rows = [(v["voter"], v["choice"], v["confidence"] or "", v["weight"], v["reason"]) for v in record["votes"]]
    table(("voter", "vote", "confidence", "weight", "why"), rows)
    say(f"consensus: {outcome['direction']} ({outcome['reason']})")
    if risk:
        proposal = risk["proposal"]
        wish = f"{proposal['side']} {proposal['quantity']} {proposal['symbol']} at {proposal['price']}"
        say(f"risk on {wish}: {risk['verdict']} {risk['quantity']} {'; '.join(risk['reasons'])}".rstrip())
    if order and order["status"] == "dry_run":
        say(f"would send: {order['side']} {order['quantity']} {order['symbol']}, no worse than {order['collar']}")
    elif order:
        say(f"order {order['client_order_id']}: {order['status']}, filled {order['filled']} of {order['quantity']}")
    else:
        say("no order")
    say(f"because: {record['reason']}")
    say(f"more: quorum why {record['decision_id']}")


def _period(bars: Any, since: int | None, until: int | None) -> Any:
    from quorum.domain import DataError, iso

    cut = bars.between(since, until)
    if len(cut) == 0:
        have = f"{iso(int(bars.time[0]))} to {iso(int(bars.time[-1]))}" if len(bars) else "nothing"
        raise DataError(f"{bars.symbol} {bars.timeframe} has no bars in this period", f"the lake has {have}")
    return cut
