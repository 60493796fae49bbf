"""Quorum: an autonomous trading desk. Ideas are proved, voted on, checked for risk, traded and explained.

import quorum

bars = quorum.load_bars("BTCUSDT.csv")
result = quorum.backtest("trend_breakout", bars, params={"donchian_lookback": 40}, sizing="weight")
result.performance.sharpe, result.performance.sharpe_se
found = quorum.sweep("demo_ma", bars, {"fast": [10, 20], "slow": [60, 100, 200]})
found.row(found.best())

desk = quorum.Desk.open()                         # the workspace at hand, as `quorum init` made it
record = desk.consensus("BTCUSDT", "1h", as_of="2024-06-03")
desk.why(record.decision_id)
desk.run_workflow("realtime_signal_generation", symbol="BTCUSDT", timeframe="1h", as_of="2024-06-03")

idea = desk.queue("demo_ma", "BTCUSDT", timeframe="1h", hypothesis="trends last for weeks", fast=10)
run = quorum.validate(idea, tier="L0")            # without a tier as far as it goes
run["by_strategy"][idea]["verdict"], desk.evaluate(idea)["next"]
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from quorum import desk as rooms
    from quorum.engine import Backtest, Sweep
    from quorum.lake import Bars, ImportOptions, ImportReport, Panel
    from quorum.signals import AnyStrategy

__version__ = "0.1.0"


def load_bars(
    source: Any,
    timeframe: str | None = None,
    *,
    symbol: str | None = None,
    venue: str | None = None,
    since: str | None = None,
    until: str | None = None,
    tz: str | None = None,
    home: str | Path | None = None,
) -> Bars:
    """Bars of one symbol from a polars or pandas frame, a Parquet or CSV file, or the workspace's lake.

    `source` is the frame, the file, or a symbol as BTCUSDT or BTCUSDT.binance; without a `timeframe` it is found
    out, in the lake when there is but one. `symbol` chooses or names the one in a frame or file; `tz` is the zone of
    its naive times. `since` and `until` are ISO dates or times, the end not included. The rows of a
    frame or a file have to be bars: DataError names one that is not. NotFound for a symbol that the lake does not
    have.
    """
    from quorum.domain import Timeframe, parse_instant
    from quorum.lake import ImportOptions, bars_of_frame, is_frame

    length = None if timeframe is None else Timeframe.parse(timeframe)
    if is_frame(source):
        bars = bars_of_frame(source, symbol, length, venue, tz)
    else:
        bars = _stored(source, ImportOptions(symbol=symbol, venue=venue, timeframe=length, tz=tz), home)
    first, last = (None if text is None else parse_instant(text) for text in (since, until))
    return bars.between(first, last)


def _stored(source: Any, said: ImportOptions, home: str | Path | None) -> Bars:
    """The bars of a file, or of the lake."""
    from quorum.bootstrap import open_lake, open_workspace, read_bars
    from quorum.domain import UsageError
    from quorum.lake import is_table

    if not isinstance(source, str | Path):
        raise UsageError(f"a {type(source).__name__} is no source of bars", "give a frame, a file or a symbol")
    if Path(source).is_file():
        return read_bars(Path(source), said)
    if is_table(Path(source)):
        raise UsageError(f"{source}: there is no such file", "give a file, or a symbol of the lake")
    workspace = open_workspace(None if home is None else Path(home))
    lake, name = open_lake(workspace), str(source)
    return lake.bars(name, said.timeframe or lake.timeframe(name, said.venue), said.venue)


def backtest(
    strategy: str | AnyStrategy,
    bars: Bars | Panel,
    params: Mapping[str, object] | None = None,
    *,
    sizing: str = "units",
    size: float = 1.0,
    fee_bps: float = 10.0,
    slippage_bps: float = 0.0,
    cash: float = 100_000.0,
    fill: str = "next_open",
    maker_bps: float | None = None,
    fee_per_unit: float = 0.0,
    minimum_fee: float = 0.0,
    impact: float = 0.0,
    borrow_rate: float = 0.0,
    volume_share: float = 0.1,
    home: str | Path | None = None,
) -> Backtest:
    """Trade a strategy through bars, or a portfolio strategy through a panel.

    `strategy` is a name, a file as ./my_rule.py, or the strategy itself. `size` is in units of the symbol, unless
    `sizing` says weight, cash, volatility or atr; costs are in basis points, `cash` in the quote currency; see
    `quorum.engine.Terms` for all of them. With a workspace's `home` the trial is counted there; else nobody counts
    it, and the result's `trial_id` is None. UsageError for parameters out of bounds, DataError for too few bars,
    InvalidSignal for a strategy from outside that fails, asks for no target, or is seen to look ahead.
    """
    from quorum.bootstrap import open_lab
    from quorum.engine import Terms
    from quorum.engine import backtest as run

    rule, trials = open_lab(strategy, home)
    terms = Terms(
        fee_bps=fee_bps,
        slippage_bps=slippage_bps,
        sizing=sizing,
        size=size,
        starting_equity=cash,
        fill=fill,
        maker_bps=maker_bps,
        fee_per_unit=fee_per_unit,
        minimum_fee=minimum_fee,
        impact=impact,
        borrow_rate=borrow_rate,
        volume_share=volume_share,
    )
    _refuse(bars, rule, params or {})
    return run(bars, rule, params or {}, terms, trials)


def _refuse(bars: Any, rule: AnyStrategy, params: Mapping[str, object]) -> None:
    """UsageError for what is no bars, InvalidSignal for a strategy from outside that is seen to look ahead."""
    from quorum.domain import UsageError
    from quorum.lake import Bars, Panel
    from quorum.signals import is_ours

    if not isinstance(bars, Bars | Panel):
        raise UsageError(f"bars is a {type(bars).__name__}", "make bars of it: quorum.load_bars(...)")
    if not is_ours(rule):
        from quorum.validation import refuse_foresight

        refuse_foresight(rule, bars, params)


def sweep(
    strategy: str | AnyStrategy,
    bars: Bars | Panel,
    grid: Mapping[str, object] | None = None,
    *,
    sizing: str = "units",
    size: float = 1.0,
    fee_bps: float = 10.0,
    slippage_bps: float = 0.0,
    cash: float = 100_000.0,
    fill: str = "next_open",
    skip_invalid: bool = False,
    threads: int = 0,
    home: str | Path | None = None,
) -> Sweep:
    """Backtest every combination of the values in `grid` (several, or one alone).

    Without a grid it tries the strategy's own search values. With a workspace's `home` every combination is a trial
    there, and one that was recorded is not run again. `skip_invalid` leaves out combinations that the strategy does
    not take; without it the first is refused by name. The rest is as of `backtest`. UsageError for no combination, or
    more than 100,000.
    """
    from quorum.bootstrap import open_lab
    from quorum.engine import SweepOptions, Terms, fitting
    from quorum.engine import grid as combinations
    from quorum.engine import sweep as run

    rule, trials = open_lab(strategy, home)
    chosen: Sequence[Mapping[str, int | float]] = combinations(rule, grid)
    _refuse(bars, rule, chosen[0])
    if skip_invalid:
        chosen, _ = fitting(bars, rule, chosen)
    terms = Terms(fee_bps, slippage_bps, sizing, size, cash, fill)
    return run(bars, rule, chosen, terms, trials, SweepOptions(threads=threads))


def validate(
    *strategies: str,
    tier: str | None = None,
    queue_size: int | None = None,
    workers: int | None = None,
    home: str | Path | None = None,
) -> Mapping[str, Any]:
    """Validate the strategies of the queue that are named, or all that wait: at one tier, or as far as each goes.

    The run's record: its id, how many passed and failed, and `by_strategy` each verdict. NotFound for an unknown
    strategy, UsageError for one that cannot be validated or a number that makes no sense.
    """
    return Desk.open(home).validate(*strategies, tier=tier, queue_size=queue_size, workers=workers)


class Desk:
    """A workspace at work: what the command line does, as methods."""

    def __init__(self, desk: rooms.Desk) -> None:
        self._desk = desk

    @classmethod
    def open(cls, home: str | Path | None = None) -> Desk:
        """The desk of a workspace: the one given, $QUORUM_HOME, or the nearest upwards. WorkspaceError for none."""
        from quorum.bootstrap import open_desk

        return cls(open_desk(None if home is None else Path(home)))

    def import_bars(self, path: str | Path) -> ImportReport:
        """Import a file or a folder of bars."""
        return self._desk.lake.import_path(Path(path))

    def backtest(self, strategy: str, symbol: str, timeframe: str, **parameters: object) -> Backtest:
        """Backtest on the lake's bars of a symbol, counted as a trial."""
        from quorum.domain import Timeframe
        from quorum.engine import Terms
        from quorum.engine import backtest as run
        from quorum.signals import find_strategy

        rule = find_strategy(strategy, self._desk.settings.consensus.consensus.rules())
        bars = self._desk.lake.bars(symbol, Timeframe.parse(timeframe))
        return run(bars, rule, parameters, Terms(), self._desk.trials)

    def consensus(
        self, symbol: str, timeframe: str, *, as_of: str | None = None, paper: bool = False
    ) -> rooms.CycleRecord:
        """One cycle: vote, risk, and with `paper` an order at the simulated venue."""
        from quorum.desk import Question, convene, publish
        from quorum.domain import Timeframe, parse_instant

        instant = None if as_of is None else parse_instant(as_of)
        record = convene(self._desk, Question(symbol, Timeframe.parse(timeframe), instant, paper=paper))
        publish(self._desk, record.decision_id)
        return record

    def run_workflow(
        self, name: str, *, execution: str | None = None, wait: bool = True, **params: object
    ) -> Mapping[str, Any]:
        """Run a workflow to its end, or until it waits for a person; what `quorum workflow run --json` prints.

        `params` are the workflow's own, as symbol="BTCUSDT", as_of="2024-06-03T00:00:00Z"; `execution` is notify,
        paper or live, else as the workflow says. A worker that is at work runs it, else this process does; without
        `wait` it is asked for and left to a worker. NotFound for an unknown workflow, UsageError for wrong parameters.
        """
        from quorum.surfaces.cli.coordinator.going import begin, run_facts

        state = begin(self._desk, name, params, execution, wait=wait)
        return run_facts(self._desk, state)

    def queue(
        self,
        strategy: str | Mapping[str, Any],
        *symbols: str,
        timeframe: str,
        venue: str | None = None,
        hypothesis: str = "",
        **params: float,
    ) -> str:
        """Put an idea into the queue, a strategy by name or a spec as plain values; its id, the old one if it is there.

        NotFound for a strategy or bars that there are not, UsageError for parameters that do not fit.
        """
        from quorum.desk.life import queue_idea
        from quorum.validation.life import Idea

        idea = Idea(strategy, symbols, timeframe, venue, params, hypothesis)
        return queue_idea(self._desk, idea, "person").candidate.strategy_id

    def validate(
        self, *strategies: str, tier: str | None = None, queue_size: int | None = None, workers: int | None = None
    ) -> Mapping[str, Any]:
        """As `quorum.validate`, at this desk."""
        from quorum.desk.proving import Asked, validate
        from quorum.domain import UsageError
        from quorum.validation.ladder import Tier

        if tier is not None and tier.upper() not in set(Tier):
            raise UsageError(f"there is no tier {tier!r}", f"name one of {', '.join(Tier)}")
        names, named = tuple(one.upper() for one in strategies), None if tier is None else Tier(tier.upper())
        return validate(self._desk, Asked(names, named, queue_size, workers))

    def evaluate(self, strategy_id: str) -> Mapping[str, Any]:
        """All that is known of a strategy: tiers with their gates, critic, risk, deployments, trials, what comes next.

        NotFound for an id that the queue does not have.
        """
        from quorum.desk.deploying import evaluate

        return evaluate(self._desk, strategy_id.upper())

    def why(self, identity: str) -> Sequence[dict[str, Any]]:
        """The chain behind a decision, an order, a fill or a trial, back to the bars."""
        from quorum.desk import why

        return why(self._desk, identity)

    def replay(self, identity: str) -> rooms.Replay:
        """Make a decision again in a fresh process and compare."""
        from quorum.desk import replay

        return replay(self._desk, identity)


__all__ = ["Desk", "backtest", "load_bars", "sweep", "validate"]
