"""Forms: ways to trade by each family, as texts of the grammar that a horizon and a direction make a spec of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import numpy as np

from quorum.discovery.rules import words
from quorum.discovery.space import Cell
from quorum.domain import DAY, HOUR, Timeframe
from quorum.domain.grammar import parse
from quorum.features.formulas.registry import LONGEST

NOMINAL = {"intraday": 8 * HOUR, "days": 3 * DAY, "weeks": 20 * DAY, "months": 90 * DAY}
LEAST_BARS, MOST_BARS = 4, 2_500


@dataclass(frozen=True, slots=True)
class Form:
    """One way to trade: `up` and `down` ask for a long and a short entry, `over_up` and `over_down` end them.

    N is the horizon in bars; `windows` are parameters that are a share of it, `numbers` those with values of their
    own, the first of which is the default. With `holds` a holding lasts the horizon. `why` says what it lives on, for
    a hypothesis. `most` is the longest horizon in bars that it can be computed for.
    """

    name: str
    family: str
    up: str
    down: str
    why: str
    over_up: str = ""
    over_down: str = ""
    windows: Mapping[str, float] = field(default_factory=dict)
    numbers: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    requires: tuple[str, ...] = ()
    holds: bool = False
    horizons: tuple[str, ...] = tuple(NOMINAL)
    most: int = MOST_BARS

    @property
    def reads(self) -> frozenset[str]:
        """The functions and columns in it."""
        return _reads(self.up, self.over_up or self.down)

    @property
    def asks(self) -> tuple[frozenset[str], ...]:
        """Those in its entries: long, short, and both."""
        return _reads(self.up, self.up), _reads(self.down, self.down), _reads(self.up, self.down)


@cache
def _reads(one: str, other: str) -> frozenset[str]:
    return words({"long": parse(one).tree, "short": parse(other).tree})


N = {"n": 1.0}
_PAIR = {"fast": 0.25, "slow": 1.0}
_PUSH = "sum(where(close > close[1], volume, where(close < close[1], -volume, 0)), n)"
_NIGHT = tuple(range(24))

FORMS: tuple[Form, ...] = (
    Form(
        "two_means",
        "trend",
        "sma(close, fast) > sma(close, slow)",
        "sma(close, fast) < sma(close, slow)",
        "what buyers and sellers know spreads slowly, so prices that run ahead of their mean run on",
        windows=_PAIR,
        requires=("fast < slow",),
    ),
    Form(
        "rising_line",
        "trend",
        "slope(close, n) > 0 and close > sma(close, n)",
        "slope(close, n) < 0 and close < sma(close, n)",
        "a line through many closes that rises tells of steady demand",
        windows=N,
        most=600,
    ),
    Form(
        "past_return",
        "momentum",
        "roc(close, n) > hurdle",
        "roc(close, n) < -hurdle",
        "what has risen goes on rising while those who came late still buy",
        windows=N,
        numbers={"hurdle": (0.0, 0.01, 0.03)},
    ),
    Form(
        "skipped_return",
        "momentum",
        "close[skip] / close[n] - 1 > 0",
        "close[skip] / close[n] - 1 < 0",
        "the return before the last bars goes on, while the last bars turn back",
        windows={"skip": 0.1, "n": 1.0},
        requires=("skip < n",),
    ),
    Form(
        "channel",
        "breakout",
        "close > donchian_upper(n)",
        "close < donchian_lower(n)",
        "a price that nobody has paid for so long is news, and stops lie behind it",
        over_up="close < lowest(low, out)[1]",
        over_down="close > highest(high, out)[1]",
        windows={"n": 1.0, "out": 0.5},
        requires=("out <= n",),
    ),
    Form(
        "wide_band",
        "breakout",
        "close > bollinger_upper(close, n, k)",
        "close < bollinger_lower(close, n, k)",
        "a close far outside of the usual range begins a move more often than it ends one",
        over_up="close < sma(close, n)",
        over_down="close > sma(close, n)",
        windows=N,
        numbers={"k": (2.0, 1.5, 2.5)},
    ),
    Form(
        "far_from_mean",
        "mean_reversion",
        "zscore(close, n) < -depth",
        "zscore(close, n) > depth",
        "who must sell at once pays for it, and the price comes back when they have sold",
        over_up="zscore(close, n) > 0",
        over_down="zscore(close, n) < 0",
        windows=N,
        numbers={"depth": (2.0, 1.5, 2.5)},
    ),
    Form(
        "low_rank",
        "mean_reversion",
        "rank(close, n) < edge",
        "rank(close, n) > 1 - edge",
        "a price among the lowest of its time is bought by those who know its worth",
        over_up="rank(close, n) > 0.5",
        over_down="rank(close, n) < 0.5",
        windows=N,
        numbers={"edge": (0.05, 0.02, 0.1)},
        most=600,
    ),
    Form(
        "calm",
        "volatility",
        "volatility(close, fast) < quiet * volatility(close, slow)",
        "volatility(close, fast) > volatility(close, slow) / quiet",
        "calm markets drift up and frightened ones fall, since fear makes holders sell",
        over_up="volatility(close, fast) > volatility(close, slow)",
        over_down="volatility(close, fast) < volatility(close, slow)",
        windows=_PAIR,
        numbers={"quiet": (0.8, 0.6, 0.9)},
        requires=("fast < slow",),
    ),
    Form(
        "wide_bar",
        "volatility",
        "close - close[1] > k * stdev(close - close[1], n)",
        "close[1] - close > k * stdev(close - close[1], n)",
        "a move that is large beside the usual ones carries news that is not yet in the price",
        windows=N,
        numbers={"k": (2.5, 2.0, 3.0)},
        holds=True,
    ),
    Form(
        "pressure",
        "volume",
        f"{_PUSH} > 0",
        f"{_PUSH} < 0",
        "volume on rising bars is buying that goes on, since large orders are worked for long",
        windows=N,
    ),
    Form(
        "crowd",
        "volume",
        "volume > k * mean_volume(n)[1] and close > open",
        "volume > k * mean_volume(n)[1] and close < open",
        "an unusual crowd on one side of the market is followed by those who watch it",
        windows=N,
        numbers={"k": (3.0, 2.0, 4.0)},
        holds=True,
    ),
    Form(
        "hour_of_day",
        "seasonality",
        "hour == at",
        "hour == at",
        "who must trade trades at fixed hours: fixings, funding, opening markets",
        numbers={"at": _NIGHT},
        holds=True,
        horizons=("intraday",),
    ),
    Form(
        "day_of_week",
        "seasonality",
        "weekday == day and hour == at",
        "weekday == day and hour == at",
        "weeks have a rhythm: fewer trade at the weekend, and funds move at its ends",
        numbers={"day": tuple(range(7)), "at": (0, 8, 16)},
        holds=True,
        horizons=("days",),
    ),
    Form(
        "paid_to_wait",
        "carry",
        "sum(funding, n) < -fee",
        "sum(funding, n) > fee",
        "the crowded side of a perpetual pays the other one until it gives up",
        over_up="sum(funding, n) > 0",
        over_down="sum(funding, n) < 0",
        windows=N,
        numbers={"fee": (0.0005, 0.0002, 0.001)},
    ),
)


def bars_of(horizon: str, timeframe: Timeframe) -> int:
    """How many bars of a timeframe a horizon is counted as."""
    return int(NOMINAL[horizon] // timeframe.nanoseconds)


def fits(form: Form, cell: Cell, timeframe: Timeframe) -> bool:
    """Whether the form can be traded in that cell on bars of that length."""
    n = bars_of(cell.horizon, timeframe)
    clocked = form.family == "seasonality" and (timeframe.nanoseconds > HOUR or cell.direction == "both")
    return form.family == cell.family and cell.horizon in form.horizons and LEAST_BARS <= n <= form.most and not clocked


def make(form: Form, cell: Cell, timeframe: Timeframe, rng: np.random.Generator) -> dict[str, Any]:
    """The spec of a form in a cell that it fits, as plain values; chance chooses among its numbers."""
    n = bars_of(cell.horizon, timeframe)
    parameters = {name: _window(max(2, round(share * n))) for name, share in form.windows.items()}
    parameters |= {name: _number(values, rng) for name, values in form.numbers.items()}
    spec: dict[str, Any] = {
        "name": f"{form.name}_{cell.horizon}_{cell.direction}",
        "summary": form.why,
        "parameters": parameters,
    }
    if form.requires:
        spec["requires"] = list(form.requires)
    for key, entry, over in _sides(form, cell.direction):
        spec[key] = entry
        if not form.holds:
            spec[f"exit_{key}"] = over
    if form.holds:
        spec["parameters"]["hold"] = _window(n)
        spec["hold"] = "hold"
        for name in form.windows:
            spec["parameters"][name] = _window(max(20, n // 2))
    return spec


def _sides(form: Form, direction: str) -> Sequence[tuple[str, str, str]]:
    long = ("long", form.up, form.over_up or form.down)
    short = ("short", form.down, form.over_down or form.up)
    return (long,) if direction == "long" else (short,) if direction == "short" else (long, short)


def _window(n: int) -> dict[str, Any]:
    low, high = max(2, n // 3), min(LONGEST, 3 * n)
    tried = {n // 2, 3 * n // 4, n, 3 * n // 2, 2 * n}
    return {"default": n, "low": low, "high": high, "search": sorted(v for v in tried if low <= v <= high)}


def _number(values: Sequence[float], rng: np.random.Generator) -> dict[str, Any]:
    whole = all(isinstance(value, int) for value in values)
    default = values[int(rng.integers(len(values)))] if whole else values[0]
    step = max(values) - min(values)
    low = min(values) if whole else max(0.0, min(values) - step / 2)
    form: dict[str, Any] = {"default": default, "low": low, "high": max(values) if whole else max(values) + step}
    return form if whole else {**form, "search": sorted(values)}
