"""Charts: lines over time, and candles with trades, as HTML that the page's own script draws."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from quorum.domain import Side, Timeframe
from quorum.lake import Bars
from quorum.stats.performance import drawdowns
from quorum.surfaces.report.packing import as_script, pack

Floats = NDArray[np.float64]
Instants = NDArray[np.int64]

MOST_CANDLES = 600_000
MOST_POINTS = 3_000
MOST_MARKS = 40_000
WIDE = 12.0
LOGARITHMIC = "The scale is logarithmic: equal distances are equal percentages."
JOINED = (
    "From afar a candle joins several bars; drag over a part of the chart to see single ones, then move the window in "
    "its strip."
)
_MILLI = 1_000_000


@dataclass(frozen=True, slots=True)
class Mark:
    """A trade on a chart: when (ns UTC), at what price, which way, and what to say about it."""

    time: int
    price: float
    side: Side
    label: str


class Trips(NamedTuple):
    """Round trips on a chart: two marks each (one while it is open), told by the page from these columns (k,)."""

    entry_time: Instants
    exit_time: Instants
    side: NDArray[np.int8]
    entry_price: Floats
    exit_price: Floats
    profit: Floats
    reason: NDArray[np.str_]


class Chart(NamedTuple):
    """A chart and what a reader has to know about it; `note` is empty when it shows all there is, to scale."""

    html: Markup
    note: str


class Curve(NamedTuple):
    """Equity (n,) at instants (n,), what it began with, and beside it another equity (n,) or none."""

    time: Instants
    equity: Floats
    starting: float
    benchmark: Floats | None = None
    benchmark_name: str = "Buy and hold"


class Line(NamedTuple):
    """A line of a pane: its name, its values at the chart's instants, and the name of its colour in the style."""

    name: str
    values: Floats
    colour: str
    fill: bool = False
    thin: bool = False


class Pane(NamedTuple):
    """Lines on one axis of levels; `form` is money, percent or ratio, `share` the part of the chart's height."""

    lines: Sequence[Line]
    form: str
    share: float = 1.0
    zero: bool = False
    log: bool = False
    stack: bool = False


def equity_chart(name: str, curve: Curve) -> Chart:
    """The equity above its drawdown, on one axis of time; at most about MOST_POINTS points a line, extremes kept."""
    fall = drawdowns(curve.equity, curve.starting)
    own = Line("Account", curve.equity, "accent")
    lines = [own] if curve.benchmark is None else [own, Line(curve.benchmark_name, curve.benchmark, "rival", thin=True)]
    log = _wide(np.concatenate([line.values for line in lines]))
    panes = (
        Pane(lines, "money", 0.74, log=log),
        Pane((Line("Drawdown", fall, "loss-fill", fill=True),), "percent", 0.26, zero=True),
    )
    return Chart(lines_chart(name, "equity and drawdown", curve.time, panes, 470), LOGARITHMIC if log else "")


def lines_chart(name: str, label: str, time: Instants, panes: Sequence[Pane], height: int) -> Markup:
    """Panes above one another on one axis of time, drawn at the instants (n,) that keep each line's extremes."""
    every = [line for pane in panes for line in pane.lines]
    kept = np.unique(np.concatenate([thin(line.values, MOST_POINTS) for line in every]))
    columns: dict[str, NDArray[Any]] = {"x": (time[kept] // _MILLI).astype(np.float64)}
    drawn, k = [], 0
    for pane in panes:
        series = []
        for line in pane.lines:
            columns[f"y{k}"] = line.values[kept]
            series.append(
                {"name": line.name, "data": f"y{k}", "colour": line.colour, "fill": line.fill, "thin": line.thin}
            )
            k += 1
        same = {"format": pane.form, "share": pane.share, "zero": pane.zero, "log": pane.log, "stack": pane.stack}
        drawn.append({**same, "series": series})
    return _figure(name, {"kind": "lines", "label": label, "height": height, "panes": drawn}, columns)


def price_chart(name: str, bars: Bars, marks: Sequence[Mark] | Trips = ()) -> Chart:
    """Candles (a line for closes only) with buys and sells, every bar of up to MOST_CANDLES; the note says what is not
    shown.
    """
    k = _neighbours(len(bars), MOST_CANDLES)
    shown = join_bars(bars, MOST_CANDLES)
    quantum = _quantum(bars)
    unit = int(np.gcd.reduce(np.diff(shown.time // _MILLI))) if len(shown) > 1 else 1
    columns: dict[str, NDArray[Any]] = {"time": (shown.time - shown.time[0]) // (_MILLI * unit)}
    for column in ("open", "high", "low", "close"):
        values = getattr(shown, column)
        if values is not None:
            columns[column] = np.rint(values / quantum).astype(np.int64)
    said, marked = _trips(bars, marks, k) if isinstance(marks, Trips) else _marks(bars, marks, k)
    log = _wide(bars.close)
    pane = {"format": "price", "share": 1, "zero": False, "log": log, "series": []}
    facts = {"start": int(shown.time[0]) // _MILLI, "unit": unit, "quantum": quantum, "line": bars.closes_only}
    spec = {"kind": "candles", "label": f"prices of {bars.symbol}", "height": 500, "panes": [pane], **facts, **said}
    total = 2 * len(marks.side) if isinstance(marks, Trips) else len(marks)
    return Chart(_figure(name, spec, columns | marked), _note(bars, k, total, log))


def join_bars(bars: Bars, most: int) -> Bars:
    """At most `most` bars, each of which joins k neighbours: first open, highest, lowest, last close."""
    k = _neighbours(len(bars), most)
    if k == 1:
        return bars
    starts = np.arange(0, len(bars), k)
    ends = np.append(starts[1:], len(bars)) - 1
    return replace(
        bars,
        timeframe=Timeframe(bars.timeframe.nanoseconds * k),
        time=bars.time[starts],
        close=bars.close[ends],
        open=None if bars.open is None else bars.open[starts],
        high=None if bars.high is None else np.maximum.reduceat(bars.high, starts),
        low=None if bars.low is None else np.minimum.reduceat(bars.low, starts),
        volume=None if bars.volume is None else np.add.reduceat(bars.volume, starts),
        funding=None if bars.funding is None else np.add.reduceat(bars.funding, starts),
    )


def thin(values: Floats, most: int) -> Instants:
    """Indices of at most `most` of n values: all, or first, lowest, highest and last of equal stretches."""
    n = len(values)
    if n <= most:
        return np.arange(n)
    k = -(-n // (most // 4))
    starts = np.arange(0, n, k)
    rows = np.pad(values, (0, len(starts) * k - n), mode="edge").reshape(len(starts), k)
    ends = starts + k - 1
    picked = np.concatenate([starts, starts + rows.argmin(axis=1), starts + rows.argmax(axis=1), ends])
    return np.unique(np.minimum(picked, n - 1))


def _neighbours(n: int, most: int) -> int:
    return max(1, -(-n // most))


def _quantum(bars: Bars) -> float:
    """What prices are rounded to on the page: the venue's grid, or a millionth or more of the lowest close."""
    fine = 10.0 ** (math.floor(math.log10(float(bars.close.min()))) - 5)
    return fine if bars.price_decimals is None else max(fine, 10.0**-bars.price_decimals)


def _places(bars: Bars, time: Instants, joined: int) -> Instants:
    """The candle that holds each instant (k,)."""
    return np.clip(np.searchsorted(bars.time, time, "right") - 1, 0, len(bars) - 1) // joined


def _marks(bars: Bars, marks: Sequence[Mark], joined: int) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    recent = sorted(marks, key=lambda m: m.time)[-MOST_MARKS:]
    columns: dict[str, NDArray[Any]] = {
        "at": _places(bars, np.array([m.time for m in recent], dtype=np.int64), joined),
        "price": np.array([m.price for m in recent], dtype=np.float64),
        "side": np.array([1 if m.side is Side.BUY else -1 for m in recent], dtype=np.int64),
    }
    return {"labels": [m.label for m in recent]}, columns


def _trips(bars: Bars, trips: Trips, joined: int) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    ended = np.flatnonzero(trips.reason != "open")
    every = np.arange(len(trips.side))
    trip = np.concatenate([every, ended])
    leaves = np.concatenate([np.zeros(len(every), np.int64), np.ones(len(ended), np.int64)])
    time = np.concatenate([trips.entry_time, trips.exit_time[ended]])
    price = np.concatenate([trips.entry_price, trips.exit_price[ended]])
    order = np.argsort(time, kind="stable")[-MOST_MARKS:]
    reasons, why = np.unique(trips.reason, return_inverse=True)
    columns: dict[str, NDArray[Any]] = {
        "at": _places(bars, time[order], joined),
        "price": price[order],
        "side": (trips.side[trip] * (1 - 2 * leaves))[order].astype(np.int64),
        "trip": trip[order],
        "leaves": leaves[order],
        "profit": trips.profit,
        "why": why.reshape(-1),
    }
    return {"reasons": reasons.tolist()}, columns


def _note(bars: Bars, joined: int, marks: int, log: bool) -> str:
    parts = []
    if joined > 1:
        parts.append(f"The finest candle joins {joined} bars of {bars.timeframe}, so that {len(bars):,} bars fit.")
    if len(bars) > 300:
        parts.append(JOINED)
    if marks > MOST_MARKS:
        parts.append(f"The last {MOST_MARKS:,} of {marks:,} entries and exits are marked.")
    if log:
        parts.append(LOGARITHMIC)
    return " ".join(parts)


def _wide(levels: Floats) -> bool:
    low, high = float(np.min(levels, initial=np.inf)), float(np.max(levels, initial=0.0))
    return low > 0 and high / low > WIDE


def _figure(name: str, spec: Mapping[str, Any], columns: Mapping[str, NDArray[Any]]) -> Markup:
    made = as_script({**spec, "packed": pack(columns)})
    box = Markup('<div class="plot" id="{0}" style="min-height:{1}px"></div>').format(name, spec["height"] + 26)
    return box + Markup('<script type="application/json" data-chart="{0}">{1}</script>').format(name, made)
