"""Quorum: an autonomous trading desk. Ideas are proved, voted on, checked for risk, traded and explained.

import quorum

bars = quorum.load_bars("BTCUSDT.csv")
result = quorum.backtest("trend_breakout", bars, params={"donchian_lookback": 40}, sizing="weight")
result.performance.sharpe, result.performance.sharpe_se

desk = quorum.Desk.open()                         # the workspace at hand, as `quorum init` made it
record = desk.consensus("BTCUSDT", "1h", as_of="2024-06-03")
desk.why(record.decision_id)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from quorum import desk as rooms
    from quorum.engine import Backtest
    from quorum.lake import Bars, ImportReport

__version__ = "0.1.0"


def load_bars(
    source: str | Path,
    timeframe: str | None = None,
    *,
    venue: str | None = None,
    since: str | None = None,
    until: str | None = None,
    home: str | Path | None = None,
) -> Bars:
    """Bars from a Parquet or CSV file of one symbol, or of a symbol (and timeframe) in the workspace's lake.

    `since` and `until` are ISO dates or times, the end not included. DataError for a file that holds no bars, or
    those of several symbols; NotFound for a symbol that the lake does not have.
    """
    from quorum.bootstrap import open_lake, open_workspace, read_bars
    from quorum.domain import Timeframe, UsageError, parse_instant

    length = None if timeframe is None else Timeframe.parse(timeframe)
    if Path(source).is_file():
        bars = read_bars(Path(source), length)
    elif length is None:
        raise UsageError(f"{source} is no file", "give a file, or a symbol and its timeframe")
    else:
        bars = open_lake(open_workspace(None if home is None else Path(home))).bars(str(source), length, venue)
    first, last = (None if text is None else parse_instant(text) for text in (since, until))
    return bars.between(first, last)


def backtest(
    strategy: str,
    bars: Bars,
    params: Mapping[str, object] | None = None,
    *,
    sizing: str = "units",
    size: float = 1.0,
    fee_bps: float = 10.0,
    slippage_bps: float = 0.0,
    cash: float = 100_000.0,
) -> Backtest:
    """Trade a strategy through bars; nobody counts the trial, so the result's `trial_id` is None.

    `size` is in units of the symbol, unless `sizing` says weight or volatility (see `quorum.engine.Terms`); costs are
    in basis points, `cash` in the quote currency. UsageError for parameters out of bounds, DataError for too few bars.
    """
    from quorum.bootstrap import use_kernel_cache
    from quorum.engine import Terms
    from quorum.engine import backtest as run
    from quorum.signals import ConsensusRules, find_strategy

    use_kernel_cache()
    rule = find_strategy(strategy, ConsensusRules(required=("smc", "momentum"), optional=()))
    return run(bars, rule, params or {}, Terms(fee_bps, slippage_bps, sizing, size, cash), None)


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

    def why(self, identity: str) -> Sequence[dict[str, Any]]:
        """The chain behind a decision, an order, a fill or a trial, back to the bars."""
        from quorum.desk import why

        return why(self._desk, identity)

    def replay(self, identity: str) -> rooms.Replay:
        """Make a decision again in a fresh process and compare."""
        from quorum.desk import replay

        return replay(self._desk, identity)


__all__ = ["Desk", "backtest", "load_bars"]
