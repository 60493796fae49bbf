"""Walk-forward and its evidence as a command."""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from quorum.surfaces.cli.lab.options import bars_of, read_axes
from quorum.surfaces.cli.lab.sweep import Running, swept
from quorum.surfaces.cli.lab.trade import PROMISE
from quorum.surfaces.cli.show import facts, note, print_json, say, table, takes
from quorum.surfaces.cli.strategies import named_strategy


@dataclass(frozen=True, kw_only=True)
class WalkOptions(Running):
    """What `quorum walkforward` takes."""

    param: Annotated[
        list[str] | None,
        typer.Option(help="NAME=5,10,20 or NAME=5:50:5, several times; without any, the strategy's own search values."),
    ] = None
    windows: Annotated[int, typer.Option(help="How many windows.", min=1)] = 12
    train: Annotated[int, typer.Option(help="Days to choose on, in each.", min=1)] = 252
    test: Annotated[int, typer.Option(help="Days to prove on, in each.", min=1)] = 63
    purge: Annotated[int, typer.Option(help="Days left out between the two.", min=0)] = 0
    embargo: Annotated[int, typer.Option(help="More days left out.", min=0)] = 0
    anchored: Annotated[bool, typer.Option("--anchored", help="Every window learns from the first day on.")] = False
    rule: Annotated[str, typer.Option(help="plateau (with the neighbours on the grid) or best.")] = "plateau"
    tries: Annotated[
        int | None, typer.Option(help="Search each window with that many tries (Optuna); the grid is judged beside it.")
    ] = None
    seed: Annotated[int, typer.Option(help="Of the search and of what the evidence draws.")] = 0
    evidence: Annotated[bool, typer.Option("--evidence", help="Weigh it: luck, overfitting, stress, the gates.")] = (
        False
    )
    cpcv: Annotated[bool, typer.Option("--cpcv", help="Cross-validate as well: purged, combinatorial.")] = False
    report: Annotated[Path | None, typer.Option(help="Write the tear sheet of the test days to this HTML file.")] = None


@takes(WalkOptions)
def walkforward(asked: WalkOptions) -> None:
    """Choose parameters on the past, trade what comes next, window by window; every combination is a trial.

    Ends with 1 when the days are too few, or, with --evidence, when a gate fails or cannot be read.
    Example: quorum walkforward demo_ma --symbol BTCUSDT --timeframe 1h --evidence --report walk.html
    """
    from quorum.bootstrap import open_desk
    from quorum.engine import fitting, grid
    from quorum.validation import Inconclusive, Rule, search_each, walk_forward

    desk = open_desk(asked.home)
    named = named_strategy(asked.strategy, asked.home)
    bars = bars_of(desk.lake, asked, named)
    rule, plan = _rule(asked.rule, Rule), _plan(asked)
    combinations, left_out = fitting(bars, named, grid(named, read_axes(asked.param or [])))
    tried = swept(asked, desk, named, bars, combinations)
    search = None if asked.tries is None else search_each(tried, named, desk.trials, asked.tries, asked.seed)
    forward = walk_forward(tried, named, plan, rule, search)
    if isinstance(forward, Inconclusive):
        told = {"verdict": "inconclusive", "what": forward.what, "needed": forward.needed, "found": forward.found}
        print_json(told) if asked.as_json else say(f"inconclusive: {forward}")
        raise typer.Exit(1)
    told = {**forward.summary(), "left_out": left_out}
    weighed = _weighed(asked, tried, forward, desk.trials) if asked.evidence else None
    crossed = _crossed(tried, bars) if asked.cpcv else None
    if asked.report is not None:
        _write(asked.report, forward, weighed)
    if asked.as_json:
        print_json({**told, **(weighed or {}), **({"cpcv": crossed} if crossed else {})})
    else:
        _print(told, weighed, crossed)
    raise typer.Exit(0 if weighed is None or weighed["verdict"] == "passed" else 1)


def _rule(name: str, rules: Any) -> Any:
    from quorum.domain import UsageError

    if name not in [rule.value for rule in rules]:
        raise UsageError(f"there is no rule {name!r}", f"choose one of {', '.join(r.value for r in rules)}")
    return rules(name)


def _plan(asked: WalkOptions) -> Any:
    from quorum.stats import WalkForward

    return WalkForward(asked.windows, asked.train, asked.test, asked.purge, asked.embargo, asked.anchored)


def _weighed(asked: WalkOptions, tried: Any, forward: Any, trials: Any) -> dict[str, Any]:
    from quorum.validation import L2, Draws, evidence, judge

    dossier = evidence(tried, forward, trials, Draws(seed=asked.seed))
    judged = judge(dossier.evidence.metrics(), L2)
    verdict = judged.verdict
    return {
        "verdict": type(verdict).__name__.lower(),
        "reasons": [] if judged.passed else [str(verdict)],
        **dossier.told(),
        "gates": judged.told(),
    }


def _crossed(tried: Any, bars: Any) -> dict[str, Any]:
    from quorum.stats.performance import periods_per_year
    from quorum.validation import Inconclusive, cross_validate

    found = cross_validate(tried, periods_per_year(bars.time))
    if isinstance(found, Inconclusive):
        return {"verdict": "inconclusive", "what": found.what, "needed": found.needed, "found": found.found}
    told: dict[str, Any] = found.summary()
    return told


def _write(path: Path, forward: Any, weighed: Mapping[str, Any] | None) -> None:
    from quorum.surfaces.report import Evidence, tearsheet, write_page

    rows = None
    if weighed is not None:
        known = {"passed": True, "failed": False}
        rows = [
            Evidence(
                row["metric"],
                "unknown" if row["value"] is None else f"{row['value']:.4g}",
                f"{row['comparison']} {row['threshold']:g}",
                known.get(row["outcome"]),
                row["source"],
            )
            for row in weighed["gates"]
        ]
    write_page(path, tearsheet(forward.oos, evidence=rows))


def _print(told: Mapping[str, Any], weighed: Mapping[str, Any] | None, crossed: Mapping[str, Any] | None) -> None:
    windows = told["windows"]
    same = set.intersection(*(set(window["parameters"].items()) for window in windows))
    always = {"always": ", ".join(f"{k}={v}" for k, v in windows[0]["parameters"].items() if (k, v) in same)}
    lines = {**told, **always}
    facts({name: value for name, value in lines.items() if name not in ("windows", "plan") and value != ""})
    columns = ("test", "until", "chosen", "train Sharpe", "test Sharpe", "return", "trades")
    table(columns, [_window(window, same) for window in windows])
    if crossed is not None:
        facts({f"cpcv {name}": value for name, value in crossed.items() if not isinstance(value, list)})
    if weighed is None:
        note(PROMISE)
        return
    gates = [_gate(row) for row in weighed["gates"]]
    table(("gate", "value", "asked", "outcome", "kind", "source"), gates)
    diagnostics = [(d["name"], d["value"], d["verdict"], d["detail"]) for d in weighed["diagnostics"]]
    table(("self-diagnostic", "value", "answer", "what"), diagnostics)
    say(": ".join(["verdict", weighed["verdict"], *weighed["reasons"]]))
    note(PROMISE)


def _window(window: Mapping[str, Any], same: Set[tuple[str, Any]]) -> tuple[object, ...]:
    """A window's row; of its parameters those that other windows chose otherwise."""
    own = [f"{name}={value}" for name, value in window["parameters"].items() if (name, value) not in same]
    chosen = ", ".join(own) or "as always"
    numbers = ("train_sharpe", "test_sharpe", "test_return", "trades")
    return (*window["test"], chosen, *(window[name] for name in numbers))


def _gate(row: Mapping[str, Any]) -> tuple[object, ...]:
    asked = f"{row['comparison']} {row['threshold']:g}"
    return (row["metric"], row["value"], asked, row["outcome"], row["kind"], row["source"])
