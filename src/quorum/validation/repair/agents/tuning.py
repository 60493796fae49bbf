"""The ML engineer: a bounded search of the parameters on the training span, clipping, less leverage."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from quorum.signals import AnyStrategy, Number, Parameter, SpecStrategy
from quorum.validation.repair.agents.found import nothing, reparameterised
from quorum.validation.repair.case import Case
from quorum.validation.repair.fix import Change, Fix, Proposal
from quorum.validation.repair.ground import Combination, Floats, Ground, Site, Tries, given_of, taken
from quorum.validation.repair.roles import Role, of_role

STEPS = 7
BETTER = 0.25
"""How much higher a ratio has to be for a parameter to be moved: less than that is noise on any span there is."""
MARGIN = 1.25
SAFE = 0.75
"""The share of the drawdown that may be, at which less leverage aims."""


def optimize_params(case: Case, site: Site) -> Proposal:
    """Each parameter in turn along a few values within its bounds: windows first, then thresholds, then the rest."""
    ground = site.ground(case)
    if isinstance(ground, str):
        return nothing(case, ground)
    start: Combination = _within_bounds(ground.strategy, given_of(ground.strategy, case.idea.params))
    best, told = start, []
    for parameter in of_role(ground.strategy, Role.WINDOW, Role.THRESHOLD, Role.HOLD):
        moved, said = along(ground, best, parameter)
        if moved is not None:
            best = moved
            told.append(said)
    if best == start:
        return nothing(case, f"no value within bounds is better on {ground.days} earlier days", ground.trials.added)
    why = f"on the {ground.days} days before those that {case.tier} tests on, {'; '.join(told)}"
    return reparameterised(case, ground, best, ("optimize_params", why))


def along(ground: Ground, params: Combination, parameter: Parameter) -> tuple[Combination | None, str]:
    """The parameters with one of them moved to where the ground is highest around it, and what was seen there."""
    values = ladder_of(parameter, params[parameter.name])
    tries = ground.tries([{**params, parameter.name: value} for value in values])
    if not tries.combinations:
        return None, ""
    heights = plateau(enough(tries, ground.needed))
    at = int(np.argmax(heights))
    here = [i for i, one in enumerate(tries.combinations) if one[parameter.name] == params[parameter.name]]
    now = float(heights[here[0]]) if here else -math.inf
    if not math.isfinite(heights[at]) or heights[at] < now + BETTER:
        return None, ""
    chosen = tries.combinations[at]
    return (
        chosen,
        f"{parameter.name} = {chosen[parameter.name]:g} has a Sharpe ratio of {told(float(heights[at]), now)}",
    )


def told(ratio: float, before: float) -> str:
    """A ratio beside the one before it, which may have been of too few trades to count."""
    was = f"was {before:.2f}" if math.isfinite(before) else "before, it traded too rarely"
    return f"{ratio:.2f} ({was})"


def ladder_of(parameter: Parameter, now: Number, steps: int = STEPS) -> tuple[Number, ...]:
    """A few values from bound to bound in equal ratios, and the one that it has now."""
    low, high = float(parameter.low), float(parameter.high)
    if low <= 0.0 < high:
        low = high / 100.0
    if low > 0.0:
        values = [float(v) for v in np.geomspace(low, high, steps)]
    else:
        values = [float(v) for v in np.linspace(low, high, steps)]
    whole = isinstance(parameter.default, int)
    read = {max(min(round(v) if whole else float(f"{v:.4g}"), parameter.high), parameter.low) for v in values}
    return tuple(sorted({*read, now}))


def plateau(heights: Floats) -> Floats:
    """Each height as the mean of itself, twice, and its neighbours, so that a lone peak does not win."""
    known = np.where(np.isfinite(heights), heights, np.nan)
    beside = np.stack([np.concatenate([[np.nan], known[:-1]]), known, known, np.concatenate([known[1:], [np.nan]])])
    count = np.isfinite(beside).sum(axis=0)
    total = np.nansum(beside, axis=0)
    return np.where(np.isfinite(known), total / np.maximum(count, 1), -np.inf)


def enough(tries: Tries, needed: float) -> Floats:
    """The ratios of those that trade often enough; of none, if none does, but the most frequent."""
    often = tries.trades >= MARGIN * needed
    if not often.any():
        often = tries.trades >= tries.trades.max()
    return np.where(often, tries.ratios, -np.inf)


def clip_to_bounds(case: Case, site: Site) -> Proposal:
    """Every parameter back within its bounds: where there are earlier days, at what is best there."""
    strategy = site.strategy(case.idea)
    given = given_of(strategy, case.idea.params)
    clipped = _within_bounds(strategy, given)
    if not taken(strategy, clipped):
        clipped = {**clipped, **{p.name: p.default for p in strategy.parameters}}
    wrong = [p for p in strategy.parameters if clipped[p.name] != given[p.name]]
    if not wrong:
        return nothing(case, "every parameter is within its bounds")
    said = ", ".join(f"{p.name} = {given[p.name]:g} is not within {p.bounds}" for p in wrong)
    ground = site.ground(case)
    if isinstance(ground, str):
        return reparameterised(case, strategy, clipped, ("clip_to_bounds", f"{said}; {ground}"))
    best: Combination = clipped
    seen = [said]
    for parameter in wrong:
        start = {**best, parameter.name: parameter.default}
        values = sorted({*ladder_of(parameter, parameter.default), *parameter.search, best[parameter.name]})
        tries = ground.tries([{**best, parameter.name: value} for value in values])
        if tries.combinations:
            heights = plateau(enough(tries, ground.needed))
            best = tries.combinations[int(np.argmax(heights))]
            seen.append(f"{parameter.name} = {best[parameter.name]:g} is best on {ground.days} earlier days")
        else:
            best = start
    return reparameterised(case, ground, best, ("clip_to_bounds", "; ".join(seen)))


def reduce_leverage(case: Case, site: Site) -> Proposal:
    """Sizes made smaller so that the drawdown would have been three quarters of what may be."""
    fall, most = case.value, case.threshold
    if case.metric not in ("max_drawdown", "drawdown_1_in_20") or fall is None or most is None or fall <= 0:
        return nothing(case, "no drawdown is known to be too deep")
    strategy = site.strategy(case.idea)
    given = given_of(strategy, case.idea.params)
    share = math.log1p(-SAFE * most) / math.log1p(-min(fall, 0.999))
    why = f"the drawdown of {fall:.0%} is above {most:.0%}; positions are {share:.2f} of what they were"
    sizes = of_role(strategy, Role.SIZE)
    smaller = {p.name: p.read(max(float(f"{float(given[p.name]) * share:.4g}"), p.low)) for p in sizes}
    if smaller and any(value < given[name] for name, value in smaller.items()):
        return reparameterised(case, strategy, {**given, **smaller}, ("reduce_leverage", why))
    if isinstance(case.idea.strategy, Mapping) and isinstance(strategy, SpecStrategy):
        weight = case.idea.strategy.get("weight", 1)
        lighter = f"({weight}) * {share:.3g}"
        change = Change("strategy.weight", str(weight), lighter)
        spec = {**case.idea.strategy, "weight": lighter}
        return Fix(case.agent, "reduce_leverage", why, {"strategy": spec}, {}, (change,))
    return nothing(case, "it has no parameter for its size")


def _within_bounds(strategy: AnyStrategy, given: Combination) -> dict[str, Number]:
    kept: dict[str, Number] = {}
    for p in strategy.parameters:
        held = min(max(given[p.name], p.low), p.high)
        kept[p.name] = round(held) if isinstance(p.default, int) else float(held)
    return kept
