"""The signal generator: thresholds by tenths, windows stretched or shortened together, a confirmation."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from quorum.domain import QuorumError
from quorum.signals import Number, Parameter, read_spec
from quorum.validation.repair.agents.found import nothing, reparameterised
from quorum.validation.repair.agents.tuning import BETTER, MARGIN, enough, plateau, told
from quorum.validation.repair.case import Case
from quorum.validation.repair.fix import Change, Fix, Proposal
from quorum.validation.repair.ground import Combination, Ground, Site, given_of
from quorum.validation.repair.roles import Role, of_role

LOWER, HIGHER = 0.9, 1.1
MOST_STEPS = 40
TRIED = 8
STRETCHES = (0.125, 0.25, 0.5, 2.0, 4.0)
CONFIRMED = {"long": "close > close[1]", "short": "close < close[1]"}


def reduce_threshold(case: Case, site: Site) -> Proposal:
    """Thresholds times 0.9, as often as it takes for enough signals, and from there to where they earn the most."""
    return _stepped(case, site, ("reduce_threshold", LOWER))


def raise_threshold(case: Case, site: Site) -> Proposal:
    """Thresholds times 1.1, as often as there are still enough signals, to where they earn the most."""
    return _stepped(case, site, ("raise_threshold", HIGHER))


def adjust_window(case: Case, site: Site) -> Proposal:
    """All windows and holding times longer or shorter together, by what that comes to on the earlier days."""
    ground = site.ground(case)
    if isinstance(ground, str):
        return nothing(case, ground)
    now = given_of(ground.strategy, case.idea.params)
    lengths = of_role(ground.strategy, Role.WINDOW, Role.HOLD)
    if not lengths:
        return nothing(case, "it has no window")
    stretched = [_scaled(lengths, now, factor) for factor in STRETCHES]
    tries = ground.tries([now, *(each for each in stretched if each != now)])
    if len(tries.combinations) < 2:
        return nothing(case, "no other windows fit", ground.trials.added)
    heights = enough(tries, ground.needed)
    at = int(np.argmax(heights))
    if heights[at] < heights[0] + BETTER:
        return nothing(case, f"no other windows are better on {ground.days} earlier days", ground.trials.added)
    ratio = told(float(heights[at]), float(heights[0]))
    why = f"on {ground.days} earlier days these windows have a Sharpe ratio of {ratio}"
    return reparameterised(case, ground, tries.combinations[at], ("adjust_window", why))


def add_confirmation(case: Case, site: Site) -> Proposal:
    """Entries of a spec only on bars that close their way."""
    spec = case.idea.strategy
    if not isinstance(spec, Mapping):
        return nothing(case, "its rules are code, which nobody rewrites")
    entries = [key for key in CONFIRMED if spec.get(key) is not None and CONFIRMED[key] not in str(spec[key])]
    if not entries:
        return nothing(case, "its entries are confirmed already")
    changes = tuple(Change(f"strategy.{key}", str(spec[key]), f"({spec[key]}) and {CONFIRMED[key]}") for key in entries)
    confirmed = {**spec, **{key: change.after for key, change in zip(entries, changes, strict=True)}}
    try:
        read_spec(confirmed)
    except QuorumError as error:
        return nothing(case, f"it cannot be confirmed: {error.found}")
    why = "an entry waits for a bar that closes its way, so that fewer of them are noise"
    return Fix(case.agent, "add_confirmation", why, {"strategy": confirmed}, {}, changes)


def _stepped(case: Case, site: Site, how: tuple[str, float]) -> Proposal:
    action, factor = how
    strategy = site.strategy(case.idea)
    now = given_of(strategy, case.idea.params)
    thresholds = of_role(strategy, Role.THRESHOLD)
    if not thresholds:
        return nothing(case, "it has no threshold")
    ground = site.ground(case)
    if isinstance(ground, str):
        why = f"every threshold times {factor}; {ground}"
        return reparameterised(case, strategy, _scaled(thresholds, now, factor), (action, why))
    tried = list(_worth_trying(ground, thresholds, now, factor))
    tries = ground.tries([each for _, each in tried])
    if not tries.combinations:
        return nothing(case, "no other threshold gives enough signals", ground.trials.added)
    heights = plateau(enough(tries, ground.needed))
    best = tries.combinations[int(np.argmax(heights))]
    why = (
        f"thresholds by steps of {factor}: on {ground.days} earlier days this one trades "
        f"{tries.trades[int(np.argmax(heights))]:.0f} times a year with a Sharpe ratio of {heights.max():.2f}; "
        f"{ground.needed:.0f} trades a year are asked for"
    )
    return reparameterised(case, ground, best, (action, why))


def _worth_trying(
    ground: Ground, thresholds: Sequence[Parameter], now: Combination, factor: float
) -> Iterator[tuple[int, Combination]]:
    """Steps that ask for enough positions, and for more or fewer than now as they should, evenly spread.

    How often they ask is counted before anything is traded: of a threshold from below, as an RSI's, higher is oftener.
    """
    steps, usual = [], ground.entries(now)
    before: Combination = now
    for k in range(1, MOST_STEPS + 1):
        scaled = _scaled(thresholds, now, factor**k)
        if scaled == before:
            break
        before = scaled
        asked = ground.entries(scaled)
        if asked < MARGIN * ground.needed:
            if factor > 1.0:
                break
        elif (asked <= usual) is (factor > 1.0) or asked == usual:
            steps.append((k, scaled))
    places = sorted({round(at) for at in np.linspace(0, len(steps) - 1, TRIED).tolist()}) if steps else []
    yield from (steps[at] for at in places)


def _scaled(parameters: Sequence[Parameter], now: Combination, factor: float) -> dict[str, Number]:
    """These parameters times a factor, within their bounds; a threshold below 0 moves the same way as its size."""
    scaled = dict(now)
    for p in parameters:
        value = min(max(float(now[p.name]) * factor, p.low), p.high)
        scaled[p.name] = round(value) if isinstance(p.default, int) else float(f"{value:.4g}")
    return scaled
