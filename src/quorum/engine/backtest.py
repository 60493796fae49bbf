"""One backtest: a strategy's targets traded through bars, as a value with its provenance."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from quorum.domain import DataError, Timeframe, UsageError, content_hash, iso
from quorum.engine.kernel import UNITS, VOLATILITY, WEIGHT, Market, Rates, TradeRows, Wishes, run
from quorum.engine.ports import Trials
from quorum.engine.provenance import code_hash, machine
from quorum.features import wilder_atr
from quorum.lake import Bars
from quorum.signals import Number, Strategy, Targets, read_params
from quorum.stats import Performance, performance

SIZINGS = {"units": UNITS, "weight": WEIGHT, "volatility": VOLATILITY}
REASONS = ("target", "stop", "limit", "open")
DEFAULT_ATR = 14


@dataclass(frozen=True, slots=True)
class Terms:
    """On what terms a backtest trades: basis points of notional and of price, sizing and its size, starting cash.

    Sizing `weight`: a target of 1 is `size` of equity. `units`: it is `size` units. `volatility`: one average true
    range (the strategy's `atr_period`, else 14 bars) is `size` of equity, without leverage.
    """

    fee_bps: float = 10.0
    slippage_bps: float = 2.0
    sizing: str = "weight"
    size: float = 1.0
    starting_equity: float = 100_000.0

    def __post_init__(self) -> None:
        if self.sizing not in SIZINGS:
            raise UsageError(f"there is no sizing {self.sizing!r}", f"choose one of {', '.join(SIZINGS)}")
        if not (self.fee_bps >= 0 and self.slippage_bps >= 0 and self.size > 0 and self.starting_equity > 0):
            raise UsageError(
                f"terms {self} make no sense", "fees and slippage are >= 0, size and starting equity above 0"
            )


class Trades(NamedTuple):
    """Round trips, each column of shape (m,): instants in ns UTC, side 1 or -1, prices in the quote currency.

    `profit` is after `fees`; `reason` says why it was left: target, stop, limit, or open when it still is.
    """

    entry_time: NDArray[np.int64]
    exit_time: NDArray[np.int64]
    side: NDArray[np.int8]
    quantity: NDArray[np.float64]
    entry_price: NDArray[np.float64]
    exit_price: NDArray[np.float64]
    fees: NDArray[np.float64]
    profit: NDArray[np.float64]
    reason: list[str]


@dataclass(frozen=True, eq=False)
class Backtest:
    """What a strategy would have done: columns of shape (n,) over its bars, its round trips, its performance.

    `trial_id` is the content address of data, code, strategy, parameters and terms; None when nobody counts.
    """

    strategy: str
    parameters: Mapping[str, Number]
    symbol: str
    venue: str
    timeframe: Timeframe
    fill: str
    terms: Terms
    time: NDArray[np.int64]
    equity: NDArray[np.float64]
    weight: NDArray[np.float64]
    trades: Trades
    performance: Performance
    data_hash: str
    code_hash: str
    trial_id: str | None
    trials_in_family: int | None

    @property
    def final_equity(self) -> float:
        return float(self.equity[-1])

    def summary(self) -> dict[str, Any]:
        """The plain numbers: what the command line prints and a trial keeps."""
        return {
            "strategy": self.strategy,
            "parameters": dict(self.parameters),
            "symbol": self.symbol,
            "venue": self.venue,
            "timeframe": str(self.timeframe),
            "bars": len(self.time),
            "first": iso(int(self.time[0])),
            "last": iso(int(self.time[-1])),
            "fill": self.fill,
            "trades": len(self.trades.entry_time),
            "final_equity": self.final_equity,
            "total_return": self.performance.total_return,
            "sharpe": self.performance.sharpe,
            "sharpe_se": self.performance.sharpe_se,
            "sortino": self.performance.sortino,
            "max_drawdown": self.performance.max_drawdown,
            "convention": self.performance.convention,
            "terms": self.terms,
            "data_hash": self.data_hash,
            "code_hash": self.code_hash,
            "trial_id": self.trial_id,
        }


def backtest(
    bars: Bars, strategy: Strategy, given: Mapping[str, object], terms: Terms, trials: Trials | None
) -> Backtest:
    """Trade `strategy` through `bars`: known at the close, filled at the next open, closes-only at the next close.

    Counts a trial before it answers. UsageError for parameters out of bounds, DataError for too few bars.
    """
    parameters = read_params(strategy, given)
    need = strategy.warmup(parameters) + 1
    if len(bars) < need:
        raise DataError(
            f"{bars.symbol} {bars.timeframe} has {len(bars)} bars in this period, {strategy.name} needs {need}",
            "choose a longer period, import more, or shorten the strategy's windows",
        )
    targets = strategy.batch(bars, parameters)
    equity, trades = _trade(bars, targets, parameters, terms)
    inputs = {
        "strategy": strategy.name,
        "settings": strategy.settings,
        "parameters": parameters,
        "terms": terms,
        "symbol": bars.symbol,
        "venue": bars.venue,
        "timeframe": str(bars.timeframe),
        "revision": bars.revision,
        "first": int(bars.time[0]),
        "last": int(bars.time[-1]),
        "data_hash": bars.data_hash,
        "code_hash": code_hash(),
        "machine": machine(),
    }
    address = {k: v for k, v in inputs.items() if k not in ("revision", "machine")}
    identity = f"TRL-{content_hash(address)[:20]}"
    result = Backtest(
        strategy.name,
        parameters,
        bars.symbol,
        bars.venue,
        bars.timeframe,
        "next_close" if bars.closes_only else "next_open",
        terms,
        bars.time,
        equity,
        targets.weight,
        trades,
        performance(bars.time, equity, terms.starting_equity),
        bars.data_hash,
        code_hash(),
        identity if trials else None,
        None,
    )
    return _counted(result, inputs, trials) if trials else result


def _counted(result: Backtest, inputs: Mapping[str, Any], trials: Trials) -> Backtest:
    assert result.trial_id is not None
    trials.record(result.trial_id, result.strategy, inputs, result.summary())
    return replace(result, trials_in_family=trials.count(result.strategy))


def _trade(
    bars: Bars, targets: Targets, parameters: Mapping[str, Number], terms: Terms
) -> tuple[NDArray[np.float64], Trades]:
    fill = bars.close if bars.open is None else bars.open
    high = bars.close if bars.high is None else bars.high
    low = bars.close if bars.low is None else bars.low
    spread = np.full(len(bars), np.nan)
    if terms.sizing == "volatility":
        spread = wilder_atr(high, low, bars.close, int(parameters.get("atr_period", DEFAULT_ATR)))
    rates = Rates(
        terms.fee_bps / 1e4, terms.slippage_bps / 1e4, terms.starting_equity, SIZINGS[terms.sizing], terms.size
    )
    equity = np.empty(len(bars))
    rows = _blank_rows(len(bars))
    wishes = Wishes(targets.weight, targets.stop, targets.target, targets.trail, spread)
    count = run(Market(fill, high, low, bars.close), wishes, rates, equity, rows)
    equity.flags.writeable = False
    return equity, _trades(bars, rows, count)


def _blank_rows(n: int) -> TradeRows:
    """Room for the most round trips that n bars can hold: one by target and one by exit on each."""
    entry, leave, reason = (np.empty(2 * n + 1, np.int64) for _ in range(3))
    quantity, entry_price, exit_price, fees, profit = (np.empty(2 * n + 1) for _ in range(5))
    return TradeRows(entry, leave, quantity, entry_price, exit_price, fees, profit, reason)


def _trades(bars: Bars, rows: TradeRows, count: int) -> Trades:
    quantity = rows.quantity[:count]
    return Trades(
        bars.time[rows.entry[:count]],
        bars.time[rows.exit[:count]],
        np.sign(quantity).astype(np.int8),
        np.abs(quantity),
        rows.entry_price[:count].copy(),
        rows.exit_price[:count].copy(),
        rows.fees[:count].copy(),
        rows.profit[:count].copy(),
        [REASONS[r] for r in rows.reason[:count]],
    )
