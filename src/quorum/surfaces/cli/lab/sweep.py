"""Sweeps as a command."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice
from typing import Annotated, Any

import typer

from quorum.surfaces.cli.lab.options import Trading, bars_of, read_axes, refuse_foresight, terms_of
from quorum.surfaces.cli.show import facts, note, print_json, table, takes
from quorum.surfaces.cli.strategies import named_strategy


@dataclass(frozen=True, kw_only=True)
class Running(Trading):
    """A strategy, and where its combinations run under which limits."""

    strategy: Annotated[str, typer.Argument(help="A name of `quorum strategy list`, or a file as ./my_rule.py.")]
    engine: Annotated[str, typer.Option(help="inline, process or ray: where combinations run.")] = "inline"
    workers: Annotated[int, typer.Option(help="Threads, or processes; 0 is one a core.", min=0)] = 0
    deadline: Annotated[float | None, typer.Option(help="Seconds for a combination (process, ray).")] = None
    memory_mb: Annotated[float | None, typer.Option(help="Memory of a worker, in MiB (process, ray).")] = None


@dataclass(frozen=True, kw_only=True)
class SweepCommand(Running):
    """What `quorum sweep` takes."""

    param: Annotated[
        list[str] | None,
        typer.Option(help="NAME=5,10,20 or NAME=5:50:5, several times; without any, the strategy's own search values."),
    ] = None
    skip_invalid: Annotated[
        bool, typer.Option("--skip-invalid", help="Leave out combinations that the strategy does not take.")
    ] = False
    top: Annotated[int, typer.Option(help="How many of the best to print.", min=1)] = 10
    tries: Annotated[
        int | None, typer.Option(help="Search with that many tries (Optuna) in place of all combinations.")
    ] = None
    seed: Annotated[int, typer.Option(help="Of the search.")] = 0


@takes(SweepCommand)
def sweep(asked: SweepCommand) -> None:
    """Backtest every combination of parameters; each is a trial, and one that was recorded is not run again.

    Example: quorum sweep demo_ma --symbol BTCUSDT --timeframe 1h --param fast=5:50:5 --param slow=60,100,200
    """
    from quorum.bootstrap import open_desk

    desk = open_desk(asked.home)
    rule = named_strategy(asked.strategy, asked.home)
    bars = bars_of(desk.lake, asked, rule)
    found, left_out = (_grid if asked.tries is None else _search)(asked, desk, rule, bars)
    rows = list(islice(found.ranked(), asked.top))
    told = {
        "strategy": found.strategy,
        "symbol": bars.symbol,
        "timeframe": str(bars.timeframe),
        "bars": len(bars),
        "combinations": len(found),
        "left_out": left_out,
        "resumed": found.resumed,
        "trials_in_family": found.trials_in_family,
    }
    if asked.as_json:
        print_json({**told, "best": rows[0], "rows": rows, "terms": found.terms, "data_hash": bars.data_hash})
        return
    facts(told)
    names = [name for name in rows[0] if name != "trial_id"]
    table(names, [[row[name] if row[name] == row[name] else "" for name in names] for row in rows])
    note(f"The best of {len(found)} looks better than it is: `quorum walkforward` shows what is left of it.")


def _grid(asked: SweepCommand, desk: Any, rule: Any, bars: Any) -> tuple[Any, int]:
    from quorum.domain import UsageError
    from quorum.engine import fitting, grid

    combinations: Any = grid(rule, read_axes(asked.param or []))
    left_out = 0
    if asked.skip_invalid:
        asked_for = len(combinations)
        combinations, left_out = fitting(bars, rule, combinations)
        if not combinations:
            raise UsageError(
                f"{rule.name} takes none of the {asked_for:,} combinations on these bars",
                "without --skip-invalid the first is refused with its reason",
            )
    return swept(asked, desk, rule, bars, combinations), left_out


def swept(asked: Running, desk: Any, rule: Any, bars: Any, combinations: Any) -> Any:
    """The combinations tried where the options say; a sweep that is stopped tells how to go on."""
    from quorum.bootstrap import open_elsewhere
    from quorum.domain import Limits
    from quorum.engine import SweepOptions, sweep

    if combinations:
        refuse_foresight(rule, bars, combinations[0])
    limits = Limits(asked.deadline, asked.memory_mb, asked.workers or None)
    with open_elsewhere(asked.engine, limits, asked.strategy, asked.home) as elsewhere:
        options = SweepOptions(asked.workers, elsewhere, progress("combinations", asked.as_json))
        try:
            return sweep(bars, rule, combinations, terms_of(asked), desk.trials, options)
        except KeyboardInterrupt:
            note("stopped: what is finished is kept, and the same command goes on from there.")
            raise


def _search(asked: SweepCommand, desk: Any, rule: Any, bars: Any) -> tuple[Any, int]:
    from quorum.domain import UsageError
    from quorum.engine import search

    if asked.param or asked.engine != "inline":
        raise UsageError("a search chooses its own values, in this process", "leave --param and --engine out")
    assert asked.tries is not None
    return search(bars, rule, terms_of(asked), desk.trials, asked.tries, asked.seed), 0


def progress(what: str, silent: bool) -> Callable[[int, int], None]:
    """A line on standard error that counts; nothing when it is no terminal or `silent`."""
    if silent or not sys.stderr.isatty():
        return lambda done, total: None

    def told(done: int, total: int) -> None:
        sys.stderr.write(f"\r{done:,} of {total:,} {what}" + ("\n" if done == total else ""))
        sys.stderr.flush()

    return told
