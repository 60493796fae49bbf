"""One backtest: a strategy's targets traded through bars, as a value with its provenance."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quorum.domain import DAY, DataError, Timeframe, UsageError, iso
from quorum.engine.appraisal.holdings import carried
from quorum.engine.appraisal.quality import Quality, data_quality
from quorum.engine.inputs import market_of, rates_of, refuse_flaws, wishes_of
from quorum.engine.kernel import QUANTITY, ROW, SYMBOL, Wishes, run
from quorum.engine.ports import Trials
from quorum.engine.provenance import TRADING_ROOMS, code_hash, machine
from quorum.engine.records import Fills, Trades, fills_of, trades_of
from quorum.engine.terms import Terms
from quorum.engine.trial import TrialRecord, address, trial_id
from quorum.lake import Bars, Panel
from quorum.signals import (
    Allocations,
    AnyStrategy,
    Number,
    Sharing,
    Targets,
    family_of,
    guard,
    is_portfolio,
    origin,
    read_params,
)
from quorum.stats import Performance, performance
from quorum.stats.performance import daily_returns, day_ends

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Backtest:
    """What a strategy would have done on `bars`: equity at each close, fills, round trips, performance.

    `equity` has shape (n,), in the quote currency; `rows` are the kernel's fills, `unfilled` counts orders that were
    replaced or ended before they were filled whole. `trial_id` is the content address of data, code, strategy,
    parameters and terms; None when nobody counts. A backtest draws nothing: a strategy that does takes its seed as a
    parameter.
    """

    strategy: str
    parameters: Mapping[str, Number]
    bars: Bars | Panel
    terms: Terms
    equity: Floats
    rows: Floats
    unfilled: int
    performance: Performance
    code_hash: str
    trial_id: str | None = None
    trials_in_family: int | None = None

    @property
    def time(self) -> NDArray[np.int64]:
        """The open of each bar, shape (n,), ns UTC."""
        return self.bars.time

    @property
    def symbols(self) -> tuple[str, ...]:
        return (self.bars.symbol,) if isinstance(self.bars, Bars) else self.bars.symbols

    @property
    def symbol(self) -> str:
        """The symbol, or one word for all of them."""
        return self.bars.symbol

    @property
    def venue(self) -> str:
        return self.bars.venue

    @property
    def timeframe(self) -> Timeframe:
        return self.bars.timeframe

    @property
    def fill(self) -> str:
        """The fill model; bars with closes only have no open to fill at."""
        late = self.bars.closes_only and self.terms.model.lag
        return "next_close" if late else self.terms.fill

    @property
    def data_hash(self) -> str:
        return self.bars.data_hash

    @property
    def final_equity(self) -> float:
        return float(self.equity[-1])

    @property
    def ruined(self) -> int | None:
        """The open (ns UTC) of the first bar at whose close nothing was left; None when there always was something.

        The backtest goes on, with what was held; a real account would have been closed.
        """
        below = self.equity <= 0.0
        return int(self.time[int(np.argmax(below))]) if below.any() else None

    @cached_property
    def fills(self) -> Fills:
        """Every fill, as columns."""
        return fills_of(self.rows, self.time, self.symbols)

    @property
    def orders(self) -> Fills:
        """The same as `fills`; under `volume_capped` an order has one a bar."""
        return self.fills

    @cached_property
    def trades(self) -> Trades:
        """Round trips, as columns; what is still open is marked at the last close."""
        marks = carried(self.bars.close.reshape(len(self.time), -1))[-1]
        return trades_of(self.rows, self.time, self.symbols, marks)

    @cached_property
    def position(self) -> Floats:
        """Units held at each close, shape (n,) for one symbol, (n, m) for many."""
        moved = np.zeros((len(self.time), len(self.symbols)))
        at = self.rows[:, ROW].astype(np.int64), self.rows[:, SYMBOL].astype(np.int64)
        np.add.at(moved, at, self.rows[:, QUANTITY])
        held = np.cumsum(moved, axis=0)
        held[np.abs(held) < 1e-12 * np.maximum(np.abs(moved).max(axis=0, initial=0.0), 1e-300)] = 0.0
        return held[:, 0] if isinstance(self.bars, Bars) else held

    @cached_property
    def exposure(self) -> tuple[Floats, Floats]:
        """Net and gross value held at each close as fractions of equity, each of shape (n,)."""
        held = self.position.reshape(len(self.time), -1)
        value = held * carried(self.bars.close.reshape(len(self.time), -1))
        worth = np.where(self.equity > 0, self.equity, np.nan)
        return np.nansum(value, axis=1) / worth, np.nansum(np.abs(value), axis=1) / worth

    @cached_property
    def quality(self) -> Quality:
        """What was odd about the bars, and what this backtest did about it."""
        return data_quality(self.bars, self.terms)

    @property
    def daily(self) -> tuple[NDArray[np.int64], Floats]:
        """The UTC days (d,) as ns at midnight, and the simple return of each."""
        days = self.time[day_ends(self.time)] // DAY * DAY
        return days, daily_returns(self.time, self.equity, self.terms.starting_equity)

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
            "fills": len(self.rows),
            "unfilled": self.unfilled,
            "trades": len(self.trades),
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
    bars: Bars | Panel,
    strategy: AnyStrategy,
    given: Mapping[str, object],
    terms: Terms,
    trials: Trials | None,
) -> Backtest:
    """Trade `strategy` through `bars`: known at a bar's close, filled as the terms say.

    Counts a trial before it answers. UsageError for parameters out of bounds or bars of another kind than the
    strategy takes, DataError for too few bars or one without a price, InvalidSignal for a strategy that raises or
    whose targets are no numbers within -1..1.
    """
    parameters = checked(bars, strategy, given)
    wishes = wishes_for(bars, strategy, parameters, terms)
    result = traded(bars, strategy, parameters, terms, wishes)
    if trials is None:
        return result
    inputs = inputs_of(bars, strategy, terms)
    identity = trial_id(address(inputs), parameters)
    result = replace(result, trial_id=identity)
    days, returns = result.daily
    outcome = result.summary()
    family = family_of(strategy)
    trials.record_many([TrialRecord(identity, family, inputs, parameters, outcome, days, returns)])
    return replace(result, trials_in_family=trials.count(family))


def checked(bars: Bars | Panel, strategy: AnyStrategy, given: Mapping[str, object]) -> dict[str, Number]:
    """All parameters, when the strategy can run on these bars; UsageError or DataError when it cannot."""
    parameters = read_params(strategy, given)
    if is_portfolio(strategy):
        least, most = strategy.symbols
        count = len(bars.symbols) if isinstance(bars, Panel) else 1
        if isinstance(bars, Bars) or count < least or (most is not None and count > most):
            wanted = f"{least}" if most == least else f"{least} to {most}" if most else f"{least} or more"
            raise UsageError(f"{strategy.name} takes {wanted} symbols, not {count}", "name as many, each with --symbol")
    elif isinstance(bars, Panel):
        raise UsageError(f"{strategy.name} takes one symbol, not {len(bars.symbols)}", "backtest them one by one")
    refuse_flaws(bars)
    need = guard(strategy).warmup(parameters) + 1
    if len(bars) < need:
        raise DataError(
            f"{bars.symbol} {bars.timeframe} has {len(bars)} bars in this period, {strategy.name} needs {need}",
            "choose a longer period, import more, or shorten the strategy's windows",
        )
    return parameters


def wishes_for(bars: Bars | Panel, strategy: AnyStrategy, parameters: Mapping[str, Number], terms: Terms) -> Wishes:
    """What the strategy wants of these bars, checked."""
    return wishes_of(strategy, bars, _asked(bars, strategy, parameters), parameters, terms)


def _asked(bars: Bars | Panel, strategy: AnyStrategy, parameters: Mapping[str, Number]) -> Targets | Allocations:
    watched = guard(strategy)
    if is_portfolio(watched):
        assert isinstance(bars, Panel)
        return watched.batch(bars, parameters)
    assert isinstance(bars, Bars)
    return watched.over(bars)(parameters) if isinstance(watched, Sharing) else watched.batch(bars, parameters)


def traded(
    bars: Bars | Panel, strategy: AnyStrategy, parameters: Mapping[str, Number], terms: Terms, wishes: Wishes
) -> Backtest:
    """The wishes traded, as a value that nobody has counted."""
    equity = np.empty(len(bars))
    rows, unfilled = run(market_of(bars, terms), wishes, rates_of(bars, terms), equity)
    equity.flags.writeable = rows.flags.writeable = False
    return Backtest(
        strategy.name,
        parameters,
        bars,
        terms,
        equity,
        rows,
        unfilled,
        performance(bars.time, equity, terms.starting_equity),
        code_hash(TRADING_ROOMS),
    )


def inputs_of(bars: Bars | Panel, strategy: AnyStrategy, terms: Terms) -> dict[str, Any]:
    """All that a backtest's numbers depend on but its parameters, as plain values; `machine` is told, not hashed.

    `origin` is the hash of the code of a strategy that is not ours, `place` where it was found, which is no part of
    the identity.
    """
    found = origin(strategy)
    return {
        "strategy": strategy.name,
        "kind": strategy.kind,
        "settings": strategy.settings,
        "origin": None if found is None else found.sha256,
        "place": None if found is None else found.place,
        "terms": terms,
        "symbol": bars.symbol,
        "symbols": [bars.symbol] if isinstance(bars, Bars) else list(bars.symbols),
        "venue": bars.venue,
        "timeframe": str(bars.timeframe),
        "price_decimals": bars.price_decimals,
        "revisions": [bars.revision] if isinstance(bars, Bars) else list(bars.revisions),
        "funding_revisions": [bars.funding_revision] if isinstance(bars, Bars) else list(bars.funding_revisions),
        "first": int(bars.time[0]),
        "last": int(bars.time[-1]),
        "data_hash": bars.data_hash,
        "code_hash": code_hash(TRADING_ROOMS),
        "machine": machine(),
    }
