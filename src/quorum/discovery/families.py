"""Which family a rule belongs to: by the words of its entries, and by whether it goes with the market or against it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache, lru_cache
from typing import NamedTuple

import numpy as np

from quorum.discovery.rules import reach, words, written_out
from quorum.domain import QuorumError, Timeframe
from quorum.domain.grammar import parse
from quorum.lake import Bars, synthetic_market
from quorum.signals import AnyStrategy, Number, Parameter, SpecStrategy, StrategySpec, read_spec

_MARKED = (
    ("carry", {"funding"}),
    ("seasonality", {"hour", "weekday"}),
    ("volume", {"volume", "mean_volume", "vwap"}),
    ("volatility", {"volatility", "stdev", "atr", "true_range"}),
)
_EXTREMES = {"donchian_upper", "donchian_lower", "highest", "lowest", "bollinger_upper", "bollinger_lower"}
_AVERAGES = {"sma", "ema", "wilder", "macd", "slope", "median"}
_SEED, _BARS, _FEWEST = 20_240_101, 6_000, 5


class _BuiltIn(NamedTuple):
    """What a built-in strategy is, its rules in the grammar where they can be said in it, else its sides."""

    family: str
    rules: Mapping[str, str] = {}
    short: str | None = None  # the parameter that switches a side on, which is named for the side
    sides: str = "both"


_CROSS = "cross_{}(sma(close, fast), sma(close, slow))"
BUILT_IN: Mapping[str, _BuiltIn] = {
    "demo_ma": _BuiltIn("trend", {"long": _CROSS.format("above"), "exit_long": _CROSS.format("below")}),
    "trend_breakout": _BuiltIn(
        "breakout",
        {
            "long": "close > donchian_upper(donchian_lookback)",
            "exit_long": "close < donchian_lower(donchian_lookback)",
            "stop": "atr_multiple * atr(atr_period)",
        },
    ),
    "mean_reversion": _BuiltIn(
        "mean_reversion",
        {
            "long": "rsi(close, rsi_period) < lower",
            "exit_long": "rsi(close, rsi_period) >= middle",
            "short": "rsi(close, rsi_period) > upper",
            "exit_short": "rsi(close, rsi_period) <= middle",
        },
        "short",
    ),
    "momentum": _BuiltIn(
        "momentum",
        {
            "long": "close[skip] / close[lookback] - 1 > threshold",
            "exit_long": "close[skip] / close[lookback] - 1 < -threshold",
            "short": "close[skip] / close[lookback] - 1 < -threshold",
            "exit_short": "close[skip] / close[lookback] - 1 > threshold",
        },
        "short",
    ),
    "volatility": _BuiltIn(
        "volatility",
        {
            "long": "change(close) > atr_multiple * atr(atr_period)",
            "exit_long": "change(close) < -atr_multiple * atr(atr_period)",
            "short": "change(close) < -atr_multiple * atr(atr_period)",
            "exit_short": "change(close) > atr_multiple * atr(atr_period)",
            "weight": "target_vol / volatility(close, vol_window)",
        },
        "short",
    ),
    "carry": _BuiltIn(
        "carry",
        {
            "short": "sum(funding, window) > entry",
            "exit_short": "sum(funding, window) < exit",
            "long": "sum(funding, window) < -entry",
            "exit_long": "sum(funding, window) > -exit",
        },
        "long",
    ),
    "pairs": _BuiltIn("relative_value"),
    "rotation": _BuiltIn("relative_value", sides="long"),
    "follow": _BuiltIn("relative_value", short="short"),
    "consensus": _BuiltIn("consensus"),
}
"""The strategies that are code, told as data, so that a spec which says the same is known for what it is."""


def rules_of(strategy: AnyStrategy, params: Mapping[str, Number]) -> StrategySpec | None:
    """The strategy's rules as a spec, its own or the table's; None for one that cannot be said in the grammar.

    A side that `params` switch off is left out.
    """
    if isinstance(strategy, SpecStrategy):
        return strategy.spec
    known = BUILT_IN.get(strategy.name)
    if known is None or not known.rules:
        return None
    return _told(strategy.name, strategy.parameters, known.short is not None and not params.get(known.short))


@cache
def _told(name: str, parameters: tuple[Parameter, ...], off: bool) -> StrategySpec:
    """The rules of a strategy of the table, without the side that is switched off."""
    known = BUILT_IN[name]
    rules = {key: rule for key, rule in known.rules.items() if not (off and key.endswith(str(known.short)))}
    form = {p.name: {"default": p.default, "low": p.low, "high": p.high} for p in parameters}
    said = json.dumps(rules)
    return read_spec({"name": name, "parameters": {k: v for k, v in form.items() if k in said}, **rules})


def family_of_rules(spec: StrategySpec, params: Mapping[str, Number]) -> str:
    """The family of a rule with these parameters, all of them."""
    said = words(written_out(spec))
    for family, marks in _MARKED:
        if said & marks:
            return family
    if lean(spec, params) < 0:
        return "mean_reversion"
    if said & _EXTREMES:
        return "breakout"
    return "trend" if said & _AVERAGES else "momentum"


def family_of_name(name: str) -> str:
    """The family of a strategy that is code; `other` for one that is not ours."""
    return BUILT_IN[name].family if name in BUILT_IN else "other"


def sides_of_name(name: str, params: Mapping[str, Number]) -> str:
    """The sides that a strategy which cannot be said in the grammar takes; both for one that is not ours."""
    known = BUILT_IN.get(name, _BuiltIn("other"))
    return "long" if known.short == "short" and not params.get("short") else known.sides


def lean(spec: StrategySpec, params: Mapping[str, Number]) -> int:
    """1 when what it buys has risen before and what it sells has fallen, -1 for the contrary, 0 for neither.

    Seen where its entry rules hold on a made-up market, over the shortest span of bars that they look at; 0 where
    they hold fewer than five times.
    """
    return _leaning(_Asked(spec.spec_id, tuple(sorted(params.items())), spec))


@dataclass(frozen=True, slots=True)
class _Asked:
    """A rule with its parameters, known by what it does."""

    spec_id: str
    values: tuple[tuple[str, Number], ...]
    spec: StrategySpec = field(compare=False)


@lru_cache(maxsize=4_096)
def _leaning(asked: _Asked) -> int:
    spec, params, bars = asked.spec, dict(asked.values), _market()
    span = min(reach(spec, params).shortest, len(bars) // 2)
    entered = StrategySpec(spec.name, "", spec.parameters, spec.indicators, spec.requires, spec.long, short=spec.short)
    try:
        side = SpecStrategy(replace(entered, hold=parse("1"))).batch(bars, params).weight
    except QuorumError:
        return 0
    entries = np.flatnonzero(side)
    entries = entries[entries >= span]
    if len(entries) < _FEWEST:
        return 0
    before = side[entries] * np.log(bars.close[entries] / bars.close[entries - span])
    return int(np.sign(before.mean()))


@cache
def _market() -> Bars:
    return synthetic_market(_SEED, ("MADEUSDT",), Timeframe.parse("1h"), 0, _BARS)["MADEUSDT"]
