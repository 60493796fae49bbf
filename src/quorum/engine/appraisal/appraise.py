"""The appraisal of one backtest: its numbers beyond the headline, as one value."""

from __future__ import annotations

from dataclasses import dataclass, fields, is_dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from quorum.engine.appraisal.compare import Benchmark, buy_and_hold, checked
from quorum.stats import Month, Performance, market_regimes, monthly_returns, regime_results
from quorum.stats.metrics import (
    Activity,
    Against,
    Exposure,
    Fall,
    Tails,
    TradeFigures,
    Trips,
    Underwater,
    Year,
    activity,
    against,
    deepest_falls,
    exposure_of,
    tails,
    trade_figures,
    underwater,
    yearly_returns,
)
from quorum.stats.performance import daily_returns, day_ends
from quorum.stats.regimes import RegimeResult

if TYPE_CHECKING:
    from quorum.engine.backtest import Backtest

Floats = NDArray[np.float64]
LISTED_FALLS = 10
REGIME_DAYS = 126


@dataclass(frozen=True)
class Appraisal:
    """The numbers of a backtest beyond `performance`, which is the first of them; each part says its own units.

    `falls` are the deepest, `trades` counts ended round trips and `open_trades` the others, `regimes` are of the
    benchmark's own days (Sharpe per day), none where it has too few.
    """

    performance: Performance
    tails: Tails
    underwater: Underwater
    falls: tuple[Fall, ...]
    trades: TradeFigures
    open_trades: int
    exposure: Exposure
    activity: Activity
    benchmark: str
    against: Against
    years: tuple[Year, ...]
    months: tuple[Month, ...]
    regimes: tuple[RegimeResult, ...]
    regime_convention: str

    def plain(self) -> dict[str, Any]:
        """The same as nested dicts and lists of numbers and words, for JSON."""
        return {field.name: _plain(getattr(self, field.name)) for field in fields(self)}


def appraise(result: Backtest, benchmark: Benchmark | None = None) -> Appraisal:
    """Appraise `result` beside `benchmark`, buying and holding its own symbols where none is given.

    UsageError for a benchmark without a level above 0 at each close.
    """
    time, equity, starting = result.time, result.equity, result.terms.starting_equity
    rival = buy_and_hold(result.bars) if benchmark is None else checked(benchmark, len(time))
    days, returns = result.daily
    periods = result.performance.periods_per_year
    closed = result.trades.closed
    return Appraisal(
        performance=result.performance,
        tails=tails(returns, periods),
        underwater=underwater(time, equity, starting),
        falls=deepest_falls(time, equity, starting, LISTED_FALLS),
        trades=trade_figures(_trips(result)),
        open_trades=int((~closed).sum()),
        exposure=exposure_of(*result.exposure),
        activity=_activity(result, len(returns) / periods),
        benchmark=rival.name,
        against=against(returns, daily_returns(time, rival.level, 1.0), periods),
        years=yearly_returns(days, returns, periods),
        months=tuple(monthly_returns(time, equity, starting)),
        regimes=_regimes(returns, rival.level[day_ends(time)]),
        regime_convention=f"a day's regime is the direction of {rival.name} over the {REGIME_DAYS} days before: beyond "
        "half a standard error bull or bear, between sideways",
    )


def _trips(result: Backtest) -> Trips:
    trades = result.trades
    ended = trades.closed
    notional = trades.quantity * trades.entry_price
    times = trades.entry_time[ended], trades.exit_time[ended]
    return Trips(trades.profit[ended], notional[ended], trades.side[ended], *times)


def _activity(result: Backtest, years: float) -> Activity:
    fills = result.fills
    return activity(fills.quantity * fills.price, fills.fee, result.equity, years)


def _regimes(returns: Floats, close: Floats) -> tuple[RegimeResult, ...]:
    labels = market_regimes(close, REGIME_DAYS)
    sound = np.isfinite(returns)
    return regime_results(returns[sound], labels[sound])


def _plain(value: Any) -> Any:
    if isinstance(value, tuple) and hasattr(value, "_asdict"):
        return {name: _plain(part) for name, part in value._asdict().items()}
    if isinstance(value, tuple):
        return [_plain(part) for part in value]
    if is_dataclass(value):
        return {field.name: _plain(getattr(value, field.name)) for field in fields(value)}
    return value.name.lower() if hasattr(value, "name") else value
