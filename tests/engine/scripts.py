"""Bars and targets written by hand, and the strategy that answers them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from quorum.domain import HOUR, Row, Timeframe, parse_instant
from quorum.engine import Backtest, Terms, backtest
from quorum.lake import Bars
from quorum.signals import NO_EXIT, Exit, Parameter, Params, Target, Targets

START = parse_instant("2024-01-01")
H1 = Timeframe(HOUR)
NAN = float("nan")
FREE = Terms(fee_bps=0, slippage_bps=0, sizing="units", size=1, starting_equity=1_000)

Prices = Sequence[tuple[float, float, float, float]]


def bars_of(rows: Prices, symbol: str = "TEST") -> Bars:
    """Hourly bars of (open, high, low, close)."""
    open_, high, low, close = np.array(rows, dtype=np.float64).reshape(-1, 4).T
    return Bars(symbol, "test", H1, START + np.arange(len(rows)) * HOUR, close, open_, high, low)


def closes_of(closes: Sequence[float]) -> Bars:
    """Hourly bars with closes only."""
    return Bars("TEST", "test", H1, START + np.arange(len(closes)) * HOUR, np.array(closes, dtype=np.float64))


@dataclass(frozen=True)
class Script:
    """A strategy that wants what is written, bar by bar."""

    targets: Sequence[Target]
    name: str = "script"
    kind: str = "rule"
    summary: str = "wants what is written"
    parameters: tuple[Parameter, ...] = (Parameter("atr_period", 14, 2, 50, "bars of the average true range"),)
    settings: Mapping[str, object] = field(default_factory=dict)

    def warmup(self, params: Params) -> int:
        return 0

    def start(self, bars: Bars, params: Params) -> int:
        return 0

    def step(self, state: int, row: Row) -> tuple[int, Target]:
        return state + 1, self.targets[state]

    def batch(self, bars: Bars, params: Params) -> Targets:
        rows = [(t.weight, *t.exit) for t in self.targets[: len(bars)]]
        return Targets(*np.array(rows, dtype=np.float64).reshape(-1, 4).T.copy())


def want(weight: float, stop: float = NAN, target: float = NAN, trail: float = NAN) -> Target:
    return Target(weight, Exit(stop, target, trail))


FLAT = Target(0.0, NO_EXIT)


def trade(bars: Bars, targets: Sequence[Target], terms: Terms = FREE) -> Backtest:
    """The script traded; after its end the last target stays."""
    rest = [targets[-1]] * (len(bars) - len(targets))
    return backtest(bars, Script([*targets, *rest]), {}, terms, None)


def trips(result: Backtest) -> list[tuple[Any, ...]]:
    """Each round trip as (entry bar, exit bar, side, quantity, entry price, exit price, profit, reason)."""
    t = result.trades
    first = int(result.time[0])
    enter, leave = ((at - first) // HOUR for at in (t.entry_time, t.exit_time))
    numbers = (enter, leave, t.side, t.quantity, t.entry_price, t.exit_price, t.profit)
    columns = [c.tolist() for c in numbers]
    return list(zip(*columns, t.reason, strict=True))
