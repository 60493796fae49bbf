"""One backtest: a strategy's targets traded through bars, as a value with its provenance."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from quorum.domain import DataError, InvalidSignal, Timeframe, UsageError, content_hash, iso
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

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Terms:
    """On what terms a backtest trades: basis points of notional and of price, sizing and its size, starting cash.

    Sizing `weight`: a target of 1 is `size` of equity at the fill, before its costs. `units`: it is `size` units.
    `volatility`: one average true range (the strategy's `atr_period`, else 14 bars) is `size` of equity, without
    leverage; a target that comes before that range is known (373 bars for 14) trades nothing until it changes.
    UsageError for terms that make no sense.
    """

    fee_bps: float = 10.0
    slippage_bps: float = 0.0
    sizing: str = "weight"
    size: float = 1.0
    starting_equity: float = 100_000.0

    def __post_init__(self) -> None:
        if self.sizing not in SIZINGS:
            raise UsageError(f"there is no sizing {self.sizing!r}", f"choose one of {', '.join(SIZINGS)}")
        for name in ("fee_bps", "slippage_bps", "size", "starting_equity"):
            object.__setattr__(self, name, float(getattr(self, name)))
        costs = 0 <= self.fee_bps < math.inf and 0 <= self.slippage_bps < 10_000
        if not (costs and 0 < self.size < math.inf and 0 < self.starting_equity < math.inf):
            raise UsageError(
                f"{self} makes no sense",
                "costs are at least 0, slippage below 10000 basis points, size and starting equity above 0",
            )


class Trades(NamedTuple):
    """Round trips, each column of shape (m,): instants in ns UTC, side 1 or -1, prices in the quote currency.

    `quantity` is what was entered in all, the prices are averages over it, an open rest at the last close; `profit`
    is side * quantity * (exit_price - entry_price) less `fees`. `reason` says why it was left: target, stop, limit,
    or open when it still is.
    """

    entry_time: NDArray[np.int64]
    exit_time: NDArray[np.int64]
    side: NDArray[np.int8]
    quantity: Floats
    entry_price: Floats
    exit_price: Floats
    fees: Floats
    profit: Floats
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
    equity: Floats
    weight: Floats
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

    Counts a trial before it answers. UsageError for parameters out of bounds, DataError for too few bars or one
    without a price, InvalidSignal for a strategy whose targets are no numbers within -1..1.
    """
    parameters = read_params(strategy, given)
    need = strategy.warmup(parameters) + 1
    if len(bars) < need:
        raise DataError(
            f"{bars.symbol} {bars.timeframe} has {len(bars)} bars in this period, {strategy.name} needs {need}",
            "choose a longer period, import more, or shorten the strategy's windows",
        )
    targets = strategy.batch(bars, parameters)
    wishes = _wishes(strategy, bars, targets, _spread(bars, parameters, terms))
    equity, trades = _trade(bars, wishes, terms)
    inputs = {
        "strategy": strategy.name,
        "settings": strategy.settings,
        "parameters": parameters,
        "terms": terms,
        "symbol": bars.symbol,
        "venue": bars.venue,
        "timeframe": str(bars.timeframe),
        "price_decimals": bars.price_decimals,
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
        wishes.weight,
        trades,
        performance(bars.time, equity, terms.starting_equity),
        bars.data_hash,
        code_hash(),
        None if trials is None else identity,
        None,
    )
    return result if trials is None else _counted(result, inputs, trials)


def _counted(result: Backtest, inputs: Mapping[str, Any], trials: Trials) -> Backtest:
    assert result.trial_id is not None
    trials.record(result.trial_id, result.strategy, inputs, result.summary())
    return replace(result, trials_in_family=trials.count(result.strategy))


def _spread(bars: Bars, parameters: Mapping[str, Number], terms: Terms) -> Floats:
    """The average true range at each close, where the sizing asks for it."""
    if terms.sizing != "volatility":
        return np.full(len(bars), np.nan)
    high = bars.close if bars.high is None else bars.high
    low = bars.close if bars.low is None else bars.low
    return wilder_atr(high, low, bars.close, int(parameters.get("atr_period", DEFAULT_ATR)))


def _wishes(strategy: Strategy, bars: Bars, targets: Targets, spread: Floats) -> Wishes:
    """The targets in the one form that the kernel is compiled for: read-only, contiguous, float64."""
    wishes = Wishes(*(np.ascontiguousarray(column, dtype=np.float64).view() for column in (*targets.full(), spread)))
    for name, column in wishes._asdict().items():
        if column.shape != bars.close.shape:
            raise InvalidSignal(
                f"{strategy.name} answers {name} of shape {column.shape} for {len(bars)} bars",
                "one row a bar is needed",
            )
        column.flags.writeable = False
    if not (wishes.weight.min() >= -1.0 and wishes.weight.max() <= 1.0):
        bad = int(np.argmin(np.abs(wishes.weight) <= 1.0))
        raise InvalidSignal(
            f"{strategy.name} wants {wishes.weight[bad]} at the close of the bar of {iso(int(bars.time[bad]))}",
            "a target is a number within -1..1",
        )
    return wishes


def _market(bars: Bars) -> Market:
    columns = bars.columns()
    market = Market(*(columns.get(name, bars.close) for name in ("open", "high", "low", "close")))
    for name, column in zip(("open", "high", "low", "close"), market, strict=True):
        if not (column.min() > 0.0 and column.max() < np.inf):
            bad = int(np.argmin((column > 0.0) & (column < np.inf)))
            raise DataError(
                f"{bars.symbol}: the bar of {iso(int(bars.time[bad]))} has {name} {column[bad]}, no price to trade at",
                "run `quorum data check` and leave the bar out",
            )
    return market


def _trade(bars: Bars, wishes: Wishes, terms: Terms) -> tuple[Floats, Trades]:
    market = _market(bars)
    rates = Rates(
        terms.fee_bps / 1e4, terms.slippage_bps / 1e4, terms.starting_equity, SIZINGS[terms.sizing], terms.size
    )
    equity = np.empty(len(bars))
    rows = _blank_rows(len(bars))
    count = run(market, wishes, rates, equity, rows)
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
