"""The vote of the analysts as a command."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import typer

from quorum.surfaces.cli.lab.options import Length, Venue
from quorum.surfaces.cli.show import Home, Json, dated, print_json, say, table, takes


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
    told = dated(plain(record))
    print_json(told) if asked.as_json else _print_cycle(told)
    publish(desk, record.decision_id)


def _print_cycle(record: dict[str, Any]) -> None:
    say(f"{record['decision_id']}  {record['snapshot']['symbol']} as of {record['snapshot']['as_of']}")
    print_votes(record["votes"], record["consensus"])
    print_trade(record["risk"], record["order"])
    say(f"because: {record['reason']}")
    say(f"more: quorum why {record['decision_id']}")


def print_votes(votes: Sequence[Mapping[str, Any]], outcome: Mapping[str, Any]) -> None:
    """Who voted how, and what came of it."""
    rows = [(v["voter"], v["choice"], v["confidence"] or "", v["weight"], v["reason"]) for v in votes]
    table(("voter", "vote", "confidence", "weight", "why"), rows)
    say(f"consensus: {outcome['direction']} ({outcome['reason']})")


def print_trade(risk: Mapping[str, Any] | None, order: Mapping[str, Any] | None) -> None:
    """Risk's word, and the order that followed."""
    if risk:
        proposal = risk["proposal"]
        wish = f"{proposal['side']} {proposal['quantity']} {proposal['symbol']} at {proposal['price']}"
        size = "" if risk["verdict"] == "vetoed" else f" {risk['quantity']}"
        why = f": {'; '.join(risk['reasons'])}" if risk["reasons"] else ""
        say(f"risk on {wish}: {risk['verdict']}{size}{why}")
    if order and order["status"] == "dry_run":
        say(f"would send: {order['side']} {order['quantity']} {order['symbol']}, no worse than {order['collar']}")
    elif order:
        say(f"order {order['client_order_id']}: {order['status']}, filled {order['filled']} of {order['quantity']}")
    else:
        say("no order")
