"""Stress: the same choices with dearer trades, later targets, missing bars and parameters that are a little off."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from quorum.domain import QuorumError
from quorum.engine import Backtest, Terms, backtest
from quorum.lake import Bars, Panel
from quorum.signals import AnyStrategy, Parameter
from quorum.stats.performance import sharpe
from quorum.validation.evidence.record import NAN, Jitter, Rerun, Stress
from quorum.validation.walkforward.candidates import Combination
from quorum.validation.walkforward.forward import WalkForwardResult
from quorum.validation.walkforward.stitched import Leg, stitch

CHANGES = (-0.2, -0.1, 0.1, 0.2)
MISSING = 0.01
COSTS = ("fee_bps", "slippage_bps", "fee_per_unit", "minimum_fee", "impact", "borrow_rate")


def stress(forward: WalkForwardResult, bars: Bars | Panel, selected: Combination, seed: int = 0) -> Stress:
    """Trade the walk again at twice its costs, a bar late and with 1 % of `bars` missing, and move each parameter of
    the combination `selected` by 10 and 20 % both ways.

    Without any cost twice the costs say nothing, and are NaN. Nothing is chosen by these runs: they are no trials.
    """
    terms = forward.oos.terms
    return Stress(
        _rerun(forward.stitched.trade(doubled(terms))) if _charged(terms) else Rerun(),
        _rerun(forward.stitched.delayed().trade(terms)),
        _without_bars(forward, bars, seed),
        tuple(jitters(bars, forward.strategy, selected, terms)),
    )


def doubled(terms: Terms) -> Terms:
    """Twice every cost; a rebate stays as it is."""
    twice: dict[str, Any] = {name: 2.0 * getattr(terms, name) for name in COSTS}
    if terms.maker_bps is not None and terms.maker_bps > 0:
        twice["maker_bps"] = 2.0 * terms.maker_bps
    return replace(terms, **twice)


def thinned(bars: Bars | Panel, share: float, seed: int) -> Bars | Panel:
    """The bars without a random `share` of them, the first and the last kept; what a missing one paid is lost."""
    drop = np.random.default_rng(seed).random(len(bars)) < share
    drop[[0, -1]] = False
    columns: dict[str, Any] = {name: column[~drop] for name, column in bars.columns().items()}
    return replace(bars, **columns)


def jitters(bars: Bars | Panel, strategy: AnyStrategy, parameters: Combination, terms: Terms) -> Iterator[Jitter]:
    """Each parameter moved by each of `CHANGES`, an integer by 1 at least, where its bounds leave room."""
    whole = _ratio(bars, strategy, parameters, terms)
    for parameter in strategy.parameters:
        for change in CHANGES:
            value = moved(parameter, parameters[parameter.name], change)
            if value == parameters[parameter.name]:
                continue
            ratio = _ratio(bars, strategy, {**parameters, parameter.name: value}, terms)
            kept = ratio / whole if whole > 0 else NAN
            yield Jitter(parameter.name, change, value, ratio, kept)


def moved(parameter: Parameter, value: float, change: float) -> float:
    """`value` moved by a fraction, within the parameter's bounds."""
    to: float = value * (1.0 + change)
    if isinstance(parameter.default, int):
        to = round(to) if round(to) != value else int(value + np.sign(change))
    return min(max(to, parameter.low), parameter.high)


def _charged(terms: Terms) -> bool:
    return any(getattr(terms, name) > 0 for name in COSTS) or (terms.maker_bps or 0.0) > 0


def _rerun(result: Backtest) -> Rerun:
    return Rerun(result.performance.total_return, result.performance.sharpe)


def _without_bars(forward: WalkForwardResult, bars: Bars | Panel, seed: int) -> Rerun:
    legs = [Leg(*window.test, window.parameters) for window in forward.windows]
    thin = thinned(bars, MISSING, seed)
    try:
        return _rerun(stitch(thin, forward.strategy, forward.oos.terms, legs).trade(forward.oos.terms))
    except QuorumError:
        return Rerun()


def _ratio(bars: Bars | Panel, strategy: AnyStrategy, parameters: Combination, terms: Terms) -> float:
    """The Sharpe ratio of the whole span, 0 without spread; NaN for parameters that the strategy does not take."""
    try:
        result = backtest(bars, strategy, parameters, terms, None)
    except QuorumError:
        return NAN
    ratio = sharpe(np.nan_to_num(result.daily[1], nan=0.0), result.performance.periods_per_year)
    return 0.0 if np.isnan(ratio) else ratio
