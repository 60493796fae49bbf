"""A backtest bar by bar: one step of the strategy a bar, every trade by an order object."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from itertools import chain, repeat

import numpy as np

from quorum.domain import (
    Instrument,
    InvalidSignal,
    Money,
    Order,
    QuorumError,
    Row,
    UsageError,
    iso,
    split_symbol,
)
from quorum.engine.backtest import Backtest, checked
from quorum.engine.events.asking import RiskDesk
from quorum.engine.events.driven import Driven
from quorum.engine.events.guard import Guard
from quorum.engine.events.ledger import Floats, Ledger
from quorum.engine.events.sizing import smooth
from quorum.engine.events.tape import Tape, TapeCosts, exact
from quorum.engine.events.trader import Market, Trader
from quorum.engine.inputs import wishes_of
from quorum.engine.provenance import TRADING_ROOMS, code_hash
from quorum.engine.terms import Terms
from quorum.execution.simulated import NoJournal, SimulatedBroker
from quorum.lake import Bars, Panel
from quorum.risk import RiskLimits
from quorum.signals import NO_EXIT, Allocations, AnyStrategy, Number, Portfolio, Strategy, is_portfolio
from quorum.stats import performance


def drive(
    bars: Bars | Panel,
    strategy: AnyStrategy,
    given: Mapping[str, object],
    terms: Terms,
    limits: RiskLimits,
    instruments: Mapping[str, Instrument] | None = None,
) -> Driven:
    """Trade `strategy` as paper and live do: a `step` at each close, and what it changes goes as a proposal to risk,
    as an order to the simulated broker, and as fills into the book.

    Fills, prices and equity are those of `backtest` as long as no limit binds. Every fill model but
    `next_open_presized` sends an aim, which the venue turns into a quantity at its price. Without `instruments`
    prices and quantities have no steps. Counts no trial. Raises what `backtest` raises.
    """
    parameters = checked(bars, strategy, given)
    tape = Tape(bars, terms)
    known = _instruments(tape, instruments)
    currency = known[tape.symbols[0]].quote
    costs, cash = TapeCosts(tape, terms), exact(terms.starting_equity)
    broker = SimulatedBroker(NoJournal(), tape, tape, costs, Money(cash, currency), known.__getitem__)
    market = Market(tape, costs, broker, known, _spread(bars, strategy, parameters, terms))
    trader = Trader(market, RiskDesk(limits, known, tape.end), Ledger(tape.symbols, currency, cash))
    if is_portfolio(strategy):
        assert isinstance(bars, Panel)
        _drive_panel(trader, strategy, bars, parameters)
    else:
        assert isinstance(bars, Bars)
        _drive_bars(trader, strategy, bars, parameters)
    trader.withdraw(tape.symbols)
    result = _result(trader, bars, strategy, parameters, terms)
    return Driven.of(result, trader.desk.checks, tuple(sorted(trader.orders, key=_sent)))


def _drive_bars(trader: Trader, strategy: Strategy, bars: Bars, parameters: Mapping[str, Number]) -> None:
    """One symbol: a decision is a target that differs from the one before, the first from 0."""
    rates, last = trader.market.tape.rates, len(bars) - 1
    guard, state = Guard(trader), strategy.start(bars, parameters)
    step, before, exits = strategy.step, 0.0, NO_EXIT
    immediate, waits = rates.lag == 0, rates.late and rates.lag > 0
    busy = trader.awake
    for i, row in enumerate(_rows(bars)):
        if busy or exits is not NO_EXIT:
            trader.open_bar(i)
            guard.watch(i, before, exits)
            if waits:
                trader.close_bar(i)
            busy = trader.awake or guard.resting
        try:
            state, (weight, exits) = step(state, row)
        except QuorumError:
            raise
        except Exception as error:
            raise _raised(strategy, bars.symbol, row.time, error) from error
        if weight != before:
            _check(strategy, weight, bars.symbol, row.time)
            before = weight
            if immediate or i < last:
                trader.decide(i, (weight,), exits)
            if immediate:
                trader.close_bar(i)
            busy = trader.awake or guard.resting


def _drive_panel(trader: Trader, strategy: Portfolio, panel: Panel, parameters: Mapping[str, Number]) -> None:
    """Many symbols: every answer is a decision about each of them."""
    rates, last = trader.market.tape.rates, len(panel) - 1
    state = strategy.start(panel, parameters)
    immediate, waits = rates.lag == 0, rates.late and rates.lag > 0
    for i, row in enumerate(panel.rows()):
        if trader.awake:
            trader.open_bar(i)
            if waits:
                trader.close_bar(i)
        try:
            state, weights = strategy.step(state, row)
        except QuorumError:
            raise
        except Exception as error:
            raise _raised(strategy, panel.symbol, row.time, error) from error
        if weights is not None:
            one = Allocations(np.array([i]), np.asarray(weights, dtype=np.float64)[None])
            wishes_of(strategy, panel, one, parameters, _PLAIN)
            if immediate or i < last:
                trader.decide(i, one.weight[0].tolist())
        if immediate:
            trader.close_bar(i)
        elif i < last:
            trader.size_waiting(i)


def _rows(bars: Bars) -> Iterator[Row]:
    """Every bar, oldest first; the columns become plain numbers at once, in blocks."""
    absent = np.full(len(bars), math.nan)
    known = [getattr(bars, name) for name in ("open", "high", "low", "close", "volume")]
    filled = [absent if column is None else column for column in known]
    funding = np.zeros(len(bars)) if bars.funding is None else bars.funding
    blocks = (slice(first, first + _BLOCK) for first in range(0, len(bars), _BLOCK))
    columns = (bars.time, *filled, funding)
    return chain.from_iterable(
        map(tuple.__new__, repeat(Row), zip(*(column[block].tolist() for column in columns), strict=True))
        for block in blocks
    )


def _instruments(tape: Tape, given: Mapping[str, Instrument] | None) -> Mapping[str, Instrument]:
    if given is None:
        currency = split_symbol(tape.symbols[0])[1]
        return {symbol: smooth(tape, symbol, currency) for symbol in tape.symbols}
    missing = sorted(set(tape.symbols) - set(given))
    if missing:
        raise UsageError(f"there is no instrument of {missing[0]}", "give one for each symbol")
    quotes = sorted({given[symbol].quote for symbol in tape.symbols})
    if len(quotes) > 1:
        raise UsageError(f"the symbols trade in {', '.join(quotes)}", "a book is in one currency: choose one")
    return given


def _spread(bars: Bars | Panel, strategy: AnyStrategy, parameters: Mapping[str, Number], terms: Terms) -> Floats:
    nothing = Allocations(np.empty(0, np.int64), np.empty((0, 1 if isinstance(bars, Bars) else len(bars.symbols))))
    return wishes_of(strategy, bars, nothing, parameters, terms).spread


def _result(
    trader: Trader, bars: Bars | Panel, strategy: AnyStrategy, parameters: Mapping[str, Number], terms: Terms
) -> Backtest:
    equity, rows = trader.ledger.equity(trader.market.tape.market), trader.ledger.rows()
    equity.flags.writeable = rows.flags.writeable = False
    numbers = performance(bars.time, equity, terms.starting_equity)
    hashed = code_hash(TRADING_ROOMS)
    return Backtest(strategy.name, parameters, bars, terms, equity, rows, trader.unfilled, numbers, hashed)


def _check(strategy: Strategy, weight: float, symbol: str, at: int) -> None:
    if not abs(weight) <= 1.0:
        raise InvalidSignal(
            f"{strategy.name} wants {weight} of {symbol} at the close of the bar of {iso(at)}",
            "a target is a number within -1..1",
        )


def _raised(strategy: AnyStrategy, symbol: str, at: int, error: Exception) -> InvalidSignal:
    return InvalidSignal(
        f"{strategy.name} raised {type(error).__name__} ({error}) at the bar of {iso(at)} of {symbol}",
        "mend its step; the cause is above",
    )


def _sent(order: Order) -> tuple[int, int]:
    return order.intent.created_at, int(order.intent.client_order_id.removeprefix("Q"))


_BLOCK = 4096
_PLAIN = Terms()
