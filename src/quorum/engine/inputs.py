"""From bars and targets to what the kernel takes; what cannot be traded is refused with its place."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from quorum.domain import DAY, DataError, InvalidSignal, iso
from quorum.engine.kernel import Market, Rates, Wishes
from quorum.engine.terms import SIZINGS, Terms
from quorum.features import wilder_atr
from quorum.lake import Bars, Panel
from quorum.signals import Allocations, AnyStrategy, Number, Targets
from quorum.stats import kernel

DEFAULT_ATR = 14
MEASURED_DAYS = 20
ROUNDING = 1e-18
YEAR = 365 * DAY

Floats = NDArray[np.float64]
Column = TypeVar("Column", NDArray[np.float64], NDArray[np.int64])
NONE = np.empty((0, 0))
NONE.flags.writeable = False  # as the columns are, so that `run` is compiled once


def market_of(bars: Bars | Panel, terms: Terms) -> Market:
    """The prices to trade at; DataError for one that is none, or for volume or impact without volume."""
    refuse_flaws(bars)
    columns = {name: _wide(column) for name, column in bars.columns().items() if name != "time"}
    close = columns["close"]
    start, high, low = (columns.get(name, close) for name in ("open", "high", "low"))
    model = terms.model
    fill = {"open": start, "close": close}.get(model.price)
    if fill is None:
        fill = (high + low + close) / 3.0
    if (model.capped or terms.impact) and "volume" not in columns:
        raise DataError(f"{bars.symbol} has no volume", "choose a fill without it and no impact, or import volume")
    return Market(
        open=start,
        high=high,
        low=low,
        close=close,
        fill=_frozen(fill),
        volume=columns["volume"] if model.capped else NONE,
        funding=columns.get("funding", NONE),
        impact=_frozen(terms.impact * _impact(close, columns["volume"], bars)) if terms.impact else NONE,
        borrow=_borrow(bars, terms),
        dense=isinstance(bars, Bars) or bars.dense,
    )


def rates_of(bars: Bars | Panel, terms: Terms) -> Rates:
    """The terms as the kernel's numbers; fills of bars with closes only come at the close, whatever their order."""
    model = terms.model
    return Rates(
        taker=terms.fee_bps / 1e4,
        maker=(terms.fee_bps if terms.maker_bps is None else terms.maker_bps) / 1e4,
        per_unit=terms.fee_per_unit,
        minimum=terms.minimum_fee,
        slippage=terms.slippage_bps / 1e4,
        cash=terms.starting_equity,
        sizing=SIZINGS[terms.sizing],
        size=terms.size,
        lag=model.lag,
        late=model.late and not (bars.closes_only and model.lag),
        presized=model.presized,
        share=terms.volume_share if model.capped else 0.0,
        lot=terms.lot,
    )


def wishes_of(
    strategy: AnyStrategy,
    bars: Bars | Panel,
    answer: Targets | Allocations,
    parameters: Mapping[str, Number],
    terms: Terms,
) -> Wishes:
    """A strategy's answer where it changes.

    InvalidSignal for another shape than the bars', rows that do not increase, or a target outside of -1..1.
    """
    spread, who = _spread(bars, parameters, terms), _named(strategy, parameters)
    if isinstance(answer, Allocations):
        return Wishes(*_sparse(who, bars, answer), NONE, NONE, NONE, spread)
    assert isinstance(bars, Bars)
    weight, *exits = answer.full() if any(column is not None for column in answer[1:]) else (answer.weight,)
    rows, weights = _changes(who, bars, weight)
    named = zip(("stop", "target", "trail"), exits, strict=False)
    levels = [_wide(_column(who, name, column, len(bars))) for name, column in named] or [NONE] * 3
    return Wishes(rows, weights, levels[0], levels[1], levels[2], spread)


def _changes(who: str, bars: Bars, asked: Floats) -> tuple[NDArray[np.int64], Floats]:
    weight = _column(who, "weight", asked, len(bars))
    rows = np.empty(len(bars), np.int64)
    count, bad = changes(weight, rows)
    if bad >= 0:
        _refuse(who, float(weight[bad]), bars.symbol, int(bars.time[bad]))
    return _frozen(rows[:count].copy()), _wide(weight[rows[:count]])


def _sparse(who: str, panel: Bars | Panel, given: Allocations) -> tuple[NDArray[np.int64], Floats]:
    symbols = panel.symbols if isinstance(panel, Panel) else (panel.symbol,)
    row = _numbers(who, "rows", given.row).astype(np.int64)
    weight = _numbers(who, "weights", given.weight)
    if weight.shape != (len(row), len(symbols)):
        raise InvalidSignal(
            f"{who} answers weights of shape {weight.shape} for {len(row)} rows of {panel.symbol}",
            f"({len(row)}, {len(symbols)}) is needed",
        )
    q, j = fault(row, weight, len(panel))
    if q >= 0 and j < 0:
        found = f"{who} answers rows that do not increase within the {len(panel)} bars of {panel.symbol}"
        raise InvalidSignal(found, "give each bar of a decision once, oldest first")
    if q >= 0:
        _refuse(who, float(weight[q, j]), symbols[j], int(panel.time[row[q]]))
    return _frozen(row), _frozen(weight)


@kernel
def fault(row: NDArray[np.int64], weight: Floats, n: int) -> tuple[int, int]:
    """The first decision whose bar does not increase or is none of n (symbol -1), or that asks for no target; (-1, -1)
    without any. NaN leaves a symbol as it is.
    """
    before = -1
    for q in range(len(row)):
        if not before < row[q] < n:
            return q, -1
        before = row[q]
        for j in range(weight.shape[1]):
            if not (abs(weight[q, j]) <= 1.0 or np.isnan(weight[q, j])):
                return q, j
    return -1, -1


@kernel
def changes(weight: Floats, rows: NDArray[np.int64]) -> tuple[int, int]:
    """Write the bars on which the target (n,) changes, the first from 0; how many, and the first that is no target."""
    count, before = 0, 0.0
    for i in range(len(weight)):
        if weight[i] != before:
            if not abs(weight[i]) <= 1.0:
                return count, i
            before = weight[i]
            rows[count] = i
            count += 1
    return count, -1


def refuse_flaws(bars: Bars | Panel) -> None:
    """DataError for the first price that nobody could trade at, with symbol and bar."""
    flaw = bars.flaw
    if flaw is None and isinstance(bars, Panel) and bars.funding is not None:
        bad = np.argwhere(~np.isfinite(bars.funding))
        flaw = ("funding", int(bad[0][0]), int(bad[0][1])) if len(bad) else None
    if flaw is not None:
        name, i, j = flaw
        value = getattr(bars, name)[i] if isinstance(bars, Bars) else getattr(bars, name)[i, j]
        symbol = bars.symbol if isinstance(bars, Bars) else bars.symbols[j]
        raise DataError(
            f"{symbol}: the bar of {iso(int(bars.time[i]))} has {name} {value}, no price to trade at",
            "run `quorum data check` and leave the bar out",
        )


def _named(strategy: AnyStrategy, parameters: Mapping[str, Number]) -> str:
    given = ", ".join(f"{name} = {value}" for name, value in parameters.items())
    return f"{strategy.name} with {given}" if given else strategy.name


def _refuse(who: str, value: float, symbol: str, at: int) -> None:
    raise InvalidSignal(
        f"{who} wants {value} of {symbol} at the close of the bar of {iso(at)}",
        "a target is a number within -1..1",
    )


def _column(who: str, name: str, column: Floats, n: int) -> Floats:
    held = _numbers(who, name, column)
    if held.shape != (n,):
        raise InvalidSignal(f"{who} answers {name} of shape {held.shape} for {n} bars", "one row a bar is needed")
    return _frozen(held)


def _numbers(who: str, name: str, column: NDArray[Any]) -> Floats:
    try:
        return np.ascontiguousarray(column, dtype=np.float64)
    except (TypeError, ValueError) as error:
        found = f"{who} answers {name} that is no column of numbers: {error}"
        raise InvalidSignal(found, "give float64 arrays") from error


def _wide(column: Floats) -> Floats:
    """(n,) as (n, 1), read-only: the one form that the kernel is compiled for."""
    return _frozen(column if column.ndim == 2 else column[:, None])


def _frozen(column: Column) -> Column:
    view: Column = np.ascontiguousarray(column).view()
    view.flags.writeable = False
    return view


def _spread(bars: Bars | Panel, parameters: Mapping[str, Number], terms: Terms) -> Floats:
    """What the sizing divides by at each close (n, m): average true range or yearly volatility."""
    if terms.sizing == "volatility":
        close = _wide(bars.close)
        daily, _ = _measured(close, None, bars)
        row, listed = np.arange(len(close))[:, None], np.argmax(~np.isnan(close), axis=0)
        daily[row < listed + _window(bars)] = np.nan
        per_year = 365.0 if np.any((bars.time // DAY + 3) % 7 >= 5) else 252.0
        return _frozen(daily * np.sqrt(per_year))
    if terms.sizing != "atr":
        return NONE
    period = int(parameters.get("atr_period", DEFAULT_ATR))
    high, low = (bars.close if c is None else c for c in (bars.high, bars.low))
    if isinstance(bars, Bars):
        return _wide(wilder_atr(high, low, bars.close, period))
    columns = [_sparse_atr(high[:, j], low[:, j], bars.close[:, j], period) for j in range(len(bars.symbols))]
    return _frozen(np.stack(columns, axis=1))


def _sparse_atr(high: Floats, low: Floats, close: Floats, period: int) -> Floats:
    """The average true range over the bars that are there, held over those that are not."""
    there = np.flatnonzero(~np.isnan(close))
    out = np.full(len(close), np.nan)
    out[there] = wilder_atr(high[there], low[there], close[there], period)
    before = np.maximum.accumulate(np.where(np.isnan(close), 0, np.arange(len(close))))
    return out[before]


def _borrow(bars: Bars | Panel, terms: Terms) -> Floats:
    if not terms.borrow_rate:
        return np.empty(0)
    return np.diff(bars.time, prepend=bars.time[:1]) * (terms.borrow_rate / YEAR)


def _impact(close: Floats, volume: Floats, bars: Bars | Panel) -> Floats:
    """Square-root law: daily volatility over the root of daily volume, of the days before each bar, shape (n, m)."""
    volatility, traded = _measured(close, volume, bars)
    moved = np.where(traded > 0, volatility / np.sqrt(np.maximum(traded, 1e-300)), 0.0)
    known = np.full_like(moved, 0.0)
    known[1:] = np.nan_to_num(moved[:-1])
    return known


def _measured(close: Floats, volume: Floats | None, bars: Bars | Panel) -> tuple[Floats, Floats]:
    """Daily volatility (n, m) and daily volume over the last 20 days of bars, each known at its close.

    Log returns around their mean, ddof 1; a symbol's missing bars count for nothing. NaN before 20 bars; fewer days
    at the start.
    """
    window = _window(bars)
    daily = window // MEASURED_DAYS
    returns = np.full_like(close, np.nan)
    returns[1:] = np.diff(np.log(close), axis=0)
    seen = ~np.isnan(returns)
    count, total, square = (
        _rolling(np.where(seen, x, 0.0), window) for x in (np.ones_like(close), returns, returns**2)
    )
    with np.errstate(invalid="ignore", divide="ignore"):
        variance = (square - total**2 / count) / (count - 1.0)
        variance = np.where(variance > ROUNDING, variance, 0.0)
        volatility = np.where(count >= MEASURED_DAYS, np.sqrt(variance * daily), np.nan)
    if volume is None:
        return volatility, NONE
    bars_there = _rolling((~np.isnan(close)).astype(np.float64), window)
    return volatility, _rolling(np.nan_to_num(volume), window) * daily / np.maximum(bars_there, 1.0)


def _window(bars: Bars | Panel) -> int:
    """Bars of the measured days; of bars longer than a day as many as there are days."""
    return MEASURED_DAYS * max(1, round(DAY / bars.timeframe.nanoseconds))


@kernel
def _rolling(values: Floats, window: int) -> Floats:
    """Sums over the last `window` rows, fewer at the start; compensated, so that what left it leaves no trace."""
    n, m = values.shape
    out = np.empty((n, m))
    for j in range(m):
        total = rest = 0.0
        for i in range(n):
            for k in range(2 if i >= window else 1):
                value = values[i, j] if k == 0 else -values[i - window, j]
                added = total + value
                part = added - total
                rest += (total - (added - part)) + (value - part)
                total = added
            out[i, j] = total + rest
    return out
