"""The simulated venue as a command."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Annotated, Any

import typer

from quorum.domain import UsageError, canonical
from quorum.surfaces.cli.show import Json, facts, print_json, say, takes

_FAULTS = """One fault, as `reset,on=POST /v2/orders,at=2`; may be repeated. `--fault list` names them all."""


@dataclass(frozen=True, slots=True)
class SimOptions:
    """The options of `quorum sim`."""

    venue: Annotated[str, typer.Option(help="The venue to simulate.")] = "alpaca"
    port: Annotated[int, typer.Option(help="The port on 127.0.0.1; 0 takes a free one.", min=0, max=65535)] = 0
    host: Annotated[str, typer.Option(help="Where to listen; loopback only.")] = "127.0.0.1"
    seed: Annotated[int, typer.Option(help="Seed of prices, ids, keys and faults.", min=0)] = 7
    symbols: Annotated[str | None, typer.Option(help="Symbols, with commas; else the venue's usual ones.")] = None
    cash: Annotated[str, typer.Option(help="What the account begins with, in the venue's currency.")] = "100000"
    multiplier: Annotated[str, typer.Option(help="What the venue lends, 1 to 4 times the equity.")] = "2"
    start: Annotated[str | None, typer.Option(help="When its clock begins, as 2026-11-20T14:00:00Z; else now.")] = None
    speed: Annotated[float, typer.Option(help="How fast its clock runs; 0 stands, inf is for recordings.")] = 1.0
    ticks: Annotated[float, typer.Option(help="Prices a second and symbol.")] = 2.0
    prices: Annotated[str, typer.Option(help="`generated`, `quiet` (moved by hand), or a file to play.")] = "generated"
    hours: Annotated[str, typer.Option("--open", help="`always`, or `calendar` for New York's sessions.")] = "always"
    journal: Annotated[Path | None, typer.Option(help="Keep what really happened here, and go on from it.")] = None
    faults: Annotated[Path | None, typer.Option(help="A YAML or JSON file of faults.")] = None
    fault: Annotated[list[str] | None, typer.Option(help=_FAULTS)] = None
    rate: Annotated[int, typer.Option(help="Requests or weight a minute; 0: no limit, -1: the venue's.", min=-1)] = -1
    recording: Annotated[Path | None, typer.Option(help="A folder of recorded frames to play, or one file.")] = None
    events: Annotated[Path | None, typer.Option(help="A YAML or JSON file of news and corporate actions.")] = None
    timers: Annotated[float, typer.Option(help="How much faster pings, heartbeats and time limits run.")] = 1.0
    retired_fields: Annotated[bool, typer.Option(help="Answer with the fields that the venue has retired.")] = False
    as_json: Json = False


@takes(SimOptions)
def sim(options: SimOptions) -> None:
    """Run a venue of your own on this machine: its wire protocol, matching, balances, and faults on request.

    Example: quorum sim --venue alpaca --symbols AAPL,BTC/USD --journal sim.jsonl
    """
    from quorum.bootstrap import fault_meanings, serve_simulation

    if options.fault == ["list"]:
        print_json(fault_meanings()) if options.as_json else facts(fault_meanings())
        return

    def tell(address: Any) -> None:
        _told(address, options.as_json)

    serve_simulation(options.venue, _run_of(options), options.faults, options.fault or (), tell)


def _run_of(options: SimOptions) -> dict[str, Any]:
    symbols = tuple(s.strip() for s in (options.symbols or "").split(",") if s.strip())
    same = ("port", "host", "seed", "start", "speed", "ticks", "prices", "hours", "journal", "rate", "retired_fields")
    return {
        **{name: getattr(options, name) for name in (*same, "recording", "timers", "events")},
        "symbols": symbols,
        "cash": _amount("cash", options.cash),
        "multiplier": _amount("multiplier", options.multiplier),
    }


def _amount(name: str, text: str) -> Decimal:
    try:
        found = Decimal(text)
    except InvalidOperation:
        found = Decimal("NaN")
    if not found.is_finite():
        raise UsageError(f"--{name} {text} is no number", "write it as 100000")
    return found


def _told(address: Any, as_json: bool) -> None:
    """The addresses and keys, at once: whoever waits for them reads a pipe."""
    lines = {"venue": address.venue, **address.addresses, "control": address.control, **address.keys._asdict()}
    if as_json:
        sys.stdout.write(canonical({"url": address.url, **lines}).decode() + "\n")
    else:
        facts(lines)
        say("stop it with Ctrl-C")
    sys.stdout.flush()
