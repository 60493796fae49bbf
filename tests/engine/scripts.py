"""Bars and targets written by hand, and the strategy that answers them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quorum.domain import DAY, HOUR, Row, Timeframe, parse_instant
from quorum.engine import Backtest, Terms, backtest
from quorum.lake import Bars, Panel, PanelRow
from quorum.signals import NO_EXIT, Allocations, Exit, Parameter, Params, Target, Targets

START = parse_instant("2024-01-01")
THURSDAY = parse_instant("2024-01-04")
H1 = Timeframe(HOUR)
D1 = Timeframe(DAY)
NAN = float("nan")
FREE = Terms(fee_bps=0, slippage_bps=0, sizing="units", size=1, starting_equity=1_000)

ATR_PERIOD = Parameter("atr_period", 14, 2, 50, "bars of the average true range")

Prices = Sequence[tuple[float, float, float, float]]


def bars_of(
    rows: Prices, symbol: str = "TEST", volume: Sequence[float] | None = None, funding: Sequence[float] | None = None
) -> Bars:
    """Hourly bars of (open, high, low, close)."""
    open_, high, low, close = np.array(rows, dtype=np.float64).reshape(-1, 4).T
    traded, paid = (None if c is None else np.array(c, dtype=np.float64) for c in (volume, funding))
    return Bars(symbol, "test", H1, START + np.arange(len(rows)) * HOUR, close, open_, high, low, traded, paid)


def flat_bars(prices: Sequence[float], **columns: Sequence[float]) -> Bars:
    """Hourly bars that never leave their price."""
    return bars_of([(p, p, p, p) for p in prices], **columns)  # type: ignore[arg-type]


def zigzag(n: int, volume: float) -> Bars:
    """Days that close at 100 and 101 in turn: log returns of plus and minus ln 1.01."""
    closes = [100.0, 101.0] * (n // 2)
    bars = flat_bars(closes, volume=[volume] * n)
    return replace(bars, timeframe=D1, time=THURSDAY + np.arange(n) * DAY)


def panel_of(closes: Mapping[str, Sequence[float]], **columns: Any) -> Panel:
    """Daily bars of several symbols that never leave their price; NaN where a symbol has none."""
    close = np.array(list(closes.values()), dtype=np.float64).T
    time = START + np.arange(len(close)) * DAY
    return Panel(tuple(closes), "test", D1, time, close, close, close, close, **columns)


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
    parameters: tuple[Parameter, ...] = (ATR_PERIOD,)
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


@dataclass(frozen=True)
class PanelScript:
    """A portfolio that wants what is written: for each bar of a decision the targets of all symbols."""

    targets: Mapping[int, Sequence[float]]
    symbols: tuple[int, int | None] = (1, None)
    name: str = "portfolio_script"
    kind: str = "portfolio"
    summary: str = "wants what is written"
    parameters: tuple[Parameter, ...] = (ATR_PERIOD,)
    settings: Mapping[str, object] = field(default_factory=dict)

    def warmup(self, params: Params) -> int:
        return 0

    def start(self, panel: Panel, params: Params) -> int:
        return 0

    def step(self, state: int, row: PanelRow) -> tuple[int, NDArray[np.float64] | None]:
        wanted = self.targets.get(state)
        return state + 1, None if wanted is None else np.array(wanted, dtype=np.float64)

    def batch(self, panel: Panel, params: Params) -> Allocations:
        rows = sorted(row for row in self.targets if row < len(panel))
        weights = np.array([self.targets[row] for row in rows], dtype=np.float64)
        return Allocations(np.array(rows, dtype=np.int64), weights.reshape(len(rows), len(panel.symbols)))


def want(weight: float, stop: float = NAN, target: float = NAN, trail: float = NAN) -> Target:
    return Target(weight, Exit(stop, target, trail))


FLAT = Target(0.0, NO_EXIT)


def trade(bars: Bars, targets: Sequence[Target], terms: Terms = FREE) -> Backtest:
    """The script traded; after its end the last target stays."""
    rest = [targets[-1]] * (len(bars) - len(targets))
    return backtest(bars, Script([*targets, *rest]), {}, terms, None)


def rebalance(panel: Panel, targets: Mapping[int, Sequence[float]], terms: Terms = FREE) -> Backtest:
    """The panel traded to the targets of the bars that have any."""
    return backtest(panel, PanelScript(targets), {}, terms, None)


def filled(result: Backtest) -> list[tuple[int, int, float, float, float]]:
    """Each fill as (bar, bar of the decision, quantity, price, fee)."""
    return [(int(i), int(at), q, p, fee) for i, at, _, q, p, fee, _ in result.rows.tolist()]


def trips(result: Backtest) -> list[tuple[Any, ...]]:
    """Each round trip as (entry bar, exit bar, side, quantity, entry price, exit price, profit, reason)."""
    t = result.trades
    first = int(result.time[0])
    enter, leave = ((at - first) // HOUR for at in (t.entry_time, t.exit_time))
    numbers = (enter, leave, t.side, t.quantity, t.entry_price, t.exit_price, t.profit)
    columns = [c.tolist() for c in numbers]
    return list(zip(*columns, t.reason.tolist(), strict=True))
