"""Charts: equity with its drawdown, and prices with trades, as HTML for a page that holds plotly.js."""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from quorum.domain import Side, Timeframe
from quorum.lake import Bars
from quorum.stats.performance import drawdowns

Floats = NDArray[np.float64]
Instants = NDArray[np.int64]

MOST_CANDLES = 1_500
MOST_POINTS = 2_000
MOST_MARKS = 1_000
WIDE = 12.0
LOGARITHMIC = "The scale is logarithmic: equal distances are equal percentages."
BLUE, GREY, GREEN, RED, AMBER = "#4c7fe0", "#8a94a6", "#2a9d8f", "#d0605e", "#e08a1e"
_FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif"
_CLEAR, _NIGHT = "rgba(0,0,0,0)", "#1d2533"


@dataclass(frozen=True, slots=True)
class Mark:
    """A trade on a chart: when (ns UTC), at what price, which way, and what to say about it."""

    time: int
    price: float
    side: Side
    label: str


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


def equity_chart(name: str, curve: Curve) -> Chart:
    """The equity above its drawdown, on one axis of time; at most about MOST_POINTS points, extremes kept."""
    fall = drawdowns(curve.equity, curve.starting)
    lines = [curve.equity, fall] + ([] if curve.benchmark is None else [curve.benchmark])
    kept = np.unique(np.concatenate([thin(line, MOST_POINTS) for line in lines]))
    x = _milliseconds(curve.time[kept])
    traces = [_line(x, curve.equity[kept], "Account", BLUE)]
    if curve.benchmark is not None:
        traces.append(_line(x, curve.benchmark[kept], "Buy and hold", GREY))
    shade = {"fill": "tozeroy", "fillcolor": "rgba(208,96,94,0.22)", "yaxis": "y2", "showlegend": False}
    traces.append(_line(x, fall[kept], "Drawdown", RED) | shade | {"hovertemplate": "%{y:.2%}"})
    depth = max(0.01, 1.05 * abs(float(np.min(fall, initial=0.0))))
    below = {"domain": [0.0, 0.24], "tickformat": ".1~%", "range": [-depth, 0.0], "nticks": 4}
    layout = _layout(460) | {"hovermode": "x unified", "yaxis2": _axis() | below}
    levels = np.concatenate([lines[0], *lines[2:]])
    layout["yaxis"] = _levels(levels) | {"domain": [0.31, 1.0]}
    layout["xaxis"] = _time_axis(curve.time) | {"anchor": "y2", "spikecolor": GREY, "spikethickness": 1}
    return Chart(_figure(name, traces, layout), LOGARITHMIC if _wide(levels) else "")


def price_chart(name: str, bars: Bars, marks: Sequence[Mark]) -> Chart:
    """Candles (a line for closes only) with buys and sells; long series are joined, and the note says so."""
    recent = sorted(marks, key=lambda m: m.time)[-MOST_MARKS:]
    sides = ((Side.BUY, "Buy", "triangle-up", BLUE), (Side.SELL, "Sell", "triangle-down", AMBER))
    traces = [_closes(bars) if bars.closes_only else _candles(join_bars(bars, MOST_CANDLES))]
    for side, title, symbol, colour in sides:
        chosen = [m for m in recent if m.side == side]
        if chosen:
            traces.append(_marks(chosen, title) | {"marker": _marker(symbol, colour, len(recent))})
    layout = _layout(440) | {"hovermode": "closest", "yaxis": _levels(bars.close)}
    layout["xaxis"] = _time_axis(bars.time) | {"rangeslider": {"visible": False}}
    return Chart(_figure(name, traces, layout), _note(bars, len(marks)))


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


def _note(bars: Bars, marks: int) -> str:
    parts = []
    joined = _neighbours(len(bars), MOST_CANDLES)
    if bars.closes_only and len(bars) > MOST_POINTS:
        parts.append(f"The line keeps the highs and lows of {len(bars):,} closes, not all of them.")
    elif joined > 1 and not bars.closes_only:
        parts.append(f"Each candle joins {joined} bars of {bars.timeframe}, so that {len(bars):,} bars fit.")
    if marks > MOST_MARKS:
        parts.append(f"The last {MOST_MARKS:,} of {marks:,} entries and exits are marked.")
    if _wide(bars.close):
        parts.append(LOGARITHMIC)
    return " ".join(parts)


def _closes(bars: Bars) -> dict[str, Any]:
    kept = thin(bars.close, MOST_POINTS)
    return _line(_milliseconds(bars.time[kept]), bars.close[kept], bars.symbol, GREY) | {"showlegend": False}


def _candles(bars: Bars) -> dict[str, Any]:
    return {
        "type": "candlestick",
        "x": _milliseconds(bars.time),
        "open": bars.open,
        "high": bars.high,
        "low": bars.low,
        "close": bars.close,
        "name": html.escape(bars.symbol),
        "showlegend": False,
        "increasing": {"line": {"color": GREEN, "width": 1}, "fillcolor": GREEN},
        "decreasing": {"line": {"color": RED, "width": 1}, "fillcolor": RED},
    }


def _marks(marks: Sequence[Mark], title: str) -> dict[str, Any]:
    return {
        "type": "scatter",
        "mode": "markers",
        "name": title,
        "x": _milliseconds(np.array([m.time for m in marks], dtype=np.int64)),
        "y": np.array([m.price for m in marks], dtype=np.float64),
        "text": [html.escape(m.label) for m in marks],
        "hovertemplate": "%{text}<br>%{x|%Y-%m-%d %H:%M} at %{y:,.8~r}<extra></extra>",
    }


def _marker(symbol: str, colour: str, marks: int) -> dict[str, Any]:
    few = marks <= 150
    outline = {"color": "#ffffff", "width": 1 if few else 0}
    return {"symbol": symbol, "size": 11 if few else 7, "color": colour, "line": outline}


def _line(x: Floats, y: Floats, name: str, colour: str) -> dict[str, Any]:
    line = {"color": colour, "width": 1.8}
    shown = {"hovertemplate": "%{y:,.2f}"}
    return {"type": "scatter", "mode": "lines", "name": html.escape(name), "x": x, "y": y, "line": line} | shown


def _milliseconds(time: Instants) -> Floats:
    """Instants as the numbers that plotly reads as UTC; float64 holds them exactly, and travels packed."""
    return np.asarray(time // 1_000_000, dtype=np.float64)


def _axis() -> dict[str, Any]:
    return {
        "gridcolor": "rgba(128,138,155,0.22)",
        "zeroline": False,
        "exponentformat": "none",
        "separatethousands": True,
        "automargin": True,
    }


def _wide(levels: Floats) -> bool:
    low, high = float(np.min(levels, initial=np.inf)), float(np.max(levels, initial=0.0))
    return low > 0 and high / low > WIDE


def _levels(levels: Floats) -> dict[str, Any]:
    """An axis of money: logarithmic where the highest level is more than WIDE times the lowest."""
    if not _wide(levels):
        return _axis()
    powers = np.arange(np.floor(np.log10(levels.min())), np.ceil(np.log10(levels.max())) + 1)
    ticks = (np.array([1.0, 2.0, 5.0]) * 10.0 ** powers[:, None]).ravel()
    return _axis() | {"type": "log", "tickvals": ticks[:: 1 if len(powers) <= 4 else 3], "tickformat": ",.6~r"}


def _time_axis(time: Instants) -> dict[str, Any]:
    axis = _axis() | {"type": "date", "hoverformat": "%Y-%m-%d %H:%M", "showgrid": False}
    days = (time // 86_400_000_000_000 + 3) % 7
    closed_weekends = len(time) >= 5 and not bool(np.any(days >= 5))
    return axis | ({"rangebreaks": [{"bounds": ["sat", "mon"]}]} if closed_weekends else {})


def _layout(height: int) -> dict[str, Any]:
    return {
        "template": "none",
        "height": height,
        "margin": {"l": 8, "r": 8, "t": 30, "b": 8},
        "paper_bgcolor": _CLEAR,
        "plot_bgcolor": _CLEAR,
        "font": {"family": _FONT, "size": 12, "color": GREY},
        "legend": {"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom"},
        "hoverlabel": {"bgcolor": _NIGHT, "bordercolor": _NIGHT, "font": {"color": "#f2f4f8", "family": _FONT}},
        "dragmode": "zoom",
    }


def _figure(name: str, traces: list[dict[str, Any]], layout: dict[str, Any]) -> Markup:
    import plotly.graph_objects as go

    figure = go.Figure(data=traces, layout=layout)
    private = {"showSendToCloud": False, "plotlyServerURL": "", "displaylogo": False}
    unused = ["select2d", "lasso2d", "autoScale2d", "zoomIn2d", "zoomOut2d"]
    made = figure.to_html(
        include_plotlyjs=False,
        full_html=False,
        div_id=name,
        config=private | {"responsive": True, "modeBarButtonsToRemove": unused},
        default_height=f"{layout['height']}px",
    )
    return Markup(made)
