"""Commands of strategies: list, show, check, new."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from quorum.surfaces.cli.show import Home, Json, facts, note, print_json, say, table, takes

strategies = typer.Typer(help="Strategies and their parameters.", no_args_is_help=True, rich_markup_mode=None)


@strategies.command("list")
def list_strategies(home: Home = None, as_json: Json = False) -> None:
    """List the strategies, those of installed packages too.

    Example: quorum strategy list
    """
    from quorum.bootstrap import consensus_rules
    from quorum.signals import broken_strategies
    from quorum.signals import strategies as known

    found, broken = known(consensus_rules(home)), broken_strategies()
    if as_json:
        lost = [{"name": name, "error": str(error)} for name, error in broken.items()]
        print_json({"strategies": [_described(s, briefly=True) for s in found.values()], "broken": lost})
        return
    table(("name", "kind", "what it does"), [(s.name, s.kind, s.summary) for s in found.values()])
    for name, error in broken.items():
        note(f"broken: {name}: {error}")


@strategies.command("show")
def show_strategy(name: str, home: Home = None, as_json: Json = False) -> None:
    """Show a strategy's parameters, bounds and warm-up.

    Example: quorum strategy show trend_breakout
    """
    strategy = named_strategy(name, home)
    if as_json:
        print_json(_described(strategy))
        return
    described = _described(strategy)
    facts({k: described[k] for k in ("name", "kind", "summary", "warmup")})
    rows = [(p.name, p.default, p.low, p.high, p.summary) for p in strategy.parameters]
    table(("parameter", "default", "low", "high", "meaning"), rows)


@dataclass(frozen=True)
class CheckOptions:
    """What `quorum strategy check` takes."""

    strategy: Annotated[str, typer.Argument(help="A strategy's name, or a file as ./my_rule.py or ./my_rule.py:NAME.")]
    symbol: Annotated[
        list[str] | None, typer.Option(help="On these bars, several times for a portfolio; else on made-up markets.")
    ] = None
    timeframe: Annotated[str | None, typer.Option(help="Length of a bar of that symbol: 1m, 1h, 1d.")] = None
    venue: Annotated[str | None, typer.Option(help="When several venues have the symbol.")] = None
    param: Annotated[list[str] | None, typer.Option(help="NAME=VALUE, several times.")] = None
    seed: Annotated[int, typer.Option(help="Another seed makes other markets and other cuts.", min=0)] = 0
    home: Home = None
    as_json: Json = False


@takes(CheckOptions)
def check(asked: CheckOptions) -> None:
    """Look for look-ahead and repainting, within 30 seconds; ends with 1 when a strategy leaks or is unfit.

    Example: quorum strategy check trend_breakout --json
    """
    from quorum.bootstrap import open_executor, use_kernel_cache
    from quorum.domain import UsageError
    from quorum.signals.registry import OURS
    from quorum.validation.lookahead.apart import compile_first, examine_apart

    if bool(asked.symbol) != bool(asked.timeframe):
        raise UsageError("a symbol and a timeframe come together", "give --symbol and --timeframe, or neither")
    request = {
        "strategy": asked.strategy,
        "params": read_pairs(asked.param or []),
        "home": None if asked.home is None else str(asked.home),
        "symbols": asked.symbol or [],
        "timeframe": asked.timeframe,
        "venue": asked.venue,
        "seed": asked.seed,
    }
    use_kernel_cache()
    ours = asked.strategy if asked.strategy in OURS else "demo_ma"
    compile_first(named_strategy(ours, asked.home))
    with open_executor() as executor:
        found = examine_apart(executor, request)
    if asked.as_json:
        print_json(found)
    else:
        _print_examination(found)
    raise typer.Exit(0 if found["verdict"] == "clean" else 1)


strategies.command("check")(check)


@strategies.command("new")
def new(
    name: Annotated[str, typer.Argument(help="Small letters, digits and underscores, as gap_fade.")],
    into: Annotated[Path, typer.Option(help="The folder in which the package's own folder is made.")] = Path(),
    as_json: Json = False,
) -> None:
    """Write a package with a working strategy, its test and its entry point.

    Example: quorum strategy new gap_fade --into rules
    """
    from quorum.surfaces.scaffold import write_package

    folder, files = write_package(name, into)
    if as_json:
        print_json({"name": name, "folder": str(folder.resolve()), "files": [str(f) for f in files]})
        return
    say(f"{folder}: {len(files)} files written")
    say(f"next: pip install -e {folder}; quorum strategy check {name}; pytest {folder}")


def named_strategy(name: str, home: Path | None) -> Any:
    """The strategy that a command's argument means: a name, or a file."""
    from quorum.bootstrap import consensus_rules
    from quorum.signals import find_strategy

    return find_strategy(name, consensus_rules(home))


def read_pairs(pairs: Sequence[str]) -> dict[str, object]:
    """The values of NAME=VALUE by name; UsageError for one without a value."""
    from quorum.domain import UsageError

    given: dict[str, object] = {}
    for pair in pairs:
        name, found, value = pair.partition("=")
        if not found:
            raise UsageError(f"parameter {pair!r} has no value", "write --param NAME=VALUE")
        given[name] = value
    return given


def _described(strategy: Any, *, briefly: bool = False) -> dict[str, Any]:
    head = {"name": strategy.name, "kind": strategy.kind, "summary": strategy.summary}
    if briefly:
        return {**head, "parameters": [p.name for p in strategy.parameters]}
    defaults = {p.name: p.default for p in strategy.parameters}
    return {
        **head,
        "warmup": strategy.warmup(defaults),
        "parameters": strategy.parameters,
        "settings": strategy.settings,
    }


def _print_examination(found: Mapping[str, Any]) -> None:
    facts({"strategy": found["strategy"], "verdict": found["verdict"], "markets": "; ".join(found["markets"])})
    facts({"compared": ", ".join(f"{count:,} {check}" for check, count in found["runs"].items())})
    rows = [
        (kind, f["check"], f["market"], f["column"] or "", _place(f), f["detail"])
        for kind, key in (("leak", "leaks"), ("flaw", "flaws"), ("suspicion", "suspicions"))
        for f in found[key]
    ]
    if rows:
        table(("", "check", "market", "column", "first row", "what"), rows)
    for skipped in found["skipped"]:
        note(f"left out: {skipped}")


def _place(finding: Mapping[str, Any]) -> str:
    return "" if finding["row"] is None else f"{finding['row']} ({finding['time']})"
