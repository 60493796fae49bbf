"""Backtests as a command: one strategy, or all of them side by side."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from quorum.surfaces.cli.lab.options import Trading, bars_of, refuse_foresight, series_of, terms_of
from quorum.surfaces.cli.show import facts, note, print_json, table, takes
from quorum.surfaces.cli.strategies import named_strategy, read_pairs

PROMISE = "A backtest is evidence, not a promise: see the Sharpe ratio's standard error."


@dataclass(frozen=True, kw_only=True)
class BacktestOptions(Trading):
    """What `quorum backtest` takes."""

    strategy: Annotated[
        str | None, typer.Argument(help="A name of `quorum strategy list`, or a file as ./my_rule.py.")
    ] = None
    every: Annotated[bool, typer.Option("--all", help="Every strategy at its defaults, side by side.")] = False
    param: Annotated[list[str] | None, typer.Option(help="NAME=VALUE, several times.")] = None
    report: Annotated[Path | None, typer.Option(help="Write a page to this HTML file.")] = None


@takes(BacktestOptions)
def backtest(asked: BacktestOptions) -> None:
    """Backtest a strategy: known at a bar's close, filled as --fill says; counted as a trial.

    Example: quorum backtest trend_breakout --symbol BTCUSDT --timeframe 1h --report sheet.html
    """
    from quorum.domain import UsageError

    if asked.every == (asked.strategy is not None):
        raise UsageError("name a strategy or say --all, one of them", "`quorum strategy list` names them")
    if asked.every:
        _all(asked)
    else:
        _one(asked, asked.strategy or "")


def _one(asked: BacktestOptions, name: str) -> None:
    from quorum.bootstrap import open_desk
    from quorum.engine import backtest as run

    desk = open_desk(asked.home)
    rule = named_strategy(name, asked.home)
    bars = bars_of(desk.lake, asked, rule)
    params = read_pairs(asked.param or [])
    refuse_foresight(rule, bars, params)
    result = run(bars, rule, params, terms_of(asked), desk.trials)
    if asked.report is not None:
        from quorum.surfaces.report import tearsheet, write_page

        write_page(asked.report, tearsheet(result))
    from quorum.engine import appraise

    summary = {**result.summary(), "report": asked.report and str(asked.report)}
    if asked.as_json:
        print_json({**summary, "quality": result.quality.plain(), "metrics": appraise(result).plain()})
        return
    facts({k: v for k, v in summary.items() if k not in ("terms", "parameters") and v is not None})
    for remark in _remarks(result):
        note(remark)
    note(PROMISE)


def _remarks(result: Any) -> list[str]:
    """What a reader has to know beside the numbers, a line each."""
    from quorum.domain import iso

    told = []
    if not len(result.rows):
        told.append(f"{result.strategy} never traded on {result.symbol} {result.timeframe}.")
    if result.ruined is not None:
        told.append(f"Nothing was left at the close of {iso(result.ruined)}: a real account would have been closed.")
    for remark in result.quality.remarks:
        bars = "bar" if remark.bars == 1 else "bars"
        told.append(f"{remark.oddity.value}, {remark.bars:,} {bars}: {remark.treatment}")
    return told


def _all(asked: BacktestOptions) -> None:
    """Every strategy that these bars allow, ranked; the others with the reason why not."""
    from quorum.bootstrap import consensus_rules, open_desk
    from quorum.domain import QuorumError, UsageError
    from quorum.engine import backtest as run
    from quorum.lake import Panel
    from quorum.signals import is_portfolio
    from quorum.signals import strategies as known

    if asked.param:
        raise UsageError("--all runs every strategy at its defaults", "leave --param out")
    desk, terms = open_desk(asked.home), terms_of(asked)
    series = series_of(desk.lake, asked)
    results: list[Any] = []
    left_out: dict[str, str] = {}
    for name, rule in known(consensus_rules(asked.home)).items():
        try:
            pool = [Panel.of(series)] if is_portfolio(rule) else series
            results += [run(bars, rule, {}, terms, desk.trials) for bars in pool]
        except QuorumError as error:
            left_out[name] = str(error)
    from quorum.surfaces.report import comparison, ranking, write_page

    rows = ranking(results)
    if asked.report is not None:
        write_page(asked.report, comparison(results, left_out))
    if asked.as_json:
        ranked = [row._asdict() for row in rows]
        print_json({"ranking": ranked, "left_out": left_out, "report": asked.report and str(asked.report)})
        return
    columns = ("strategy", "symbol", "Sharpe", "+-", "adjusted p", "return", "max drawdown", "trades")
    table(columns, [_line(row) for row in rows])
    for name, reason in left_out.items():
        note(f"left out: {name}: {reason}")
    note(f"The best of {len(rows)} looks better than it is. {PROMISE}")


def _line(row: Any) -> tuple[object, ...]:
    numbers = (row.sharpe, row.sharpe_se, row.adjusted_p, row.total_return, row.max_drawdown, row.trades)
    return (row.strategy, row.symbol, *numbers)
