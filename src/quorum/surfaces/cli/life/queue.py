"""Commands of the queue: put an idea in, look at it, take one out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from quorum.surfaces.cli.show import Home, Json, facts, note, print_json, say, table, takes
from quorum.surfaces.cli.strategies import read_pairs

queue = typer.Typer(help="Strategies on their way to be deployed.", no_args_is_help=True, rich_markup_mode=None)
_COLUMNS = ("id", "strategy", "bars", "status", "tier", "reason", "since")
_FEW = 3


@dataclass(frozen=True)
class AddOptions:
    """What `quorum queue add` takes."""

    strategy: Annotated[str, typer.Argument(help="A name of `quorum strategy list`, or a spec's file as ./dip.yaml.")]
    symbol: Annotated[list[str], typer.Option("--symbol", help="As imported, several times; the first is primary.")]
    timeframe: Annotated[
        str | None, typer.Option(help="Length of a bar: 1m, 1h, 1d; else the only one that the symbol has.")
    ] = None
    venue: Annotated[str | None, typer.Option(help="When several venues have the symbol.")] = None
    param: Annotated[list[str] | None, typer.Option(help="NAME=VALUE, several times; else the defaults.")] = None
    hypothesis: Annotated[str, typer.Option(help="Why it should pay.")] = ""
    priority: Annotated[float, typer.Option(help="More comes first.")] = 0.0
    home: Home = None
    as_json: Json = False


@takes(AddOptions)
def add(asked: AddOptions) -> None:
    """Put an idea into the queue, once; one that is there already is told as it stands.

    Example: quorum queue add demo_ma --symbol BTCUSDT --hypothesis "trends last"
    """
    from quorum.bootstrap import open_desk
    from quorum.desk.life import queue_idea
    from quorum.desk.life.entries import told
    from quorum.domain import UsageError
    from quorum.validation.life import Idea

    desk = open_desk(asked.home)
    taken = _taken(desk)
    symbols = tuple(name for text in asked.symbol for name in text.split(",") if name)
    if not symbols:
        raise UsageError(f"{asked.strategy} is to trade nothing", "name a symbol with --symbol")
    length = asked.timeframe or str(desk.lake.timeframe(symbols[0], asked.venue))
    idea = Idea(
        strategy=_named(asked.strategy),
        symbols=symbols,
        timeframe=length,
        venue=asked.venue,
        params=_numbers(asked.param or []),
        hypothesis=asked.hypothesis,
        weight=asked.priority,
    )
    candidate, new = queue_idea(desk, idea)
    _doubts(taken.doubts)
    if asked.as_json:
        print_json({**told(candidate), "new": new})
        return
    words = "is in the queue" if new else f"is there already, {candidate.status}"
    say(f"{candidate.strategy_id}  {candidate.idea.name} on {', '.join(candidate.idea.symbols)} {words}")


@dataclass(frozen=True)
class ShowOptions:
    """What `quorum queue show` takes."""

    strategy_id: Annotated[str | None, typer.Argument(metavar="ID", help="As STR-001; else all of them.")] = None
    status: Annotated[list[str] | None, typer.Option("--status", help="Only those that stand there.")] = None
    home: Home = None
    as_json: Json = False


@takes(ShowOptions)
def show(asked: ShowOptions) -> None:
    """Show every strategy by priority, or one with its moves and how its tiers ended.

    Example: quorum queue show --status PENDING --json
    """
    from quorum.bootstrap import open_desk
    from quorum.desk.life import queue_facts, read_statuses, strategy_facts

    desk = open_desk(asked.home)
    statuses = read_statuses(asked.status or [])
    taken = _taken(desk)
    told = queue_facts(desk, statuses) if asked.strategy_id is None else strategy_facts(desk, asked.strategy_id)
    if asked.as_json:
        print_json({**told, "taken_in": taken.told()})
        return
    _doubts(taken.doubts)
    if asked.strategy_id is not None:
        _one(told)
        return
    table(_COLUMNS, [_row(line) for line in told["strategies"]], empty=_nothing(desk, statuses))
    if told["rejected"]["by_tier"]:
        by_tier = ", ".join(f"{tier} {count}" for tier, count in told["rejected"]["by_tier"].items())
        saved = told["rejected"]["saved_seconds"]
        more = f"; the tiers above would have taken at least {saved:,.1f} s of CPU" if saved else ""
        say(f"rejected: {by_tier}{more}")


@dataclass(frozen=True)
class RemoveOptions:
    """What `quorum queue remove` takes."""

    strategy_id: Annotated[str, typer.Argument(metavar="ID", help="As STR-001.")]
    reason: Annotated[str, typer.Option("--reason", help="Why; it goes on record.")]
    home: Home = None
    as_json: Json = False


@takes(RemoveOptions)
def remove(asked: RemoveOptions) -> None:
    """Reject a strategy by hand; it stays on record, and the idea may be queued anew.

    Example: quorum queue remove STR-001 --reason "traded by another desk"
    """
    from quorum.bootstrap import open_desk
    from quorum.desk.life import remove as reject
    from quorum.desk.life.entries import told

    desk = open_desk(asked.home)
    _doubts(_taken(desk).doubts)
    moved = reject(desk, asked.strategy_id, asked.reason)
    if asked.as_json:
        print_json(told(moved))
        return
    say(f"{moved.strategy_id}  {moved.idea.name} is {moved.status}: {moved.reason}")


queue.command("add")(add)
queue.command("show")(show)
queue.command("remove")(remove)


def _named(text: str) -> str | Mapping[str, Any]:
    """The strategy's name, or the spec in the file that is named."""
    from quorum.domain import UsageError
    from quorum.signals.guests import is_path
    from quorum.signals.specs import is_spec_file, load_spec

    if is_spec_file(text):
        plain: Mapping[str, Any] = load_spec(Path(text)).spec.plain()
        return plain
    if is_path(text):
        raise UsageError(
            f"{text} is code in a file, which a worker could not find again",
            "make a package of it with `quorum strategy new`, or write it as a spec",
        )
    return text


def _numbers(pairs: list[str]) -> dict[str, float]:
    from quorum.domain import UsageError

    given: dict[str, float] = {}
    for name, text in read_pairs(pairs).items():
        try:
            number = float(str(text))
        except ValueError:
            raise UsageError(f"parameter {name} is {text!r}, no number", "write --param NAME=VALUE") from None
        given[name] = int(number) if number.is_integer() else number
    return given


def _row(line: Mapping[str, Any]) -> tuple[str, ...]:
    strategy = line["strategy"] if isinstance(line["strategy"], str) else line["strategy"]["name"]
    named = " ".join([strategy, *(f"{name}={value:g}" for name, value in line["params"].items())])
    few, more = line["symbols"][:_FEW], len(line["symbols"]) - _FEW
    bars = f"{', '.join(few)}{f' and {more} more' if more > 0 else ''} {line['timeframe']}"
    return (line["strategy_id"], named, bars, line["status"], line["tier"] or "", line["reason"], line["moved_at"])


def _nothing(desk: Any, statuses: Iterable[str]) -> str:
    wanted = ", ".join(statuses)
    if wanted and desk.life.queue.listed():
        return f"none is {wanted}"
    return "the queue is empty: `quorum queue add`"


def _one(told: Mapping[str, Any]) -> None:
    spec = told["strategy"] if isinstance(told["strategy"], str) else told["strategy"]["name"]
    shown = {name: value for name, value in told.items() if name not in ("strategy", "moves", "results", "params")}
    facts({**shown, "strategy": spec, "params": ", ".join(f"{k}={v}" for k, v in told["params"].items()) or "defaults"})
    rows = [(m["at"], m["before"] or "", m["after"], m["by"], m["reason"]) for m in told["moves"]]
    table(("at", "before", "after", "by", "why"), rows)
    if told["results"]:
        table(("tier", "fix", "at", "verdict", "why", "metric", "found", "asked"), map(_ended, told["results"]))


def _ended(result: Mapping[str, Any]) -> tuple[object, ...]:
    """How a tier, the critic or risk ended, in a row."""
    verdict = result["verdict"] or {}
    why = verdict.get("why") or verdict.get("reason") or verdict.get("what") or ""
    found, asked = (verdict.get(a, verdict.get(b)) for a, b in (("value", "found"), ("threshold", "needed")))
    head = (result["tier"], result["attempt"] or "", result["at"], verdict.get("verdict", ""))
    return (*head, why, verdict.get("metric", ""), "" if found is None else found, "" if asked is None else asked)


def _taken(desk: Any) -> Any:
    """What was taken in from the workspace's files, and shown at once."""
    from quorum.desk.life import show_life, take_in

    taken = take_in(desk)
    if taken.queued or taken.adopted or taken.revised or taken.learnings:
        show_life(desk, [*taken.queued, *taken.adopted])
    return taken


def _doubts(doubts: Iterable[str]) -> None:
    for doubt in doubts:
        note(doubt)
